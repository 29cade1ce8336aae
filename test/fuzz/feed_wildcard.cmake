lachan_fuzz_target(feed_wildcard SOURCES ${CMAKE_SOURCE_DIR}/test/fuzz/fuzz_feed_wildcard.c LINKS feed)
