lachan_fuzz_target(feed_archive SOURCES ${CMAKE_SOURCE_DIR}/test/fuzz/fuzz_feed_archive.c LINKS feeds_fetch base)
