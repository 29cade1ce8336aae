/* notify_state -- what one receiver of `notify` was told, and what is due to it now.
 *
 * Kept in the store (PAPER_NOTICE, one for each receiver), so that several collectors on one
 * database tell it once. A telling is noted before it is tried: should the machine die in between,
 * that one is lost rather than doubled; the coverage page says the same. A telling that failed
 * is taken back and tried again after 15 minutes, doubled each time up to 12 hours.
 *
 *	lachan-district-notice 1
 *	silent=2026-11-16 told=1763800000 mail=1763800000 refused=12 failures=0 next=0
 *
 * Pure. Threads: no shared state. */
#ifndef DISTRICT_NOTIFY_STATE_H
#define DISTRICT_NOTIFY_STATE_H

#include "base/buf.h"
#include "district/day.h"

enum {
	NOTIFY_WEEK_DAYS = 7,           /* between two mails about silent schools */
	NOTIFY_EVENTS_S = 24 * 60 * 60, /* between two about all else */
	NOTIFY_STATE_MAX = 256
};

struct notify_state {
	int32_t silent_day; /* of the last mail about silent schools; DAY_NONE: none yet */
	int64_t told_s;     /* enrolments and nominations before then were told */
	int64_t mail_s;     /* of the last mail about these; 0: none yet */
	uint64_t refused;   /* documents refused, as told */
	uint32_t failures;  /* in a row */
	int64_t next_s;     /* not before */
};

/* A receiver that is new: what happened before is no news. */
struct notify_state notify_state_new(int64_t now_s, uint64_t refused);
void notify_state_write(struct buf *out, const struct notify_state *state);
/* False for what notify_state_write() would not write. */
bool notify_state_read(struct slice text, struct notify_state *out);

/* What there is to tell, and whether the receiver wants it. */
struct notify_news {
	size_t silent; /* schools */
	size_t enrolled, nominations;
	uint64_t refused; /* ever */
	bool wants_silent, wants_enrolled, wants_nominations, wants_refused;
	int32_t today;
	bool school_day; /* nobody is reminded in Tết, in summer, or on a Sunday */
	int64_t now_s;
};

struct notify_due {
	bool silent;
	size_t enrolled, nominations;
	uint64_t refused; /* since the last time */
};

/* False: nothing is due. */
bool notify_is_due(struct notify_due *out, const struct notify_state *state,
    const struct notify_news *news);
/* Notes the telling; before it is tried. */
void notify_claim(struct notify_state *state, const struct notify_due *due,
    const struct notify_news *news);
/* It failed: as `before` the claim, later. */
void notify_take_back(
    struct notify_state *state, const struct notify_state *before, int64_t now_s);

#endif
