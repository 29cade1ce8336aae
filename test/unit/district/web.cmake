# Tests of what stands on the department's pages.
if(NOT TARGET lachan_district_page)
  return()
endif()
lachan_unit_test(district/words SOURCES test_words.c LINKS district_page base)
lachan_unit_test(district/static SOURCES test_static.c LINKS district_page base)
find_package(Python3 COMPONENTS Interpreter REQUIRED)
add_test(NAME unit/district/words-text
  COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/check_words.py)
set_tests_properties(unit/district/words-text PROPERTIES LABELS unit TIMEOUT 20)
