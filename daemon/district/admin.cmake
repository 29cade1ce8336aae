# What a table of units says and would change: no store is asked, so it is tested alone.
district_part(units SOURCES units_check.c units_columns.c units_plan.c units_table.c
  LINKS district_csv district_store base)
district_part(admin SOURCES admin.c routes_admin.c units_command.c units_load.c
  LINKS district_units district_csv district_store district_core audit kit base)
