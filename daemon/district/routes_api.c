/* What schools and partners send to, and what watches ask. */
#include "district/enrolments.h"
#include "district/nomination.h"
#include "district/nominations.h"
#include "district/quick_reports.h"
#include "district/routes.h"
#include "district/store.h"
#include "district/summaries.h"

enum {
	ENROLMENT_MAX_BYTES = 4096
};

static void healthz(struct call *c)
{
	if (store_ping(c->store) != OK) {
		call_refuse(c, 503, "store", "the store does not answer");
		return;
	}
	buf_text(&c->out, "{\"ok\":true}\n");
	call_reply(c, 200, "application/json");
}

const struct route ROUTES_API[] = {
    {CALL_POST, "/v1/summaries", summaries_post, LANE_INTAKE, ROUTE_BODY_DOCUMENT},
    {CALL_POST, "/v1/quick-reports", quick_reports_post, LANE_INTAKE, ROUTE_BODY_DOCUMENT},
    {CALL_POST, "/v1/enrolments", enrolments_post, LANE_INTAKE, ENROLMENT_MAX_BYTES},
    {CALL_POST, "/v1/nominations", nominations_post, LANE_INTAKE, NOMINATION_MAX_BYTES},
    {CALL_GET, "/healthz", healthz, LANE_INTAKE, 0},
    {.path = NULL},
};
