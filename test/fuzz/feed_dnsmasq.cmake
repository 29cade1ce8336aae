lachan_fuzz_target(feed_dnsmasq SOURCES ${CMAKE_SOURCE_DIR}/test/fuzz/fuzz_feed_dnsmasq.c LINKS feed)
