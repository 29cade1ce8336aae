# The database behind district/store.h; one implementation a file.
add_library(lachan_district_store INTERFACE)
