# Tests of the department's reports.
if(NOT TARGET lachan_district_core)
  return()
endif()
lachan_unit_test(district/calendar SOURCES test_calendar.c LINKS district_core base)
lachan_unit_test(district/reports_due SOURCES test_reports_due.c LINKS district_due base)
find_package(Python3 COMPONENTS Interpreter REQUIRED)
add_test(NAME unit/district/reports-text
  COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/check_reports.py)
set_tests_properties(unit/district/reports-text PROPERTIES LABELS unit TIMEOUT 20)
