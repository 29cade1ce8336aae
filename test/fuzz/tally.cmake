lachan_fuzz_target(tally SOURCES ${CMAKE_SOURCE_DIR}/test/fuzz/fuzz_tally.c LINKS tally)
