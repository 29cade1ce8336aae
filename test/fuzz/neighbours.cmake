if(TARGET lachan_filter_neighbours)
  lachan_fuzz_target(neighbours SOURCES ${CMAKE_SOURCE_DIR}/test/fuzz/fuzz_neighbours.c
    LINKS filter_neighbours base net)
endif()
