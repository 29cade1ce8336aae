# What schools and partners send to.
district_part(api SOURCES routes_api.c LINKS district_store district_core base)
