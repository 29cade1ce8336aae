lachan_fuzz_target(ruledb SOURCES ${CMAKE_SOURCE_DIR}/test/fuzz/fuzz_ruledb.c LINKS ruledb)
