lachan_fuzz_target(approvals SOURCES ${CMAKE_SOURCE_DIR}/test/fuzz/fuzz_approvals.c LINKS approvals)
