/* latency -- how long askers waited for their answers, as a histogram of one worker.
 *
 * From the clock reading of the callback that read the query to that of the one that
 * answers it. So an answer given at once counts as 0: the clock is read once a batch, and
 * what is seen is the wait for upstream, in whole milliseconds. Time in the kernel's queue
 * is not seen.
 *
 * Threads: written by its worker alone (relaxed), read by any. */
#ifndef FILTER_LATENCY_H
#define FILTER_LATENCY_H

#include <stdatomic.h>
#include <stdint.h>

enum {
	LATENCY_BOUNDS = 12,
	LATENCY_BUCKETS = LATENCY_BOUNDS + 1
};

struct latency {
	atomic_uint_fast64_t buckets[LATENCY_BUCKETS]; /* not cumulative */
	atomic_uint_fast64_t sum_ms;
};

/* Upper bounds in milliseconds; the last bucket has none. They stand in the metrics'
 * labels: dashboards ask for them. */
extern const uint32_t LATENCY_BOUND_MS[LATENCY_BOUNDS];

/* `count` answers were given at once. */
static inline void latency_add_at_once(struct latency *l, unsigned count)
{
	uint64_t now = atomic_load_explicit(&l->buckets[0], memory_order_relaxed);
	atomic_store_explicit(&l->buckets[0], now + count, memory_order_relaxed);
}

/* One was, after `waited_ms`. */
void latency_add(struct latency *l, uint64_t waited_ms);

#endif
