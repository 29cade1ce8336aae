/* What the part "admin" adds to the program: routes, its life, what comes round. */
#include "district/district.h"
#include "district/routes.h"
#include "district/subcommands.h"

const struct route ROUTES_ADMIN[] = {{.path = NULL}};
const struct district_part PART_ADMIN = {.name = "admin"};
const struct chore CHORES_ADMIN[] = {{.name = NULL}};
const struct subcommand SUBCOMMANDS_ADMIN[] = {{.name = NULL}};
