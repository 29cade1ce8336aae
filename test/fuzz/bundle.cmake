lachan_fuzz_target(bundle SOURCES ${CMAKE_SOURCE_DIR}/test/fuzz/fuzz_bundle.c LINKS bundle)
