# The database behind district/store.h, counts.h, papers.h and tree.h.
add_library(lachan_district_store INTERFACE)
