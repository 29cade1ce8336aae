lachan_fuzz_target(doctor
  SOURCES ${CMAKE_SOURCE_DIR}/test/fuzz/fuzz_doctor.c ${CMAKE_SOURCE_DIR}/tools/lachanctl/doctor/packet.c
    ${CMAKE_SOURCE_DIR}/tools/lachanctl/doctor/ruleset.c
  LINKS dns net base PkgConfig::JANSSON)
target_include_directories(fuzz_doctor PRIVATE ${CMAKE_SOURCE_DIR}/tools)
