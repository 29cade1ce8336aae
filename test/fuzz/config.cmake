lachan_fuzz_target(config SOURCES ${CMAKE_SOURCE_DIR}/test/fuzz/fuzz_config.c LINKS conf)
target_compile_definitions(fuzz_config PRIVATE RULES_DIR="${CMAKE_SOURCE_DIR}/rules")
