lachan_fuzz_target(texts SOURCES ${CMAKE_SOURCE_DIR}/test/fuzz/fuzz_texts.c LINKS pages conf control base)
target_compile_definitions(fuzz_texts PRIVATE RULES_DIR="${CMAKE_SOURCE_DIR}/rules")
