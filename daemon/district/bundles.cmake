# What the department publishes for its schools.
district_part(bundles
  SOURCES bundles.c bundles_command.c bundles_key.c bundles_lists.c bundles_page.c bundles_serve.c bundles_source.c
    routes_bundles.c
  LINKS district_admin district_api district_web district_page district_csv district_store district_core audit bundle
    conf dns kit report sign spool base PkgConfig::CRYPTO)
