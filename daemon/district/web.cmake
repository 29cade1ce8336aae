district_part(web SOURCES routes_web.c LINKS district_store district_core base)
