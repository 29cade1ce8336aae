/* What schools and partners send to, and what watches ask. */
#include <stdatomic.h>

#include "district/enrolments.h"
#include "district/nomination.h"
#include "district/nominations.h"
#include "district/quick_reports.h"
#include "district/routes.h"
#include "district/store.h"
#include "district/summaries.h"

enum {
	ENROLMENT_MAX_BYTES = 4096,
	WELL_MS = 1000 /* how long a good answer of the store stands for all who ask */
};

/* CLOCK_MONOTONIC; relaxed: of two who ask at once both may ask the store. */
static atomic_uint_fast64_t well_until_ms;

/* Whoever asks shows no credentials, and each question is a commit, in the lane of documents:
 * asked without end they would wait behind a stranger's. */
static bool is_well(const struct call *c)
{
	if (c->now.mono_ms < atomic_load_explicit(&well_until_ms, memory_order_relaxed))
		return true;
	if (store_ping(c->store) != OK)
		return false;
	atomic_store_explicit(
	    &well_until_ms, c->now.mono_ms + WELL_MS, memory_order_relaxed);
	return true;
}

static void healthz(struct call *c)
{
	if (!is_well(c)) {
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
