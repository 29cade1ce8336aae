# What every part stands on: configuration, calls, what all calls share.
if(PQ_FOUND)
  set(district_has_postgresql 1)
else()
  set(district_has_postgresql 0)
endif()
district_part(core
  SOURCES audit_book.c calendar.c call.c commands.c config.c config_keys.c forwarded.c metrics.c
    unit_limits.c
  LINKS audit conf net base)
target_compile_definitions(lachan_district_core PRIVATE
  DISTRICT_HAS_POSTGRESQL=${district_has_postgresql})
