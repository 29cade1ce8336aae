lachan_fuzz_target(feed_hosts SOURCES ${CMAKE_SOURCE_DIR}/test/fuzz/fuzz_feed_hosts.c LINKS feed)
