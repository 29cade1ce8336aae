/* units_planning -- what the two halves of a plan share: units_plan.c turns lines into steps,
 * units_check.c judges all versions together. Private to them. */
#ifndef DISTRICT_UNITS_PLANNING_H
#define DISTRICT_UNITS_PLANNING_H

#include "district/units_plan.h"

/* A version as it would be. */
struct version {
	struct unit unit;
	const struct unit_line *line; /* NULL: it stands there already */
};

struct planning {
	struct units_table *table;
	const struct units_known *known;
	int32_t today;
	struct diags *mistakes;
	struct units_plan *plan;
	size_t capacity;
	struct version
	    *versions; /* first of the table alone, then all: by unit, then from */
	size_t version_count, version_capacity;
	bool no_memory;
};

struct day_text {
	char text[DAY_TEXT_BYTES];
};
struct day_text planning_day(int32_t day);

/* A mistake at the line's cell. */
void planning_mistake(struct planning *p, const struct unit_line *line,
    enum unit_column column, const char *format, ...) PRINTF_LIKE(4, 5);
void planning_add_step(struct planning *p, const struct unit_step *step);
void planning_add_version(
    struct planning *p, const struct unit *unit, const struct unit_line *line);
/* The first day a known unit is over; DAY_FOREVER: it goes on, or is not known. */
int32_t planning_end_known(const struct planning *p, const char *unit);

/* Behind the last line: parents, depths and successors, beside all that is known; then what
 * follows from the ends. */
void planning_check(struct planning *p);

#endif
