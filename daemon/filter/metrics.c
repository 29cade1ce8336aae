/* metrics -- what `metrics` says: numbers for lachan-page, which makes Prometheus text of them.
 *
 * As `status`, without what names a tier or a category, and with
 *
 *	"rules"."empty_categories": how many, in place of which
 *	"rules"."load_failures": files that were not usable while others were in force
 *	"paused": a tier is; "diagnosing": queries are written down
 *	"latency": {"bounds_ms":[],"buckets":[],"sum_ms"}   one bucket more than bounds
 *	"feeds": [{"name","entries","age_s"}]   of the rules in force; age_s null: not known
 *	"share": [{"name","waiting","stopped","failures","delivered","delivered_s_ago"?}]   recipients
 *	"waiting", "questions", "tcp_connections", "memory_bytes" */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "filter/clock.h"
#include "filter/diagnose.h"
#include "filter/program.h"
#include "filter/tcp_places.h"
#include "filter/worker.h"
#include "kit/process.h"
#include "sharing/overview.h"

static json_t *report_latency(const struct filter *f)
{
	json_t *bounds = json_array();
	json_t *buckets = json_array();
	uint64_t sum_ms = 0;

	for (unsigned b = 0; b < LATENCY_BUCKETS; b++) {
		uint64_t count = 0;
		for (unsigned i = 0; i < f->worker_count; i++)
			count += atomic_load_explicit(
			    &f->workers[i]->latency.buckets[b], memory_order_relaxed);
		(void)json_array_append_new(buckets, json_integer((json_int_t)count));
		if (b < LATENCY_BOUNDS)
			(void)json_array_append_new(
			    bounds, json_integer((json_int_t)LATENCY_BOUND_MS[b]));
	}
	for (unsigned i = 0; i < f->worker_count; i++)
		sum_ms += atomic_load_explicit(
		    &f->workers[i]->latency.sum_ms, memory_order_relaxed);
	return json_pack("{s:o, s:o, s:I}", "bounds_ms", bounds, "buckets", buckets,
	    "sum_ms", (json_int_t)sum_ms);
}

static json_t *report_feed(const struct ruledb_feed *feed, int64_t now_s)
{
	int64_t age_s = now_s > feed->fetched_s ? now_s - feed->fetched_s : 0;

	return json_pack("{s:s, s:I, s:o}", "name", feed->name, "entries",
	    (json_int_t)(feed->names + feed->patterns + feed->networks), "age_s",
	    feed->fetched_s > 0 ? json_integer((json_int_t)age_s) : json_null());
}

static json_t *report_feeds(const struct snapshot *s)
{
	json_t *list = json_array();
	struct ruledb_feed feed;

	for (unsigned i = 0; s->rules->db != NULL && ruledb_feed_at(s->rules->db, i, &feed);
	     i++)
		(void)json_array_append_new(list, report_feed(&feed, (int64_t)time(NULL)));
	return list;
}

static uint64_t count_waiting(const struct filter *f)
{
	uint64_t waiting = 0;

	for (unsigned i = 0; i < f->worker_count; i++)
		waiting += atomic_load_explicit(
		    &f->workers[i]->askers_waiting, memory_order_relaxed);
	return waiting;
}

static bool is_paused(const struct snapshot *s)
{
	uint64_t now_ms = clock_mono_ms();

	for (size_t i = 0; i < policy_tier_count(s->policy); i++) {
		if (s->state.tiers[i].paused_until_ms > now_ms)
			return true;
	}
	return false;
}

/* Which categories are empty, and the state of each tier, are `status`'s to say. */
static void leave_out_names(json_t *report, uint64_t load_failures)
{
	json_t *rules = json_object_get(report, "rules");
	size_t empty = json_array_size(json_object_get(rules, "empty_categories"));

	(void)json_object_set_new(
	    rules, "empty_categories", json_integer((json_int_t)empty));
	(void)json_object_set_new(
	    rules, "load_failures", json_integer((json_int_t)load_failures));
	(void)json_object_del(report, "tiers");
	(void)json_object_del(report, "patterns");
	(void)json_object_del(report, "grants");
	(void)json_object_del(report, "diagnose");
}

/* How sharing stands: of recipients, never of what the documents say. */
static json_t *report_share(const struct config *config)
{
	const struct config_recipients *all = &config->share.recipients;
	const char *names[SHARING_RECIPIENTS_MAX];
	const struct sharing_question question = {
	    .state_dir = config->server.state_dir.text,
	    .names = names,
	    .count = all->count};
	struct sharing_overview found;
	json_t *list = json_array();
	int64_t now_s = (int64_t)time(NULL);

	for (size_t i = 0; i < all->count && i < SHARING_RECIPIENTS_MAX; i++)
		names[i] = all->items[i].name.text;
	if (all->count == 0 || sharing_overview(&found, &question) != OK)
		return list;
	for (size_t i = 0; i < found.count; i++) {
		const struct sharing_recipient *r = &found.recipients[i];
		json_t *one = json_pack("{s:s, s:I, s:i, s:I, s:I}", "name", r->name,
		    "waiting", (json_int_t)r->waiting, "stopped", r->state.stopped_s != 0,
		    "failures", (json_int_t)r->state.failures, "delivered",
		    (json_int_t)r->state.delivered);
		if (r->state.delivered_s != 0 && r->state.delivered_s <= now_s)
			(void)json_object_set_new(one, "delivered_s_ago",
			    json_integer((json_int_t)(now_s - r->state.delivered_s)));
		(void)json_array_append_new(list, one);
	}
	return list;
}

json_t *metrics_report(struct program *p)
{
	const struct snapshot *s = publisher_now(p->publisher);
	json_t *report = status_report(p);
	json_t *more = json_pack("{s:b, s:b, s:o, s:o, s:o, s:I, s:I, s:I, s:I}", "paused",
	    is_paused(s) ? 1 : 0, "diagnosing", diagnose_ends_at_s(p->diagnose) != 0,
	    "latency", report_latency(p->filter), "feeds", report_feeds(s), "share",
	    report_share(s->config), "waiting", (json_int_t)count_waiting(p->filter),
	    "questions", (json_int_t)inflight_count(p->filter->inflight), "tcp_connections",
	    (json_int_t)tcp_places_count(p->filter->tcp_places), "memory_bytes",
	    (json_int_t)process_resident_bytes());

	if (report != NULL)
		leave_out_names(report, publisher_load_failures(p->publisher));
	if (report == NULL || more == NULL || json_object_update(report, more) != 0) {
		json_decref(report);
		report = NULL;
	}
	json_decref(more);
	return report;
}
