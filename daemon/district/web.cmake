# What stands on every page: words in two languages, layout, tables, and the files browsers load.
file(GLOB district_static CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/static/*.css
  ${CMAKE_CURRENT_SOURCE_DIR}/static/*.js ${CMAKE_CURRENT_SOURCE_DIR}/static/*.svg)
set(district_static_data ${CMAKE_CURRENT_BINARY_DIR}/generated/district/static_data.h)
string(REPLACE ";" "|" district_static_list "${district_static}")
add_custom_command(OUTPUT ${district_static_data}
  COMMAND ${CMAKE_COMMAND} -DOUT=${district_static_data} "-DFILES=${district_static_list}"
    -P ${CMAKE_CURRENT_SOURCE_DIR}/embed.cmake
  DEPENDS ${district_static} embed.cmake VERBATIM)

district_part(page SOURCES format.c page.c page_form.c page_table.c static.c terms.c words.c
    ${district_static_data}
  LINKS district_core base)
target_include_directories(lachan_district_page PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/generated)

district_part(web
  SOURCES
    routes_web.c
    web.c
    web_access.c
    web_board.c
    web_categories.c
    web_categories_time.c
    web_cookie.c
    web_coverage.c
    web_failures.c
    web_figures.c
    web_link.c
    web_names.c
    web_nominations.c
    web_papers.c
    web_people.c
    web_period.c
    web_quick_reports.c
    web_schools.c
    web_search.c
    web_sessions.c
    web_sign.c
    web_static.c
    web_unit.c
  LINKS district_due district_page district_store district_core accounts kit kit_limits report seal net base
  PRIVATE PkgConfig::CRYPTO PkgConfig::JANSSON)
