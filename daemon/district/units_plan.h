/* units_plan -- what a table of units would change, judged beside what is known.
 *
 *	table + versions known ----> plan: puts and ends, each with what it changes
 *	                      └----> or every mistake, each with its place; then no plan
 *
 * The same plan is shown (--dry-run) and carried out, so that nothing happens that was not
 * told. Pure: no store, no clock. Threads: no shared state.
 *
 * A line without `valid-from` speaks of the day `today`; of a unit nobody knows, of all days. A
 * line about a unit that is merged moves the units below it to its successor on that day. */
#ifndef DISTRICT_UNITS_PLAN_H
#define DISTRICT_UNITS_PLAN_H

#include "district/store.h"
#include "district/units_table.h"

enum {
	UNITS_DEPTH_MAX = 6
};

enum unit_change {
	UNIT_IS_NEW,
	UNIT_IS_MOVED,   /* another parent */
	UNIT_IS_RENAMED, /* another name */
	UNIT_IS_CHANGED, /* level, code, kinds, pupils, contact, sends */
	UNIT_IS_CLOSED,
	UNIT_IS_MERGED,
	UNIT_CHANGES
};
#define UNIT_CHANGE_BIT(change) (1U << (unsigned)(change))

/* One call of the store: a version from `after.from` on, or an end. */
struct unit_step {
	unsigned changes;          /* UNIT_CHANGE_BIT()s */
	struct unit after;         /* of an end: the version that ends */
	const struct unit *before; /* in force there until now; NULL: none */
	int32_t end;               /* the first day it is over; DAY_NONE: this is no end */
	const char *successor;     /* of an end; "" none */
	unsigned line;             /* that asked for it */
};

/* Texts are the table's and the known versions'. */
struct units_plan {
	struct unit_step *items; /* puts first, then ends */
	size_t count;
	size_t lines;                /* of the table */
	size_t counts[UNIT_CHANGES]; /* steps by each of their changes */
};

struct units_known {
	const struct unit *items; /* by unit, then from */
	size_t count;
};

/* `table` may be sorted anew. Mistakes and warnings go to `mistakes`. ERR_FORMAT when there is a
 * mistake, ERR_MEMORY; *out is to be ended in any case. Memory of a plan is `memory`. */
MUST_CHECK enum err units_plan_make(struct units_plan *out, struct units_table *table,
    const struct units_known *known, int32_t today, struct diags *mistakes);
void units_plan_deinit(struct units_plan *plan);

/* The version of `unit` that is in force on `day`; NULL: none. */
const struct unit *units_known_at(
    const struct units_known *known, const char *unit, int32_t day);

const char *unit_change_word(enum unit_change change); /* "new", "moved", … */

#endif
