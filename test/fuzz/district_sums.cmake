if(LACHAN_DISTRICT)
  lachan_fuzz_target(district_sums SOURCES ${CMAKE_CURRENT_LIST_DIR}/fuzz_district_sums.c LINKS district_store base)
endif()
