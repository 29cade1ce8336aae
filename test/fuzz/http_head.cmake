if(TARGET lachan_pages)
  lachan_fuzz_target(http_head SOURCES ${CMAKE_SOURCE_DIR}/test/fuzz/fuzz_http_head.c LINKS pages)
endif()
