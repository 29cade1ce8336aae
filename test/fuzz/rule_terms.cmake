lachan_fuzz_target(rule_terms SOURCES ${CMAKE_SOURCE_DIR}/test/fuzz/fuzz_rule_terms.c LINKS rule)
