if(NOT TARGET lachan_district_core)
  return()
endif()
# The machinery around handlers, and the readers of what strangers send.
lachan_unit_test(district/call SOURCES test_call.c LINKS district_core base)
lachan_unit_test(district/forwarded SOURCES test_forwarded.c LINKS district_core net base)
lachan_unit_test(district/gunzip SOURCES test_gunzip.c LINKS district_readers base PkgConfig::ZLIB)
lachan_unit_test(district/nomination SOURCES test_nomination.c LINKS district_readers base)
lachan_unit_test(district/unit_limits SOURCES test_unit_limits.c LINKS district_core base)
# With a store of its own in place of the real one.
lachan_unit_test(district/pool SOURCES test_pool.c LINKS district_service base PkgConfig::EVENT)
lachan_unit_test(district/config SOURCES test_config.c LINKS district_core conf base)

# The sample and the manual are what the rows print, or the rows have moved on.
foreach(pair sample:district.yaml.sample manual:district-configuration.md)
  string(REPLACE ":" ";" pair ${pair})
  list(GET pair 0 what)
  list(GET pair 1 file)
  add_test(NAME unit/district/printed-${what}
    COMMAND sh -c "$<TARGET_FILE:lachan-district-confdoc> ${what} | diff -u ${CMAKE_SOURCE_DIR}/docs/${file} -")
  set_tests_properties(unit/district/printed-${what} PROPERTIES LABELS unit TIMEOUT 20)
endforeach()

# A measurement, not a test: build/bench/district_schools, driven by test/bench/schools.py.
lachan_program(district_schools SOURCES ${CMAKE_SOURCE_DIR}/test/bench/district_schools.c
  LINKS district_store report sign base PkgConfig::EVENT PkgConfig::EVENT_TLS PkgConfig::SSL
    PkgConfig::CRYPTO PkgConfig::ZLIB)
set_target_properties(district_schools PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench)
