if(TARGET lachan_pages)
  lachan_fuzz_target(sheet SOURCES ${CMAKE_SOURCE_DIR}/test/fuzz/fuzz_sheet.c LINKS pages)
endif()
