# The database behind district/store.h, counts.h, papers.h and tree.h.
set(store_sources day.c)
foreach(file access backup check contribution counts coverage dictionary documents fold gather names papers
    published retention schema sent_days sql sql_sqlite state store sums text_map tree tree_walk trees units)
  list(APPEND store_sources store/${file}.c)
endforeach()
if(PQ_FOUND)
  list(APPEND store_sources store/sql_postgresql.c)
endif()
district_part(store SOURCES ${store_sources}
  LINKS report base PRIVATE PkgConfig::SQLITE PkgConfig::ZLIB)
target_compile_definitions(lachan_district_store PRIVATE LACHAN_POSTGRESQL=$<BOOL:${PQ_FOUND}>)
if(PQ_FOUND)
  target_link_libraries(lachan_district_store PRIVATE PkgConfig::PQ)
endif()
