#include "filter/health.h"

enum {
	PATIENCE_MIN_MS = 100,
	PATIENCE_UNKNOWN_MS = 600, /* of a server that was never measured */
	PATIENCE_MAX_MS = 1000,
};

static unsigned load(const atomic_uint *value)
{
	return atomic_load_explicit(value, memory_order_relaxed);
}

static void store(atomic_uint *value, unsigned to)
{
	atomic_store_explicit(value, to, memory_order_relaxed);
}

void health_follow(struct health *h, const struct upstream_set *set)
{
	if (h->set_id == set->id)
		return;
	h->set_id = set->id;
	for (unsigned i = 0; i < UPSTREAM_SERVERS_MAX; i++) {
		struct server_health *s = &h->servers[i];
		store(&s->srtt_us, 0);
		s->lowers_case = false;
		store(&s->failures, 0);
		atomic_store_explicit(&s->down_until_ms, 0, memory_order_relaxed);
		atomic_store_explicit(&s->queries, 0, memory_order_relaxed);
		atomic_store_explicit(&s->timeouts, 0, memory_order_relaxed);
	}
}

static bool is_down(const struct server_health *s, uint64_t now_ms)
{
	return atomic_load_explicit(&s->down_until_ms, memory_order_relaxed) > now_ms;
}

/* Smaller is better: tried ones last, then those that are down, then by strategy. A server
 * that was never measured counts as quick, so that it will be. */
static uint64_t rank(const struct health *h, const struct upstream_set *set, unsigned i,
    unsigned tried_mask, uint64_t now_ms)
{
	const struct server_health *s = &h->servers[i];
	uint64_t order = set->strategy == STRATEGY_ORDERED ? i : load(&s->srtt_us);
	uint64_t tried = (tried_mask >> i & 1) != 0;
	return tried << 62 | (uint64_t)is_down(s, now_ms) << 61 | order << 8 | i;
}

bool health_choose(struct health *h, const struct upstream_set *set, unsigned tried_mask,
    uint64_t now_ms, unsigned *out)
{
	uint64_t best = UINT64_MAX;

	for (unsigned i = 0; i < set->count; i++) {
		uint64_t r = rank(h, set, i, tried_mask, now_ms);
		if (r < best) {
			best = r;
			*out = i;
		}
	}
	if (set->count == 0)
		return false;
	/* A probe: until it has an answer, or its time is over, the others go elsewhere. */
	struct server_health *s = &h->servers[*out];
	if (load(&s->failures) >= HEALTH_FAILURES_TO_DOWN) {
		atomic_store_explicit(
		    &s->down_until_ms, now_ms + HEALTH_DOWN_MS, memory_order_relaxed);
	}
	return true;
}

void health_answered(struct health *h, unsigned server, uint64_t rtt_ms)
{
	struct server_health *s = &h->servers[server];
	unsigned rtt_us =
	    rtt_ms == 0 ? 500 : (unsigned)(rtt_ms < 60000 ? rtt_ms : 60000) * 1000;
	unsigned srtt_us = load(&s->srtt_us);

	store(&s->srtt_us, srtt_us == 0 ? rtt_us : (srtt_us * 7 + rtt_us) / 8);
	store(&s->failures, 0);
	atomic_store_explicit(&s->down_until_ms, 0, memory_order_relaxed);
}

void health_failed(struct health *h, unsigned server, uint64_t now_ms)
{
	struct server_health *s = &h->servers[server];
	unsigned failures = load(&s->failures) + 1;

	store(&s->failures, failures);
	if (failures >= HEALTH_FAILURES_TO_DOWN) {
		atomic_store_explicit(
		    &s->down_until_ms, now_ms + HEALTH_DOWN_MS, memory_order_relaxed);
	}
}

uint32_t health_patience_ms(const struct health *h, unsigned server, uint32_t timeout_ms)
{
	unsigned srtt_us = load(&h->servers[server].srtt_us);
	uint32_t patience_ms = srtt_us == 0 ? PATIENCE_UNKNOWN_MS : 3 * srtt_us / 1000;

	if (patience_ms < PATIENCE_MIN_MS)
		patience_ms = PATIENCE_MIN_MS;
	if (patience_ms > PATIENCE_MAX_MS)
		patience_ms = PATIENCE_MAX_MS;
	return patience_ms < timeout_ms ? patience_ms : timeout_ms;
}
