if(TARGET lachan_district_readers)
  lachan_fuzz_target(intake SOURCES ${CMAKE_SOURCE_DIR}/test/fuzz/fuzz_intake.c
    LINKS district_readers report sign base)
  lachan_fuzz_target(nomination SOURCES ${CMAKE_SOURCE_DIR}/test/fuzz/fuzz_nomination.c
    LINKS district_readers dns base)
  foreach(target fuzz_intake fuzz_nomination)
    target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR}/daemon)
  endforeach()
endif()
