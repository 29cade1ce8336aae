if(TARGET lachan_kit_explain)
  lachan_fuzz_target(grants SOURCES ${CMAKE_SOURCE_DIR}/test/fuzz/fuzz_grants.c LINKS kit_explain base dns)
endif()
