lachan_fuzz_target(message SOURCES ${CMAKE_SOURCE_DIR}/test/fuzz/fuzz_message.c
  LINKS dns PkgConfig::LDNS)
