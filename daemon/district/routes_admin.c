/* What the part "admin" adds to the program: routes, its life, what comes round, its commands. */
#include "base/words.h"
#include "district/admin.h"
#include "district/district.h"
#include "district/routes.h"

const struct route ROUTES_ADMIN[] = {{.path = NULL}};
const struct district_part PART_ADMIN = {.name = "admin"};
const struct chore CHORES_ADMIN[] = {{.name = NULL}};

const struct subcommand SUBCOMMANDS_ADMIN[] = {
    {"units",
        "import FILE [--dry-run] [--on DAY] [--all] | list [--on DAY] [--below UNIT] | "
        "show UNIT | export [FILE] | merge OLD... NEW --on DAY [--dry-run]",
        N_("the tree of units, from and to a spreadsheet"), admin_units},
    {"token",
        "create UNIT [--out FILE] [--expires DAY] | create --all DIR [--below UNIT] "
        "[--again] [--expires DAY] | create --partner NAME [--expires DAY] | list [UNIT] | "
        "revoke UNIT [TOKEN]",
        N_("who may join and send: enrolment files for schools, tokens for partners"),
        admin_token},
    {"key", "list [UNIT] | revoke UNIT [KEY]", N_("the keys that schools sign with"),
        admin_key},
    {"user",
        "list | add NAME ROLES | role NAME ROLES [--last] | password NAME | remove NAME "
        "[--last]",
        N_("who may sign in at the web"), admin_user},
    {.name = NULL}};
