lachan_fuzz_target(feed_rpz SOURCES ${CMAKE_SOURCE_DIR}/test/fuzz/fuzz_feed_rpz.c LINKS feed)
