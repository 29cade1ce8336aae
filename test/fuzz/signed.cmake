lachan_fuzz_target(signed SOURCES ${CMAKE_SOURCE_DIR}/test/fuzz/fuzz_signed.c LINKS report sign)
