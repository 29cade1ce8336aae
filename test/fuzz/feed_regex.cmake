lachan_fuzz_target(feed_regex SOURCES ${CMAKE_SOURCE_DIR}/test/fuzz/fuzz_feed_regex.c LINKS feed)
