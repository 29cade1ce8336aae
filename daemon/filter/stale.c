#include "filter/stale.h"

#include "filter/obtain.h"

bool stale_find(const struct worker *w, const struct forward_question *question,
    struct writer *into, struct cache_hit *hit)
{
	uint64_t keep_ms = w->snapshot->config->cache.stale.keep_ms;
	uint64_t now_ms = w->now.mono_ms;
	uint64_t since_ms = now_ms > keep_ms ? now_ms - keep_ms : 0;
	size_t at = into->len;

	if (keep_ms == 0)
		return false;
	if (!cache_find(w->filter->cache, &question->key, since_ms, into, hit) ||
	    memory_route_tag(hit->user_bits) != memory_route_tag(question->memory))
		return false;
	stored_set_ttls(into->ptr + at, into->len - at, STALE_TTL_S);
	return true;
}
