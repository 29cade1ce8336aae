if(TARGET lachan_local)
  lachan_fuzz_target(zones SOURCES ${CMAKE_SOURCE_DIR}/test/fuzz/fuzz_zones.c LINKS local conf dns base)
endif()
