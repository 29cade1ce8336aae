district_part(bundles SOURCES routes_bundles.c LINKS district_store district_core base)
