/* prefetch -- popular answers are renewed before they expire, so that nobody waits for them.
 *
 * Of an answer's life the last tenth: who asks then gets it as it stands, and it is fetched
 * anew behind his back, if it was asked for before. What nobody asks for is let go. */
#ifndef FILTER_PREFETCH_H
#define FILTER_PREFETCH_H

#include "filter/forward.h"

enum {
	PREFETCH_LIFE_MIN_MS = 10000, /* of shorter lives a tenth is no time */
	PREFETCH_HITS_MIN = 2
};

/* For every cached answer that is given: cheap. */
static inline bool prefetch_is_due(const struct cache_hit *hit, uint64_t now_ms)
{
	return hit->expires_ms - now_ms < (hit->expires_ms - hit->stored_ms) / 10;
}

/* One that is due, if it is worth it. */
void prefetch_begin(
    struct worker *w, const struct forward_question *question, const struct cache_hit *hit);

#endif
