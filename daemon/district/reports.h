/* reports -- the department's report of a period: tables B1 to B12 of the yearly report.
 *
 *	reports_make   store, tree, calendar, manual entries  ->  struct yearbook
 *
 * Everything about blocked names is a sum of what schools published; what was withheld adds
 * nothing and makes the sum a lower bound, and the tables say so. Below the whole department
 * the numbers of incidents and quick reports stand as multiples of five, rounded down, fewer
 * than five as "withheld": the difference of two reports then isolates no case.
 *
 * Threads: as store.h. */
#ifndef DISTRICT_REPORTS_H
#define DISTRICT_REPORTS_H

#include "district/config.h"
#include "district/reports_due.h"
#include "district/tree.h"
#include "yearbook/period.h"

struct reports_request {
	const struct district_config *config;
	struct store *store;
	struct tree *tree; /* as of reports_tree_day() */
	uint32_t top;      /* a node of it; TREE_NONE: the whole department */
	struct period period;
	uint32_t today; /* as 20261122 */
	enum yearbook_language language;
};

/* The day whose tree a report stands on: the period's last, or today where that is to come. */
int32_t reports_tree_day(const struct period *period, uint32_t today);
/* Fills a book that yearbook_init() has made, in request->language. Errors of store.h; what
 * does not fit is the writers' to tell. */
MUST_CHECK enum err reports_make(
    const struct reports_request *request, struct yearbook *book);

#endif
