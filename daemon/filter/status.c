#include <string.h>
#include <time.h>

#include "filter/clock.h"
#include "filter/forward.h"
#include "filter/program.h"
#include "filter/worker.h"

static const char *origin_text(enum rules_origin origin)
{
	switch (origin) {
	case RULES_OF_STATE:
		return "state";
	case RULES_OF_PREVIOUS:
		return "previous";
	case RULES_PACKAGED:
		return "packaged";
	case RULES_NONE:
		break;
	}
	return "none";
}

static json_t *empty_categories(const struct policy *policy)
{
	json_t *list = json_array();
	uint64_t empty = policy_empty_categories(policy);

	for (size_t i = 0; i < policy_category_count(policy); i++) {
		if ((empty >> i & 1) != 0) {
			(void)json_array_append_new(
			    list, json_string(policy_category_at(policy, i)->name));
		}
	}
	return list;
}

static json_t *report_rules(const struct snapshot *s)
{
	struct ruledb_stat stat = {0};

	if (s->rules->db != NULL)
		ruledb_stat(s->rules->db, &stat);
	json_int_t age_s = stat.built_s == 0 ? 0 : (json_int_t)(time(NULL) - stat.built_s);
	return json_pack("{s:I, s:I, s:I, s:s, s:o}", "generation",
	    (json_int_t)stat.generation, "names", (json_int_t)stat.names, "age_s",
	    age_s > 0 ? age_s : 0, "source", origin_text(s->rules->origin),
	    "empty_categories", empty_categories(s->policy));
}

/* One server as all workers together have seen it. */
static json_t *report_upstream(const struct filter *f, const struct snapshot *s, unsigned i)
{
	char address[ADDR_TEXT_MAX];
	json_int_t queries = 0;
	json_int_t timeouts = 0;
	uint32_t rtt_ms = 0;
	unsigned down = 0;

	for (unsigned w = 0; w < f->worker_count; w++) {
		struct upstream_health h = forwarder_health(f->workers[w], i);
		queries += (json_int_t)h.queries;
		timeouts += (json_int_t)h.timeouts;
		rtt_ms = h.srtt_ms > rtt_ms ? h.srtt_ms : rtt_ms;
		down += h.down ? 1 : 0;
	}
	addr_to_text_port(address, &s->upstreams.servers[i].addr);
	return json_pack("{s:s, s:s, s:i, s:I, s:I}", "address", address, "state",
	    down > 0 ? "down" : "up", "rtt_ms", (int)rtt_ms, "queries", queries, "timeouts",
	    timeouts);
}

static json_t *report_upstreams(const struct filter *f, const struct snapshot *s)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < s->upstreams.count; i++)
		(void)json_array_append_new(list, report_upstream(f, s, i));
	return list;
}

static json_t *report_cache(struct filter *f)
{
	struct cache_stats s = cache_stats_of(f->cache);

	return json_pack("{s:I, s:I, s:I, s:I, s:I}", "entries", (json_int_t)s.entries,
	    "bytes", (json_int_t)s.bytes, "limit_bytes", (json_int_t)s.limit_bytes, "hits",
	    (json_int_t)s.hits, "misses", (json_int_t)s.misses);
}

static json_t *report_queries(const struct filter *f)
{
	json_t *all = json_object();

#define X(name)                                                                       \
	{                                                                             \
		uint64_t sum = 0;                                                     \
		for (unsigned i = 0; i < f->worker_count; i++)                        \
			sum += atomic_load_explicit(                                  \
			    &f->workers[i]->counters.name, memory_order_relaxed);     \
		(void)json_object_set_new(all, #name, json_integer((json_int_t)sum)); \
	}
	COUNTER_MAP(X)
#undef X
	return all;
}

static json_t *report_pauses(const struct snapshot *s)
{
	json_t *list = json_array();
	uint64_t now_ms = clock_mono_ms();

	for (size_t i = 0; i < policy_tier_count(s->policy); i++) {
		uint64_t until_ms = s->state.tiers[i].paused_until_ms;
		char text[40];
		if (until_ms <= now_ms)
			continue;
		time_t end = time(NULL) + (time_t)((until_ms - now_ms) / 1000);
		struct tm local;
		if (localtime_r(&end, &local) == NULL ||
		    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S%z", &local) == 0)
			text[0] = 0;
		(void)json_array_append_new(list,
		    json_pack("{s:s, s:s}", "tier", policy_tier_at(s->policy, i)->name,
		        "until", text));
	}
	return list;
}

json_t *status_report(struct program *p)
{
	const struct snapshot *s = publisher_now(p->publisher);
	json_int_t uptime_s = (json_int_t)((clock_mono_ms() - p->started_ms) / 1000);

	return json_pack("{s:b, s:s, s:I, s:o, s:o, s:o, s:o, s:b, s:o, s:b, s:b}", "ok", 1,
	    "version", LACHAN_VERSION, "uptime_s", uptime_s, "rules", report_rules(s),
	    "upstreams", report_upstreams(p->filter, s), "cache", report_cache(p->filter),
	    "queries", report_queries(p->filter), "clock_trusted",
	    atomic_load_explicit(&p->filter->wall_trusted, memory_order_relaxed) ? 1 : 0,
	    "paused", report_pauses(s), "enforce", 1, "partial",
	    counting_is_partial(p->counting) ? 1 : 0);
}
