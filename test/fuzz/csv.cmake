if(TARGET lachan_district_csv)
  lachan_fuzz_target(csv SOURCES ${CMAKE_SOURCE_DIR}/test/fuzz/fuzz_csv.c LINKS district_csv base)
endif()
