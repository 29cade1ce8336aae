/* status -- what `status` says. Beside what older clients know:
 *
 *	"upstreams": [{"address","state":"up|down|loop",…}]
 *	          down: silent three times in a row, for some worker; loop: it sends our
 *	          questions back to us and is left out (filter/loop.h)
 *	"enforce": false in a trial
 *	"diagnose": null, or {"state":"asked|running|kept","id","reason","asked_by",…}
 *	"grants": {"count","damaged"}     null where their file cannot be read; damaged: lines
 *	                                  that were left out when it was read
 *	"leases": {"count","kept"}        devices that are staff's for a while, by a sign-in; kept:
 *	                                  a restart of the filter does not end it
 *	"tiers": [{"tier","window","windows":[],"changes_at","allow_only","safe_search",
 *	           "youtube":"off|moderate|strict"}]
 *	          window: the name of the schedule in force that matters most, or ""; changes_at:
 *	          the next border, or ""
 *	"bundles": [{"feed","in_force",…}] as kit/department.h says
 *	"patterns": {"count","cut","worst":[{"feed","pattern","cut"}]}
 *	          cut: how often a limit has ended one since the rules were loaded; worst: at most
 *	          ten, the most often cut first */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "filter/clock.h"
#include "filter/diagnose.h"
#include "filter/forward.h"
#include "filter/program.h"
#include "filter/worker.h"
#include "kit/department.h"
#include "kit/local_time.h"

enum {
	WORST_PATTERNS = 10,
	PATTERN_TEXT_BYTES = 200
};

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

/* One server of a route as all workers together have seen it. */
static json_t *report_upstream(
    const struct filter *f, const struct snapshot *s, unsigned route, unsigned i)
{
	char address[ADDR_TEXT_MAX];
	json_int_t queries = 0;
	json_int_t timeouts = 0;
	uint32_t rtt_us = 0;
	uint32_t failures = 0;
	unsigned down = 0;

	for (unsigned w = 0; w < f->worker_count; w++) {
		struct upstream_health h = forwarder_health(f->workers[w], route, i);
		queries += (json_int_t)h.queries;
		timeouts += (json_int_t)h.timeouts;
		rtt_us = h.srtt_us > rtt_us ? h.srtt_us : rtt_us;
		failures = h.failures > failures ? h.failures : failures;
		down += h.down ? 1 : 0;
	}
	bool loops = (loop_found(&f->loops, route, snapshot_route(s, route)) >> i & 1) != 0;
	const char *state = loops ? "loop" : down > 0 ? "down" : "up";
	addr_to_text_port(address, &snapshot_route(s, route)->servers[i].addr);
	return json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I}", "address", address, "state",
	    state, "rtt_ms", (json_int_t)(rtt_us / 1000), "rtt_us", (json_int_t)rtt_us,
	    "queries", queries, "timeouts", timeouts, "failures", (json_int_t)failures);
}

/* The servers of zones, with the zone's name. */
static void report_zones(const struct filter *f, const struct snapshot *s, json_t *list)
{
	const struct config_zones *zones = &s->config->upstream.zones;
	unsigned route = ROUTE_DEFAULT;

	for (size_t z = 0; z < zones->count; z++) {
		char name[NAME_TEXT_MAX];
		if (zones->items[z].servers.count == 0)
			continue;
		name_to_text(name, zones->items[z].zone.name);
		route++;
		for (unsigned i = 0; i < snapshot_route(s, route)->count; i++) {
			json_t *one = report_upstream(f, s, route, i);
			(void)json_object_set_new(one, "zone", json_string(name));
			(void)json_array_append_new(list, one);
		}
	}
}

static json_t *report_upstreams(const struct filter *f, const struct snapshot *s)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < s->upstreams.count; i++)
		(void)json_array_append_new(list, report_upstream(f, s, ROUTE_DEFAULT, i));
	report_zones(f, s, list);
	return list;
}

static json_t *report_cache(struct filter *f)
{
	struct cache_stats s = cache_stats_of(f->cache);

	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "entries", (json_int_t)s.entries,
	    "bytes", (json_int_t)s.bytes, "limit_bytes", (json_int_t)s.limit_bytes, "hits",
	    (json_int_t)s.hits, "misses", (json_int_t)s.misses, "evictions",
	    (json_int_t)s.evictions);
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
		char text[LOCAL_TIME_TEXT_BYTES];
		if (until_ms <= now_ms)
			continue;
		local_time_text(
		    text, (int64_t)time(NULL) + (int64_t)((until_ms - now_ms) / 1000));
		(void)json_array_append_new(list,
		    json_pack("{s:s, s:s}", "tier", policy_tier_at(s->policy, i)->name,
		        "until", text));
	}
	return list;
}

/* ---- timetables, grants, safe search ---- */

static json_t *report_windows(const struct snapshot *s, uint8_t tier)
{
	json_t *list = json_array();
	uint64_t windows = s->state.tiers[tier].windows;

	for (uint16_t w = 0; w < 64; w++) {
		if ((windows >> w & 1) != 0) {
			(void)json_array_append_new(
			    list, json_string(policy_window_name(s->policy, tier, w)));
		}
	}
	return list;
}

static const char *youtube_text(enum rules_youtube youtube)
{
	return youtube == YOUTUBE_STRICT  ? "strict"
	    : youtube == YOUTUBE_MODERATE ? "moderate"
	                                  : "off";
}

