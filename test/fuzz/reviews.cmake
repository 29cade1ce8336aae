lachan_fuzz_target(reviews SOURCES ${CMAKE_SOURCE_DIR}/test/fuzz/fuzz_reviews.c LINKS reviews)
