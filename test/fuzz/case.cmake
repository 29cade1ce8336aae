lachan_fuzz_target(case SOURCES ${CMAKE_SOURCE_DIR}/test/fuzz/fuzz_case.c LINKS cases)
