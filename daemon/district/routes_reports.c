/* What the part "reports" adds to the program: routes, its life, what comes round. */
#include "base/words.h"
#include "district/district.h"
#include "district/reports_command.h"
#include "district/reports_pages.h"
#include "district/routes.h"

enum {
	/* Every field full, each byte of it percent-encoded. */
	FORM_MAX_BYTES = 64 * 1024
};

const struct route ROUTES_REPORTS[] = {
    {CALL_GET, "/reports", reports_page_index, LANE_READ, 0},
    {CALL_GET, "/reports/*", reports_page, LANE_READ, 0},
    {CALL_GET, "/reports/entries", reports_page_entry, LANE_READ, 0},
    {CALL_POST, "/reports/entries", reports_page_save, LANE_INTAKE, FORM_MAX_BYTES},
    {.path = NULL},
};
const struct district_part PART_REPORTS = {.name = "reports"};
const struct chore CHORES_REPORTS[] = {{.name = NULL}};

const struct subcommand SUBCOMMANDS_REPORTS[] = {
    {"report",
        "annual|school-year|half-year|FROM..TO [--year Y] [--half 1|2] [--unit UNIT] "
        "[--lang vi|en] --html|--csv|--json|--pdf FILE | due | "
        "entry show|set PERIOD [--year Y] [--half 1|2] [--unit UNIT] [FIELD=VALUE...] | "
        "entry list [--unit UNIT]",
        N_("the yearly report, or that of any period; what is entered by hand"),
        reports_command},
    {.name = NULL}};
