/* web_figures -- cells of the store as the table a page shows: categories down, tiers across.
 *
 * Totals are sums of published numbers, without categories that are answered silently (docs/protocol.md), and without the
 * sensitive ones, which have a table of their own: they are weekly and have no tiers. No store, no clock; threads: any. */
#ifndef DISTRICT_WEB_FIGURES_H
#define DISTRICT_WEB_FIGURES_H

#include "district/counts.h"

enum {
	FIGURES_TIERS = 16,
	FIGURES_CATEGORIES = 96
};

struct figure {
	uint64_t attempts;
	uint64_t withheld; /* documents that said `below`: then it is "at least" */
	uint64_t published;
};

struct figures_row {
	const char *category; /* borrowed from the counts */
	struct figure of[FIGURES_TIERS];
	struct figure sum;
	bool sensitive;
	bool silent;
};

struct figures {
	const char
	    *tiers[FIGURES_TIERS]; /* in the order of terms.def, unknown ones behind */
	size_t tier_count;
	struct figures_row
	    rows[FIGURES_CATEGORIES]; /* in the order of terms.def, unknown ones behind */
	size_t row_count;
	struct figure total; /* neither sensitive nor silent */
	struct figure sensitive;
};

/* Adds up the cells of a group and period (COUNTS_TOTAL for all). What does not fit (more own categories than
 * FIGURES_CATEGORIES) is added to the last row. */
void figures_make(
    struct figures *out, const struct counts *counts, size_t group, size_t period);
/* The row of a category, or NULL. */
const struct figures_row *figures_find(const struct figures *figures, const char *category);

#endif
