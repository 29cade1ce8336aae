/* sums -- what a school published over a period, added up.
 *
 * A cell that said `below` adds 0 and is counted, so that a reader can be told "at least".
 * Threads: one. */
#ifndef LACHANCTL_YEARLY_SUMS_H
#define LACHANCTL_YEARLY_SUMS_H

#include "report/report.h"

enum {
	YEARLY_CELLS = 4096,
	YEARLY_FAILURES = 32,
	YEARLY_STALE_HOURS = 7 * 24
};

struct yearly_cell {
	char tier[TALLY_LABEL_BYTES]; /* "all" in weekly documents */
	char category[TALLY_LABEL_BYTES];
	uint64_t attempts;
	uint64_t published; /* documents that gave a number */
	uint64_t withheld;  /* documents that said `below` */
};

struct yearly_failure {
	char type[TALLY_LABEL_BYTES];
	uint64_t count;
	uint64_t days;
};

struct yearly_sums {
	struct yearly_cell *cells;
	size_t cell_count;
	struct yearly_failure failures[YEARLY_FAILURES];
	size_t failure_count;
	uint64_t days; /* daily documents */
	uint64_t weeks;
	uint64_t uptime_s;
	uint64_t unfiltered_s;
	uint64_t partial_days;
	uint64_t trial_days;
	uint64_t stale_days; /* a list older than a week */
	uint64_t published_total;
	uint64_t withheld; /* cells */
	uint64_t reviews_low, reviews_high;
	bool reviews_open;         /* a band without an upper end was among them */
	uint64_t reviews_banded;   /* lower ends of the bands above 0-9 */
	uint64_t reviews_answered; /* of these, times 100 */
	bool incomplete;           /* no memory, or too many different cells */
};

#define YEARLY_SUMS_NONE ((struct yearly_sums){.cells = NULL})

void yearly_sums_deinit(struct yearly_sums *sums);
void yearly_sums_add(struct yearly_sums *sums, const struct report_document *document);

/* The sum over the cells of this tier and category; NULL means any. */
struct yearly_cell yearly_sums_of(
    const struct yearly_sums *sums, const char *tier, const char *category);
bool yearly_sums_has_tier(const struct yearly_sums *sums, const char *tier);

#endif
