/* stale -- expired answers, while upstreams have none (RFC 8767).
 *
 * A stale answer is given with a TTL of 30 s and an extended error that says so, and is judged
 * by the rules in force like any other. Nothing is ever put back into the cache because it was
 * given, so that no name outlives `cache.stale.keep` (T13). */
#ifndef FILTER_STALE_H
#define FILTER_STALE_H

#include "filter/forward.h"

enum {
	STALE_TTL_S = 30
};

/* Appends what the cache has for the question, by its route, expired for at most
 * `cache.stale.keep`, its TTLs set to STALE_TTL_S. False: nothing. */
bool stale_find(const struct worker *w, const struct forward_question *question,
    struct writer *into, struct cache_hit *hit);

/* The extended error that goes with a stale answer of this kind. */
static inline enum ede_code stale_ede(const struct stored *stored)
{
	return stored->kind == STORED_NXDOMAIN ? EDE_STALE_NXDOMAIN : EDE_STALE_ANSWER;
}

#endif
