/* district -- what all calls share.
 *
 * Made by main before the first thread, ended after the last. Every member says who writes
 * it; what is not said to change is constant. */
#ifndef DISTRICT_DISTRICT_H
#define DISTRICT_DISTRICT_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/diag.h"
#include "base/err.h"
#include "base/moment.h"

struct district_config; /* district/config.h */
struct metrics;         /* district/metrics.h */
struct store;           /* district/store.h */
struct unit_limits;     /* district/unit_limits.h */

struct district {
	const char *state_dir;
	struct metrics *metrics;         /* counters, atomic */
	struct unit_limits *unit_limits; /* a lock of its own */
	/* What a part made in its begin(), see parts below; its locks are its own. */
	void *web;
	void *reports;
	void *admin;
	void *bundles;
};

/* A part's life around all threads: begin() before the first, as server.user; end() after the
 * last. Either may be NULL. Each part defines its own in its own file. */
struct district_part {
	const char *name;
	MUST_CHECK enum err (*begin)(struct district *district,
	    const struct district_config *config, struct diag *why);
	void (*end)(struct district *district);
};
extern const struct district_part PART_WEB;     /* routes_web.c */
extern const struct district_part PART_REPORTS; /* routes_reports.c */
extern const struct district_part PART_ADMIN;   /* routes_admin.c */
extern const struct district_part PART_BUNDLES; /* routes_bundles.c */

/* What comes round by itself: on one thread of its own, with a store of its own, one after
 * another. `every_s` counts from the end of the last run; the first is soon after the start.
 * A chore looks at *stopping between its steps: it turns true when the program ends. */
struct chore_call {
	const struct district *district;
	const struct district_config *config;
	struct store *store;
	struct moment now;
	const atomic_bool *stopping;
};
struct chore {
	const char *name; /* NULL ends a table */
	unsigned every_s;
	void (*run)(struct chore_call *c);
};
extern const struct chore CHORES_WEB[];
extern const struct chore CHORES_REPORTS[];
extern const struct chore CHORES_ADMIN[]; /* retention, the weekly mail */
extern const struct chore CHORES_BUNDLES[];

#endif
