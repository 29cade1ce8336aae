# Tests of the department's reports.
if(NOT TARGET lachan_district_core)
  return()
endif()
lachan_unit_test(district/calendar SOURCES test_calendar.c LINKS district_core base)
