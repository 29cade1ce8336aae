if(TARGET lachan_pages)
  lachan_fuzz_target(form SOURCES ${CMAKE_SOURCE_DIR}/test/fuzz/fuzz_form.c LINKS pages)
endif()
