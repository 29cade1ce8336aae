/* routes -- which handler answers what, on which lane, with how much of a body.
 *
 * Each part of the program has a table of its own (routes_api.c, routes_web.c, …), each
 * ending with a row without a path; routes.c lists the tables. The longest path that fits
 * wins. HEAD goes where GET goes. No row: 404; a row for another method alone: 405.
 * Threads: constant. */
#ifndef DISTRICT_ROUTES_H
#define DISTRICT_ROUTES_H

#include "base/bytes.h"
#include "district/call.h"

enum lane {
	LANE_INTAKE, /* what schools send, and whatever else writes: it waits for no reader */
	LANE_READ    /* pages, reports, exports */
};

struct route {
	enum call_method method;
	const char *path; /* "/healthz", or "/units/" + "*" for all below */
	call_handler *handler;
	enum lane lane;
	/* Of a POST: longer bodies are refused (413) by their length alone, before a byte of
	 * them is read. ROUTE_BODY_DOCUMENT stands for limits.document. */
	size_t max_body_bytes;
};

enum {
	ROUTE_BODY_DOCUMENT = 0
};

/* The tables; one file each, by its part. A row with path NULL ends each. */
extern const struct route
    ROUTES_API[]; /* routes_api.c: /v1/{summaries,…}, /healthz, /metrics */
extern const struct route ROUTES_WEB[];     /* routes_web.c */
extern const struct route ROUTES_REPORTS[]; /* routes_reports.c */
extern const struct route ROUTES_ADMIN[];   /* routes_admin.c: /v1/export.csv */
extern const struct route ROUTES_BUNDLES[]; /* routes_bundles.c */

enum route_found {
	ROUTE_FOUND,
	ROUTE_NOT_FOUND,
	ROUTE_OTHER_METHOD
};

/* `path` is decoded, without the query. */
enum route_found routes_find(
    const struct route **out, enum call_method method, struct slice path);

#endif
