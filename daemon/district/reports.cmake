# The department's reports: numbers of the store as tables of lib/yearbook, and their pages.

# How many names ship as never blocked, for B11; counted anew when the list changes.
set(never_block ${CMAKE_SOURCE_DIR}/rules/never-block.txt)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${never_block})
file(STRINGS ${never_block} never_block_names REGEX "^[a-z0-9]")
list(LENGTH never_block_names never_block_count)
list(FILTER never_block_names INCLUDE REGEX "^[a-z0-9.-]*[.]vn([ \t#]|$)")
list(LENGTH never_block_names never_block_vn_count)

district_part(due SOURCES reports_due.c LINKS district_core yearbook base)
district_part(reports
  SOURCES reports.c reports_content.c reports_data.c reports_fields.c reports_hand.c
    reports_asking.c reports_command.c reports_entries.c reports_manual.c reports_pages.c
    reports_tables.c routes_reports.c
  LINKS district_due district_admin district_web district_page district_store district_core kit_print yearbook base PkgConfig::JANSSON
  PRIVATE PkgConfig::CRYPTO)
target_compile_definitions(lachan_district_reports PRIVATE
  REPORTS_NEVER_BLOCK=${never_block_count} REPORTS_NEVER_BLOCK_VN=${never_block_vn_count})
