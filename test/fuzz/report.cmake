lachan_fuzz_target(report SOURCES ${CMAKE_SOURCE_DIR}/test/fuzz/fuzz_report.c LINKS report)
