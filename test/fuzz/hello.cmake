if(TARGET lachan_pages)
  lachan_fuzz_target(hello SOURCES ${CMAKE_SOURCE_DIR}/test/fuzz/fuzz_hello.c LINKS pages dns base)
endif()
