district_part(reports SOURCES routes_reports.c LINKS district_store district_core base)
