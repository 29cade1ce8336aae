/* What the part "bundles" adds to the program: routes, its life, what comes round. */
#include "base/words.h"
#include "district/bundles.h"
#include "district/district.h"
#include "district/routes.h"

enum {
	FORM_MAX_BYTES = 4096
};

const struct route ROUTES_BUNDLES[] = {
    {CALL_GET, "/v1/bundles/*", bundles_serve, LANE_READ, 0},
    {CALL_GET, "/bundles", bundles_page, LANE_READ, 0},
    {CALL_POST, "/bundles/*", bundles_page_stage, LANE_INTAKE, FORM_MAX_BYTES},
    {.path = NULL},
};
const struct district_part PART_BUNDLES = {.name = "bundles"};
const struct chore CHORES_BUNDLES[] = {{.name = NULL}};

const struct subcommand SUBCOMMANDS_BUNDLES[] = {
    {"bundle",
        "publish FILE|DIR [--stage all|percent=N|units=A,B] [--expires 90d] "
        "[--with-nominations] [--dry-run] | list [NAME] | show NAME [SERIAL] | "
        "stage NAME SERIAL all|percent=N|units=A,B | "
        "rollback NAME SERIAL [--stage ...] [--expires 90d] | expire NAME SERIAL | key",
        N_("what schools pull: signed lists and rules, step by step, and the way back"),
        bundles_command},
    {.name = NULL}};
