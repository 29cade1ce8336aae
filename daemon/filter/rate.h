/* rate -- how many queries a second one client may ask (T25): token buckets in a table of
 * fixed size.
 *
 *	 set of a client's hash: four buckets, a cache line's worth
 *	┌──────────────────┬──────────────────┬──────────────────┬──────────────────┐
 *	│ client │ full_ns │ client │ full_ns │ client │ full_ns │ client │ full_ns │
 *	└──────────────────┴──────────────────┴──────────────────┴──────────────────┘
 *
 * A bucket is one number: the moment at which it will be full again if nothing more is taken
 * (the "generic cell rate algorithm"). A client without a bucket has a full one, so the one
 * that is full the soonest makes room: whoever is over the limit keeps his.
 * Threads: a table belongs to its worker. Time is an argument. */
#ifndef FILTER_RATE_H
#define FILTER_RATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum {
	RATE_WAYS = 4,
	RATE_SETS = 1024, /* a power of two */
	RATE_CLIENTS = RATE_SETS * RATE_WAYS
};

struct rate_table;

MUST_CHECK enum err rate_table_new(struct rate_table **out);
void rate_table_free(struct rate_table *table);

/* A limit, ready to be applied. */
struct rate_limit {
	uint64_t step_ns; /* between two queries at the full rate */
	uint64_t room_ns; /* of a full bucket */
};

/* `per_second` 1 to 1,000,000; `burst` up to 10,000,000 queries, 0: five seconds' worth. */
struct rate_limit rate_limit_of(uint64_t per_second, uint64_t burst);

enum rate_verdict {
	RATE_WITHIN,
	RATE_OVER,      /* say nothing */
	RATE_OVER_TELL, /* every second one: say so */
};

/* Takes one query's worth from the bucket of `client`, a keyed hash of who asks. */
enum rate_verdict rate_take(struct rate_table *table, uint64_t client, uint64_t now_ms,
    const struct rate_limit *limit);

#endif
