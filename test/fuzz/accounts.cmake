if(TARGET lachan_accounts)
  lachan_fuzz_target(accounts SOURCES ${CMAKE_SOURCE_DIR}/test/fuzz/fuzz_accounts.c LINKS accounts base)
endif()
