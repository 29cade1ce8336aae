#include "filter/health.h"

enum {
	PATIENCE_MIN_MS = 100,
	PATIENCE_MAX_MS = 1000,
	RTT_UNKNOWN_MS = 100,  /* taken for that of a server that was never measured */
	RTT_SHORTEST_US = 500, /* the clock has milliseconds */
	FAILED_QUESTIONS_MANY = 3,
	/* Of a server that is called down because it will not say one name, the next probe
	 * tells the truth sooner than that. */
	DOWN_IN_EARNEST_MS = 1500,
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
	h->recoveries++;
	h->failed_in_row = 0;
	for (unsigned i = 0; i < UPSTREAM_SERVERS_MAX; i++) {
		struct server_health *s = &h->servers[i];
		store(&s->srtt_us, 0);
		store(&s->failures, 0);
		store(&s->refusals, 0);
		atomic_store_explicit(&s->queries, 0, memory_order_relaxed);
		atomic_store_explicit(&s->timeouts, 0, memory_order_relaxed);
		s->newest_ms = 0;
		s->probe_at_ms = 0;
		s->told_down = false;
		s->lowers_case = false;
	}
}

bool health_is_down(const struct server_health *s)
{
	return load(&s->failures) >= HEALTH_FAILURES_TO_DOWN;
}

bool health_is_unwell(const struct server_health *s)
{
	return load(&s->refusals) >= HEALTH_REFUSALS_TO_UNWELL;
}

bool health_all_down(
    const struct health *h, const struct upstream_set *set, unsigned avoided)
{
	for (unsigned i = 0; i < set->count; i++) {
		if ((avoided >> i & 1) == 0 && !health_is_down(&h->servers[i]))
			return false;
	}
	return set->count > 0;
}

/* Smaller is better: those that are down last, then those tried less, then those that
 * refuse, then by strategy. A server that was never measured counts as quick, so that it
 * will be. */
static uint64_t rank(const struct health *h, const struct upstream_set *set,
    const struct health_tried *tried, unsigned i)
{
	const struct server_health *s = &h->servers[i];
	uint64_t order = set->strategy == STRATEGY_ORDERED ? i : load(&s->srtt_us);
	uint64_t tries = tried->tries[i];

	return (uint64_t)health_is_down(s) << 63 | tries << 56 |
	    (uint64_t)health_is_unwell(s) << 55 | order << 8 | i;
}

static unsigned servers_tried(const struct health_tried *tried)
{
	unsigned n = 0;

	for (unsigned i = 0; i < UPSTREAM_SERVERS_MAX; i++)
		n += tried->tries[i] > 0 ? 1u : 0u;
	return n;
}

bool health_choose(const struct health *h, const struct upstream_set *set, unsigned avoided,
    const struct health_tried *tried, unsigned *out)
{
	bool no_others = servers_tried(tried) >= HEALTH_SERVERS_MAX;
	unsigned out_of_question = avoided | tried->over;
	uint64_t best = UINT64_MAX;

	for (unsigned i = 0; i < set->count; i++) {
		uint8_t tries = tried->tries[i];
		if ((out_of_question >> i & 1) != 0 || tries >= HEALTH_TRIES_MAX ||
		    (no_others && tries == 0))
			continue;
		uint64_t r = rank(h, set, tried, i);
		if (r < best) {
			best = r;
			*out = i;
		}
	}
	return best != UINT64_MAX;
}

void health_answered(struct health *h, unsigned server, uint64_t sent_ms, uint64_t now_ms)
{
	struct server_health *s = &h->servers[server];
	uint64_t rtt_ms = now_ms - sent_ms;
	unsigned rtt_us = rtt_ms == 0 ? RTT_SHORTEST_US
	                              : (unsigned)(rtt_ms < 60000 ? rtt_ms : 60000) * 1000;
	unsigned srtt_us = load(&s->srtt_us);

	if (health_is_down(s) && now_ms - s->down_since_ms >= DOWN_IN_EARNEST_MS)
		h->recoveries++;
	store(&s->srtt_us, srtt_us == 0 ? rtt_us : (srtt_us * 7 + rtt_us) / 8);
	store(&s->failures, 0);
	if (sent_ms > s->newest_ms)
		s->newest_ms = sent_ms;
}

void health_was_helpful(struct health *h, unsigned server)
{
	store(&h->servers[server].refusals, 0);
}

void health_refused(struct health *h, unsigned server)
{
	struct server_health *s = &h->servers[server];

	store(&s->refusals, load(&s->refusals) + 1);
}

void health_failed(struct health *h, unsigned server, uint64_t now_ms)
{
	struct server_health *s = &h->servers[server];

	if (!health_is_down(s))
		s->down_since_ms = now_ms;
	store(&s->failures, load(&s->failures) + 1);
}

void health_question_answered(struct health *h)
{
	if (h->failed_in_row >= FAILED_QUESTIONS_MANY)
		h->recoveries++;
	h->failed_in_row = 0;
}

void health_question_failed(struct health *h)
{
	h->failed_in_row++;
}

uint32_t health_patience_ms(const struct health *h, unsigned server, uint32_t timeout_ms)
{
	unsigned srtt_us = load(&h->servers[server].srtt_us);
	uint32_t patience_ms = srtt_us == 0 ? 3 * RTT_UNKNOWN_MS : 3 * srtt_us / 1000;

	if (patience_ms < PATIENCE_MIN_MS)
		patience_ms = PATIENCE_MIN_MS;
	if (patience_ms > PATIENCE_MAX_MS)
		patience_ms = PATIENCE_MAX_MS;
	return patience_ms < timeout_ms ? patience_ms : timeout_ms;
}
