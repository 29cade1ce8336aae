/* What the part "web" adds to the program: routes, its life, what comes round. */
#include "district/district.h"

#include <stdlib.h>

#include "district/routes.h"
#include "district/web.h"
#include "district/web_pages.h"
#include "district/web_people.h"

enum {
	FORM_MAX_BYTES = 16 * 1024
};

/* Whatever writes goes through INTAKE; a password is computed in READ, where nobody's document waits for it. */
const struct route ROUTES_WEB[] = {
    {CALL_GET, "/", web_first, LANE_READ, 0},
    {CALL_GET, "/coverage", web_coverage_list, LANE_READ, 0},
    {CALL_GET, "/units/*", web_unit, LANE_READ, 0},
    {CALL_GET, "/search", web_search, LANE_READ, 0},
    {CALL_GET, "/categories", web_categories, LANE_READ, 0},
    {CALL_GET, "/names", web_names, LANE_READ, 0},
    {CALL_GET, "/failures", web_failures, LANE_READ, 0},
    {CALL_GET, "/quick-reports", web_quick_reports, LANE_READ, 0},
    {CALL_GET, "/quick-reports/*", web_quick_report, LANE_READ, 0},
    {CALL_POST, "/quick-reports/*", web_quick_report_handle, LANE_INTAKE, FORM_MAX_BYTES},
    {CALL_GET, "/nominations", web_nominations, LANE_READ, 0},
    {CALL_GET, "/nominations/*", web_nomination, LANE_READ, 0},
    {CALL_POST, "/nominations/*", web_nomination_decide, LANE_INTAKE, FORM_MAX_BYTES},
    {CALL_GET, "/login", web_login_get, LANE_READ, 0},
    {CALL_POST, "/login", web_login_post, LANE_READ, FORM_MAX_BYTES},
    {CALL_POST, "/logout", web_logout_post, LANE_READ, FORM_MAX_BYTES},
    {CALL_GET, "/static/*", web_static, LANE_READ, 0},
    {.path = NULL},
};

static void end(struct district *district)
{
	struct web *web = district->web;

	if (web == NULL)
		return;
	web_people_free(web->people);
	trees_free(web->trees);
	free(web);
	district->web = NULL;
}

static enum err begin(
    struct district *district, const struct district_config *config, struct diag *why)
{
	struct web *web = calloc(1, sizeof *web);

	(void)config;
	if (web == NULL)
		return ERR_MEMORY;
	district->web = web;
	enum err rc = web_people_new(&web->people);
	if (rc == OK)
		rc = trees_new(&web->trees);
	if (rc != OK) {
		diag_set(why, "the web cannot begin: %s", err_text(rc));
		end(district);
	}
	return rc;
}

const struct district_part PART_WEB = {.name = "web", .begin = begin, .end = end};
const struct chore CHORES_WEB[] = {{.name = NULL}};
