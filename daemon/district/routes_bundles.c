/* What the part "bundles" adds to the program: routes, its life, what comes round. */
#include "district/district.h"
#include "district/routes.h"
#include "district/subcommands.h"

const struct route ROUTES_BUNDLES[] = {{.path = NULL}};
const struct district_part PART_BUNDLES = {.name = "bundles"};
const struct chore CHORES_BUNDLES[] = {{.name = NULL}};
const struct subcommand SUBCOMMANDS_BUNDLES[] = {{.name = NULL}};
