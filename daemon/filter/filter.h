/* filter -- what main and the workers of one lachan-filter share.
 *
 *	main      reads configuration and rules, publishes snapshots, counts, answers the
 *	          control and verdict sockets; never touches a query
 *	worker i  its sockets, its event base, its queries; never touches a file
 *
 * Every member says who writes it. Anything not atomic is constant once workers run. */
#ifndef FILTER_FILTER_H
#define FILTER_FILTER_H

#include <stdatomic.h>

#include "base/hash.h"
#include "cache/cache.h"
#include "cache/inflight.h"
#include "filter/loop.h"
#include "filter/shares.h"
#include "filter/snapshot.h"

struct worker;
struct tcp_places;
struct neighbours;
struct event;

enum {
	FILTER_WORKERS_MAX = 64,
	CAPPED_SLOTS = 8192, /* a power of two */
};

struct filter {
	/* The snapshot in force. Written by main (release), read by workers (acquire). */
	struct snapshot *_Atomic snapshot;
	/* Its generation, written by main after the pointer. */
	atomic_uint_fast64_t published;
	/* The word by which a question of `lachanctl selftest` is known, 0: there is no test;
	 * and when it ends. Written by main, relaxed (filter/selftest.h). */
	atomic_uint_fast64_t test_token;
	atomic_uint_fast64_t test_until_ms;

	struct cache *cache;       /* shared, its own locks */
	struct inflight *inflight; /* shared, its own locks */
	struct hash_key client_key;

	struct loop_watch loops; /* worker 0 writes most of it; atomics */
	/* By route, a bit a server: the log knows that it does not answer. Any worker. */
	atomic_uint told_down[ROUTES_MAX];

	unsigned worker_count;
	struct worker *workers[FILTER_WORKERS_MAX];

	/* The number of the local day that is counted; written by main. A worker that sees
	 * another number forgets which devices it has announced. */
	atomic_uint_fast64_t day;
	/* False: the clock is not to be trusted yet; written by main. */
	atomic_bool wall_trusted;
	/* mono_ms until which queries are written down (filter/diagnose.h); 0: they are not.
	 * Written by main, relaxed; workers stop by themselves. */
	atomic_uint_fast64_t diagnose_until_ms;
	/* Hashes of (device, tier, category, day) that have reached their cap: their attempts
	 * count no more, so workers need not announce them. Written by main, relaxed: a
	 * stale reader announces one attempt too many, which main drops. */
	atomic_uint_fast64_t capped[CAPPED_SLOTS];
	/* Wakes main when a ring is half full; event_active() is safe from any thread. */
	struct event *drain;
	struct neighbours *neighbours; /* MACs on our links; main writes, all read */
	struct tcp_places *tcp_places; /* open TCP connections; shared, its own lock */
	/* What the limit of open descriptors leaves (filter/descriptors.h). */
	unsigned tcp_connections_max;
	unsigned ports_max; /* of each worker, for questions upstream */
	/* Questions upstream by client, of all workers; shared, atomic. */
	struct shares questions;
	/* Added to the monotonic clock it gives the time of cookies: that of day, but for
	 * what the clock was set since the start. */
	uint32_t cookie_clock_s;
};

/* The hash under which a capped (device, tier, category, day) is found; never 0. `device` is
 * that of identity_hash(). */
uint64_t filter_capped_hash(
    const struct filter *filter, uint64_t device, uint8_t tier, uint8_t category);

static inline bool filter_is_capped(const struct filter *filter, uint64_t hash)
{
	return atomic_load_explicit(
	           &filter->capped[hash % CAPPED_SLOTS], memory_order_relaxed) == hash;
}

#endif
