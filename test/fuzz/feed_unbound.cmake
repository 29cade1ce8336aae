lachan_fuzz_target(feed_unbound SOURCES ${CMAKE_SOURCE_DIR}/test/fuzz/fuzz_feed_unbound.c LINKS feed)
