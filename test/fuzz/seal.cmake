lachan_fuzz_target(seal SOURCES ${CMAKE_SOURCE_DIR}/test/fuzz/fuzz_seal.c LINKS seal)
