lachan_fuzz_target(notices SOURCES ${CMAKE_SOURCE_DIR}/test/fuzz/fuzz_notices.c LINKS notices)
