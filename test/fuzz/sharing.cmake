lachan_fuzz_target(sharing SOURCES ${CMAKE_SOURCE_DIR}/test/fuzz/fuzz_sharing.c LINKS sharing spool base)
