/* What the part "reports" adds to the program: routes, its life, what comes round. */
#include "district/district.h"
#include "district/routes.h"
#include "district/subcommands.h"

const struct route ROUTES_REPORTS[] = {{.path = NULL}};
const struct district_part PART_REPORTS = {.name = "reports"};
const struct chore CHORES_REPORTS[] = {{.name = NULL}};
const struct subcommand SUBCOMMANDS_REPORTS[] = {{.name = NULL}};
