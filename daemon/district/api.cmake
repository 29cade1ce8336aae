# What schools and partners send to. The readers alone are apart, for fuzzers.
district_part(readers SOURCES gunzip.c nomination.c summary_judge.c
  LINKS district_page district_core report dns base PkgConfig::JANSSON PRIVATE PkgConfig::ZLIB)
district_part(api
  SOURCES api.c enrolments.c intake.c nominations.c quick_reports.c routes_api.c summaries.c
  LINKS district_readers district_page district_store district_core kit report sign base
    PkgConfig::JANSSON PRIVATE PkgConfig::CRYPTO)
