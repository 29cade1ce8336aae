lachan_fuzz_target(feed_squidguard SOURCES ${CMAKE_SOURCE_DIR}/test/fuzz/fuzz_feed_squidguard.c LINKS feed)
