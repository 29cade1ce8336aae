# Tests of the department's administration.
if(NOT TARGET lachan_district_units)
  return()
endif()
lachan_unit_test(district/units SOURCES test_units.c LINKS district_units district_csv district_store base)
lachan_unit_test(district/notify SOURCES test_notify.c LINKS district_notices district_store base)
lachan_unit_test(district/tokens SOURCES test_tokens.c LINKS district_tokens base PkgConfig::JANSSON)
lachan_unit_test(district/chores_admin SOURCES test_chores_admin.c
  LINKS district_admin district_store district_core base)
