# Tests of what stands on the department's pages.
if(NOT TARGET lachan_district_page)
  return()
endif()
lachan_unit_test(district/words SOURCES test_words.c LINKS district_page base)
lachan_unit_test(district/static SOURCES test_static.c LINKS district_page base)
lachan_unit_test(district/format SOURCES test_format.c LINKS district_page district_store base)
lachan_unit_test(district/page SOURCES test_page.c LINKS district_page district_store base)
lachan_unit_test(district/web_sessions SOURCES test_web_sessions.c LINKS district_web accounts base)
lachan_unit_test(district/web_period SOURCES test_web_period.c LINKS district_web district_store base)
find_package(Python3 COMPONENTS Interpreter REQUIRED)
add_test(NAME unit/district/words-text
  COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/check_words.py)
set_tests_properties(unit/district/words-text PROPERTIES LABELS unit TIMEOUT 20)
