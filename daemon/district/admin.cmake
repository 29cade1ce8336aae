# What a table of units says and would change: no store is asked, so it is tested alone.
district_part(units SOURCES units_check.c units_columns.c units_plan.c units_table.c
  LINKS district_csv district_store base)
# What a school is given, and what is kept of it.
district_part(tokens SOURCES bearer.c enrolment_file.c
  LINKS kit base PkgConfig::JANSSON PkgConfig::CRYPTO)
# What receivers of notify are told, and when.
district_part(notices SOURCES notify_state.c notify_text.c
  LINKS district_store district_core base)
district_part(admin
  SOURCES admin.c chores_admin.c export.c export_command.c import_command.c key_command.c
    notify_command.c notify_facts.c published_table.c routes_admin.c store_command.c
    token_command.c units_command.c units_load.c user_command.c
  LINKS district_units district_tokens district_notices district_csv district_api district_web
    district_store district_core accounts audit notices seal sign kit_tell kit base
    PkgConfig::JANSSON PkgConfig::CRYPTO)
