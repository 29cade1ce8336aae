#include "filter/prefetch.h"

void prefetch_begin(
    struct worker *w, const struct forward_question *question, const struct cache_hit *hit)
{
	if (!w->snapshot->config->cache.prefetch || hit->hits < PREFETCH_HITS_MIN ||
	    hit->expires_ms - hit->stored_ms < PREFETCH_LIFE_MIN_MS)
		return;
	/* Where upstreams fail, those who really need them go first. */
	const struct forward_outlook outlook = forward_outlook(w, question);
	if (outlook.trouble)
		return;
	if (forward_refresh(w, question))
		counter_add(&w->counters.prefetched, 1);
}
