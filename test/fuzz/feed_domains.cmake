lachan_fuzz_target(feed_domains SOURCES ${CMAKE_SOURCE_DIR}/test/fuzz/fuzz_feed_domains.c LINKS feed)
