/* What the part "web" adds to the program: routes, its life, what comes round. */
#include "district/district.h"
#include "district/routes.h"

const struct route ROUTES_WEB[] = {{.path = NULL}};
const struct district_part PART_WEB = {.name = "web"};
const struct chore CHORES_WEB[] = {{.name = NULL}};
