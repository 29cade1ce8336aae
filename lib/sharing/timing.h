/* sharing/timing -- what an answer means, and when something is tried: pure arithmetic.
 *
 * Chance comes in as a 64-bit random number, time as seconds since 1970 UTC.
 * Threads: no shared state. */
#ifndef SHARING_TIMING_H
#define SHARING_TIMING_H

#include <stdbool.h>
#include <stdint.h>

enum {
	SHARING_BACKOFF_FIRST_S = 60,
	SHARING_BACKOFF_LAST_S = 6 * 3600,
	SHARING_RETRY_AFTER_MAX_S = 24 * 3600, /* a server may ask for no longer pause */
	SHARING_SOON_S = 15 * 60,   /* after its day's end a document is on time */
	SHARING_LATE_DELAY_S = 3600 /* the most that a late one is put off */
};

enum sharing_outcome {
	SHARING_TAKEN,   /* 200, 201, 202: it has the document */
	SHARING_REFUSED, /* 400, 409, 413, 422: it never will; set aside and told */
	SHARING_STOPPED, /* 401, 403: it does not know us; nothing until something changes */
	SHARING_AGAIN    /* everything else, and no answer at all (status 0) */
};

enum sharing_outcome sharing_judge(unsigned status);

/* Seconds to wait after `failures` (>= 1) in a row: full jitter, anything from 1 s to
 * 1 minute doubled for each failure before, at most 6 hours. What the server asked for
 * (0: nothing) comes before that, a day at most, so that those who were all told the same
 * do not come back together. */
uint32_t sharing_backoff_s(uint32_t failures, uint32_t retry_after_s, uint64_t random);

/* Whether a moment that was noted has come. One further away than back-off and server
 * together can set it is of a clock that was wrong: it has come. 0: it has. */
bool sharing_is_due(int64_t next_s, int64_t now_s);

struct sharing_leave {
	int64_t day_end_s; /* midnight behind the document's period */
	uint64_t hold_s;
	uint64_t delay_s;
	int64_t now_s; /* when it was first seen */
};

/* When a document leaves: its day's end, the hold, and a random part of the delay. One that is
 * first seen later than SHARING_SOON_S after its day's end (the gateway was off, or sharing was
 * set up later) draws at most an hour from now. */
int64_t sharing_leave_at(const struct sharing_leave *how, uint64_t random);

#endif
