lachan_fuzz_target(feed_adblock SOURCES ${CMAKE_SOURCE_DIR}/test/fuzz/fuzz_feed_adblock.c LINKS feed)