static json_t *report_tier(const struct snapshot *s, uint8_t tier)
{
	const struct policy_tier_state *state = &s->state.tiers[tier];
	const char *name = policy_tier_at(s->policy, tier)->name;
	char changes[LOCAL_TIME_TEXT_BYTES] = "";
	size_t index;

	if (!config_find_tier(s->config, name, &index))
		return json_null(); /* cannot be: the policy is made of the configuration */
	const struct rules_tier *configured = &s->config->tiers.items[index];
	if (state->changes_at_ms != UINT64_MAX) {
		const struct moment *made = &s->state.made;
		local_time_text(changes,
		    made->wall_s +
		        (int64_t)((state->changes_at_ms - made->mono_ms) / 1000));
	}
	return json_pack("{s:s, s:s, s:o, s:s, s:b, s:b, s:s}", "tier", name, "window",
	    policy_window_name(s->policy, tier, state->window), "windows",
	    report_windows(s, tier), "changes_at", changes, "allow_only",
	    state->allow_only ? 1 : 0, "safe_search", configured->safe_search ? 1 : 0,
	    "youtube", youtube_text(configured->youtube));
}

static json_t *report_tiers(const struct snapshot *s)
{
	json_t *list = json_array();

	for (uint8_t i = 0; i < policy_tier_count(s->policy); i++)
		(void)json_array_append_new(list, report_tier(s, i));
	return list;
}

static json_t *report_diagnosis(const struct program *p)
{
	return p->diagnose == NULL ? json_null() : diagnose_report(p->diagnose);
}

static json_t *report_leases(const struct publisher *p)
{
	const struct leases_file *file = publisher_leases(p);
	size_t count;

	if (file == NULL)
		return json_null();
	(void)leases_file_items(file, &count);
	return json_pack("{s:I, s:b}", "count", (json_int_t)count, "kept",
	    leases_file_is_kept(file) ? 1 : 0);
}

static json_t *report_grants(const struct publisher *p)
{
	const struct grants_file *file = publisher_grants(p);
	size_t count;

	if (file == NULL)
		return json_null();
	(void)grants_file_items(file, &count);
	return json_pack("{s:I, s:I}", "count", (json_int_t)count, "damaged",
	    (json_int_t)grants_file_damaged(file));
}

/* ---- patterns that cost too much ---- */

static int compare_cuts(const void *a, const void *b)
{
	const struct ruledb_pattern *x = a;
	const struct ruledb_pattern *y = b;

	return x->cut < y->cut ? 1 : x->cut > y->cut ? -1 : 0;
}

static json_t *report_pattern(const struct ruledb *db, const struct ruledb_pattern *pattern)
{
	char text[PATTERN_TEXT_BYTES];
	struct ruledb_feed feed;
	json_t *shown;

	if (!ruledb_feed_at(db, pattern->feed, &feed))
		return json_null();
	text_printable(text, sizeof text, pattern->text);
	shown = json_string(text);
	if (shown == NULL)
		shown = json_string(""); /* no UTF-8 */
	return json_pack("{s:s, s:o, s:I}", "feed", feed.name, "pattern", shown, "cut",
	    (json_int_t)pattern->cut);
}

static json_t *report_patterns(const struct snapshot *s)
{
	struct ruledb_stat stat = {0};
	json_t *worst = json_array();
	struct ruledb_pattern *cut = NULL;
	size_t count = 0;

	if (s->rules->db != NULL)
		ruledb_stat(s->rules->db, &stat);
	if (stat.cut > 0)
		cut = calloc(stat.patterns, sizeof *cut);
	for (unsigned i = 0; cut != NULL && i < stat.patterns; i++) {
		if (ruledb_pattern_at(s->rules->db, i, &cut[count]) && cut[count].cut > 0)
			count++;
	}
	if (count > 0)
		qsort(cut, count, sizeof *cut, compare_cuts);
	for (size_t i = 0; i < count && i < WORST_PATTERNS; i++)
		(void)json_array_append_new(worst, report_pattern(s->rules->db, &cut[i]));
	free(cut);
	return json_pack("{s:I, s:I, s:o}", "count", (json_int_t)stat.patterns, "cut",
	    (json_int_t)stat.cut, "worst", worst);
}

/* ---- the department ---- */

static json_t *report_bundles(const struct snapshot *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->department->count; i++)
		(void)json_array_append_new(list,
		    department_to_json(&s->department->items[i], (int64_t)time(NULL)));
	return list;
}

/* ---- all ---- */

json_t *status_report(struct program *p)
{
	const struct snapshot *s = publisher_now(p->publisher);
	uint64_t now_ms = clock_mono_ms();
	json_int_t uptime_s = (json_int_t)((now_ms - p->started_ms) / 1000);
	json_int_t config_age_s = (json_int_t)((now_ms - p->configured_ms) / 1000);

	return json_pack(
	    "{s:b, s:s, s:I, s:I, s:o, s:o, s:o, s:o, s:b, s:o, s:b, s:b, s:o, s:o, "
	    "s:o, s:o, s:o, s:o}",
	    "ok", 1, "version", LACHAN_VERSION, "uptime_s", uptime_s, "config_age_s",
	    config_age_s, "rules", report_rules(s), "upstreams",
	    report_upstreams(p->filter, s), "cache", report_cache(p->filter), "queries",
	    report_queries(p->filter), "clock_trusted",
	    atomic_load_explicit(&p->filter->wall_trusted, memory_order_relaxed) ? 1 : 0,
	    "paused", report_pauses(s), "enforce", s->state.enforce ? 1 : 0, "partial",
	    counting_is_partial(p->counting) ? 1 : 0, "tiers", report_tiers(s), "grants",
	    report_grants(p->publisher), "leases", report_leases(p->publisher), "patterns",
	    report_patterns(s), "diagnose", report_diagnosis(p), "bundles",
	    report_bundles(s));
}
