/* health -- what a worker has seen of its upstream servers, and which to ask next.
 *
 * Written by the worker, read by main for status: relaxed atomics. */
#ifndef FILTER_HEALTH_H
#define FILTER_HEALTH_H

#include <stdatomic.h>
#include <stdbool.h>

#include "filter/upstream_set.h"

enum {
	HEALTH_FAILURES_TO_DOWN = 3,
	HEALTH_DOWN_MS = 5000, /* then it is asked again, as a probe */
};

struct server_health {
	atomic_uint srtt_us;  /* smoothed round trip (RFC 6298's 7/8); 0: not measured */
	atomic_uint failures; /* in a row */
	atomic_uint_fast64_t down_until_ms;
	atomic_uint_fast64_t queries;
	atomic_uint_fast64_t timeouts;
	bool
	    lowers_case; /* it does not keep the case of questions (T7); the worker's alone */
};

struct health {
	uint64_t set_id; /* the list that these are of */
	struct server_health servers[UPSTREAM_SERVERS_MAX];
};

/* Forgets everything when `set` is another list than before. */
void health_follow(struct health *h, const struct upstream_set *set);

/* The server to ask next, not in `tried_mask` where any other is left; false when the list
 * is empty. */
bool health_choose(struct health *h, const struct upstream_set *set, unsigned tried_mask,
    uint64_t now_ms, unsigned *out);

void health_answered(struct health *h, unsigned server, uint64_t rtt_ms);
void health_failed(struct health *h, unsigned server, uint64_t now_ms);

/* How long to wait for this server before another is asked as well. */
uint32_t health_patience_ms(const struct health *h, unsigned server, uint32_t timeout_ms);

#endif
