/* What schools and partners send to, and what watches ask. */
#include "district/routes.h"
#include "district/store.h"

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
    {CALL_GET, "/healthz", healthz, LANE_INTAKE, 0},
    {.path = NULL},
};
