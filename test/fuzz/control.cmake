lachan_fuzz_target(control SOURCES ${CMAKE_CURRENT_LIST_DIR}/fuzz_control.c LINKS control)
