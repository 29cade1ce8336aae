lachan_fuzz_target(name SOURCES ${CMAKE_SOURCE_DIR}/test/fuzz/fuzz_name.c
  LINKS dns PkgConfig::LDNS)
