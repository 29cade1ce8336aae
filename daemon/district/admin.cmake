district_part(admin SOURCES routes_admin.c LINKS district_store district_core base)
