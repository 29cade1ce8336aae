/* book -- one school's report: tables B2, B3, B6, B7, B9, B12 and the policy, on a page or two.
 * Threads: one. */
#ifndef LACHANCTL_YEARLY_BOOK_H
#define LACHANCTL_YEARLY_BOOK_H

#include "conf/config.h"
#include "lachanctl/yearly/gather.h"
#include "lachanctl/yearly/sums.h"
#include "yearbook/period.h"

struct yearly {
	const struct config *config;
	struct period period;
	uint32_t today;
	struct yearly_sums now;
	struct yearly_sums before; /* the same days a year before */
	struct gathered found;     /* in the period */
	/* Of the newest daily document in the period: what the policy was. */
	struct report_document newest;
	bool has_newest;
};

/* Reads and adds up. `y` has config, period and today; on failure *why. End it with
 * yearly_deinit() either way. */
MUST_CHECK enum err yearly_read(struct yearly *y, struct diag *why);
void yearly_deinit(struct yearly *y);

/* Fills `book`, which has its language. */
void yearly_fill(const struct yearly *y, struct yearbook *book);

/* Private to book.c and book_blocked.c. */
const char *yearly_tier_word(
    const struct yearly *y, struct yearbook *book, const char *tier);
const char *yearly_category_word(
    const struct yearly *y, struct yearbook *book, const char *category);
void yearly_fill_blocked(const struct yearly *y, struct yearbook *book);
void yearly_fill_policy(const struct yearly *y, struct yearbook *book);

#endif
