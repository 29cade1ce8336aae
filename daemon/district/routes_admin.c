/* What the part "admin" adds to the program: routes, its life, what comes round, its commands. */
#include <stdlib.h>

#include "base/words.h"
#include "district/admin.h"
#include "district/chores_admin.h"
#include "district/district.h"
#include "district/export.h"
#include "district/routes.h"

const struct route ROUTES_ADMIN[] = {
    {CALL_GET, "/v1/export.csv", export_csv, LANE_READ, 0},
    {.path = NULL},
};
static enum err begin(
    struct district *district, const struct district_config *config, struct diag *why)
{
	(void)config;
	(void)why;
	district->admin = calloc(1, sizeof(struct admin_part));
	return district->admin != NULL ? OK : ERR_MEMORY;
}

static void end(struct district *district)
{
	free(district->admin);
	district->admin = NULL;
}

const struct district_part PART_ADMIN = {"admin", begin, end};

const struct chore CHORES_ADMIN[] = {
    {"refused", 10 * 60, chore_refused},
    {"old keys", 24 * 60 * 60, chore_old_keys},
    {"retention", 24 * 60 * 60, chore_retention},
    {.name = NULL},
};

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
    {"import", "PATH...", N_("documents that came by USB stick or mail"), admin_import},
    {"export", "[--from DAY] [--to DAY] [--unit UNIT] [--format csv|json] [--out FILE]",
        N_("what schools published; without days: the last month"), admin_export},
    {"backup", "FILE", N_("a copy of the store while it goes on"), admin_backup},
    {"restore", "FILE", N_("fills an empty store from a backup"), admin_restore},
    {"notify", "[--try]",
        N_("tells whom notify names what is due; for an hourly timer. --try: a trial"),
        admin_notify},
    {"check", "", N_("looks whether all sums fit their documents"), admin_check},
    {.name = NULL}};
