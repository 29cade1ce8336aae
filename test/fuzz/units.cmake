if(TARGET lachan_district_units)
  lachan_fuzz_target(units SOURCES ${CMAKE_SOURCE_DIR}/test/fuzz/fuzz_units.c
    LINKS district_units district_notices district_csv district_store base)
  target_include_directories(fuzz_units PRIVATE ${CMAKE_SOURCE_DIR}/daemon)
endif()
