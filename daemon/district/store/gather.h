/* gather -- which rows a question needs, and reading them.
 *
 * Whole half-months come from unit_sums; the days of a half-month that the period cuts, and
 * questions by day, come from documents; of everybody, days come from day_sums. */
#ifndef DISTRICT_STORE_GATHER_H
#define DISTRICT_STORE_GATHER_H

#include "district/store/internal.h"

enum gather_what {
	GATHER_COUNTS,
	GATHER_NAMES
};

/* One packed vector: of `unit` (0: of many) on `day` (of a half-month: its first). */
struct gathered {
	uint32_t unit;
	uint32_t group;
	int32_t day;
	struct slice packed;
};

struct gather {
	struct counts_units units;
	int32_t from;
	int32_t to;
	bool by_day;
	enum gather_what what;
	enum err (*take)(void *context, const struct gathered *one);
	void *context;
	bool incomplete; /* comes out: days asked for were removed */
};

/* Within a reading step. */
MUST_CHECK enum err gather_run(struct store *store, struct gather *g);

/* The group of a unit, COUNTS_SKIP when it is not asked for. */
static inline uint32_t gather_group(const struct counts_units *units, uint32_t unit)
{
	if (units->group_of == NULL)
		return 0;
	return unit < units->unit_count ? units->group_of[unit] : COUNTS_SKIP;
}

#endif
