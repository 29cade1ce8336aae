#include "page/metrics_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
	LABELS_BYTES = 512
};

struct sheet;

/* One name of the exposition. `write` gives its samples; `object` and `key` say where its
 * number lies in the filter's reply, for those that have one number. */
struct family {
	const char *name;
	const char *type;
	const char *help;
	void (*write)(struct sheet *s, const struct family *f);
	const char *object; /* "" : the reply itself */
	const char *key;
};

struct sheet {
	struct buf *out;
	const struct metrics_facts *facts;
	bool headed; /* HELP and TYPE of the family under way are written */
};

/* ---- samples ---- */

static void head(struct sheet *s, const struct family *f)
{
	if (s->headed)
		return;
	s->headed = true;
	buf_printf(
	    s->out, "# HELP %s %s\n# TYPE %s %s\n", f->name, f->help, f->name, f->type);
}

static void sample(
    struct sheet *s, const struct family *f, const char *labels, int64_t value)
{
	head(s, f);
	buf_printf(s->out, "%s%s %" PRId64 "\n", f->name, labels, value);
}

static void sample_us(
    struct sheet *s, const struct family *f, const char *labels, int64_t us)
{
	head(s, f);
	buf_printf(s->out, "%s%s %" PRId64 ".%06d\n", f->name, labels, us / 1000000,
	    (int)(us % 1000000));
}

/* Labels into a text of its own: values come from the configuration and are escaped. */
static const char *label(char out[LABELS_BYTES], const char *name, const char *value)
{
	size_t at = (size_t)snprintf(out, LABELS_BYTES, "{%s=\"", name);

	for (; *value != 0 && at + 6 < LABELS_BYTES; value++) {
		if (*value == '\\' || *value == '"' || *value == '\n')
			out[at++] = '\\';
		out[at++] = *value == '\n' ? 'n' : *value;
	}
	memcpy(out + at, "\"}", 3);
	return out;
}

static const json_t *part(const struct sheet *s, const char *object)
{
	return object[0] == 0 ? s->facts->filter
	                      : json_object_get(s->facts->filter, object);
}

static bool number_of(const json_t *object, const char *key, int64_t *out)
{
	const json_t *value = json_object_get(object, key);

	if (json_is_boolean(value)) {
		*out = json_is_true(value) ? 1 : 0;
	} else if (json_is_integer(value) && json_integer_value(value) >= 0) {
		*out = (int64_t)json_integer_value(value);
	} else {
		return false;
	}
	return true;
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text == NULL ? "" : text;
}

/* ---- families of one number ---- */

static void write_number(struct sheet *s, const struct family *f)
{
	int64_t value;

	if (number_of(part(s, f->object), f->key, &value))
		sample(s, f, "", value);
}

static void write_build(struct sheet *s, const struct family *f)
{
	char labels[LABELS_BYTES];

	if (s->facts->filter != NULL)
		sample(s, f, label(labels, "version", text_of(s->facts->filter, "version")),
		    1);
}

/* ---- the counters of the filter's workers ---- */

/* In the order in which they are shown. What is in neither table is shown as an event, so
 * that no counter is ever hidden. */
static const char *const TRANSPORTS[] = {"udp", "tcp"};
static const char *const VERDICTS[] = {"blocked", "cached", "local", "forwarded", "joined",
    "refused", "malformed", "failed", "remembered"};
/* Those that have a name of their own below. */
static const char *const NAMED[] = {
    "stale", "prefetched", "upstream_mismatches", "ring_lost"};

static bool is_in(const char *name, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(list[i], name) == 0)
			return true;
	}
	return false;
}

static void write_listed(
    struct sheet *s, const struct family *f, const char *const *list, size_t count)
{
	char labels[LABELS_BYTES];
	int64_t value;

	for (size_t i = 0; i < count; i++) {
		if (number_of(part(s, "queries"), list[i], &value))
			sample(s, f, label(labels, f->key, list[i]), value);
	}
}

static void write_queries(struct sheet *s, const struct family *f)
{
	write_listed(s, f, TRANSPORTS, COUNT_OF(TRANSPORTS));
}

static void write_verdicts(struct sheet *s, const struct family *f)
{
	write_listed(s, f, VERDICTS, COUNT_OF(VERDICTS));
}

#define DROPPED "dropped"

/* "dropped" is all that has no counter of its own; "dropped_rate" has the reason "rate". */
static void write_drops(struct sheet *s, const struct family *f)
{
	char labels[LABELS_BYTES];
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)part(s, "queries"), name, value)
	{
		if (strncmp(name, DROPPED, strlen(DROPPED)) != 0 || !json_is_integer(value))
			continue;
		const char *reason = name + strlen(DROPPED);
		sample(s, f, label(labels, "reason", *reason == '_' ? reason + 1 : "other"),
		    (int64_t)json_integer_value(value));
	}
}

static void write_events(struct sheet *s, const struct family *f)
{
	char labels[LABELS_BYTES];
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)part(s, "queries"), name, value)
	{
		if (is_in(name, TRANSPORTS, COUNT_OF(TRANSPORTS)) ||
		    is_in(name, VERDICTS, COUNT_OF(VERDICTS)) ||
		    is_in(name, NAMED, COUNT_OF(NAMED)) ||
		    strncmp(name, DROPPED, strlen(DROPPED)) == 0 || !json_is_integer(value))
			continue;
		sample(
		    s, f, label(labels, "event", name), (int64_t)json_integer_value(value));
	}
}

/* ---- latency ---- */

static void write_latency(struct sheet *s, const struct family *f)
{
	const json_t *latency = part(s, "latency");
	const json_t *bounds = json_object_get(latency, "bounds_ms");
	const json_t *buckets = json_object_get(latency, "buckets");
	int64_t sum_ms;
	int64_t count = 0;

	if (!number_of(latency, "sum_ms", &sum_ms) ||
	    json_array_size(buckets) != json_array_size(bounds) + 1)
		return;
	head(s, f);
	for (size_t i = 0; i < json_array_size(buckets); i++) {
		count += (int64_t)json_integer_value(json_array_get(buckets, i));
		if (i < json_array_size(bounds)) {
			double bound_s =
			    (double)json_integer_value(json_array_get(bounds, i)) / 1000;
			buf_printf(s->out, "%s_bucket{le=\"%g\"} %" PRId64 "\n", f->name,
			    bound_s, count);
		}
	}
	buf_printf(s->out, "%s_bucket{le=\"+Inf\"} %" PRId64 "\n", f->name, count);
	buf_printf(s->out, "%s_sum %" PRId64 ".%03d\n", f->name, sum_ms / 1000,
	    (int)(sum_ms % 1000));
	buf_printf(s->out, "%s_count %" PRId64 "\n", f->name, count);
}

/* ---- lists: upstream servers, feeds, programs ---- */

/* Labels of an item of "upstreams": its address, and the zone it serves where it has one. */
static const char *server_labels(char out[LABELS_BYTES], const json_t *server)
{
	const char *zone = text_of(server, "zone");
	char second[LABELS_BYTES];

	(void)label(out, "server", text_of(server, "address"));
	(void)label(second, "zone", zone);
	size_t len = strlen(out);
	if (zone[0] != 0 && len + strlen(second) < LABELS_BYTES)
		(void)snprintf(out + len - 1, LABELS_BYTES - len + 1, ",%s", second + 1);
	return out;
}

static void write_upstream(struct sheet *s, const struct family *f)
{
	char labels[LABELS_BYTES];
	const json_t *server;
	int64_t value;
	size_t i;

	json_array_foreach(part(s, "upstreams"), i, server)
	{
		if (number_of(server, f->key, &value))
			sample(s, f, server_labels(labels, server), value);
	}
}

static void write_upstream_up(struct sheet *s, const struct family *f)
{
	char labels[LABELS_BYTES];
	const json_t *server;
	size_t i;

	json_array_foreach(part(s, "upstreams"), i, server) sample(s, f,
	    server_labels(labels, server), strcmp(text_of(server, "state"), "up") == 0);
}

static void write_upstream_rtt(struct sheet *s, const struct family *f)
{
	char labels[LABELS_BYTES];
	const json_t *server;
	int64_t us;
	size_t i;

	json_array_foreach(part(s, "upstreams"), i, server)
	{
		if (number_of(server, "rtt_us", &us) && us > 0) /* 0: never measured */
			sample_us(s, f, server_labels(labels, server), us);
	}
}

static void write_feed(struct sheet *s, const struct family *f)
{
	char labels[LABELS_BYTES];
	const json_t *feed;
	int64_t value;
	size_t i;

	json_array_foreach(part(s, "feeds"), i, feed)
	{
		if (number_of(feed, f->key, &value))
			sample(s, f, label(labels, "feed", text_of(feed, "name")), value);
	}
}

/* Did the last try of each list that is pulled bring what was wanted? */
static void write_feed_result(struct sheet *s, const struct family *f)
{
	char labels[LABELS_BYTES];
	const char *name;
	json_t *result;

	json_object_foreach((json_t *)(uintptr_t)s->facts->feed_results, name, result)
	{
		const char *word = json_string_value(result);
		bool ok = word != NULL &&
		    (strcmp(word, "ok") == 0 || strcmp(word, "unchanged") == 0);
		bool held = word != NULL && strcmp(word, "held") == 0;
		sample(s, f, label(labels, "feed", name),
		    strcmp(f->key, "held") == 0 ? held : ok);
	}
}

/* Documents on their way, by recipient: how many, never what they say. */
static void write_recipient(struct sheet *s, const struct family *f)
{
	char labels[LABELS_BYTES];
	const json_t *one;
	int64_t value;
	size_t i;

	json_array_foreach(part(s, "share"), i, one)
	{
		if (number_of(one, f->key, &value))
			sample(
			    s, f, label(labels, "recipient", text_of(one, "name")), value);
	}
}

/* The filter is up when it answers; the others when the supervisor says so. */
static void write_up(struct sheet *s, const struct family *f)
{
	char labels[LABELS_BYTES];
	const json_t *child;
	size_t i;

	sample(s, f, label(labels, "program", "lachan-filter"), s->facts->filter != NULL);
	sample(s, f, label(labels, "program", "lachand"), s->facts->lachand != NULL);
	json_array_foreach(json_object_get(s->facts->lachand, "children"), i, child)
	{
		const char *name = text_of(child, "name");
		if (strcmp(name, "lachan-filter") != 0)
			sample(s, f, label(labels, "program", name),
			    strcmp(text_of(child, "state"), "ready") == 0);
	}
}

static void write_child(struct sheet *s, const struct family *f)
{
	char labels[LABELS_BYTES];
	const json_t *child;
	int64_t value;
	size_t i;

	json_array_foreach(json_object_get(s->facts->lachand, "children"), i, child)
	{
		if (number_of(child, f->key, &value))
			sample(
			    s, f, label(labels, "program", text_of(child, "name")), value);
	}
}

static void write_memory(struct sheet *s, const struct family *f)
{
	char labels[LABELS_BYTES];
	int64_t value;

	if (number_of(s->facts->filter, "memory_bytes", &value))
		sample(s, f, label(labels, "program", "lachan-filter"), value);
	sample(s, f, label(labels, "program", "lachan-page"),
	    (int64_t)s->facts->page_memory_bytes);
}

/* ---- all of them ---- */

/* Names are for ever: dashboards and alarms ask for them. docs/metrics.md has them all. */
static const struct family FAMILIES[] = {
    {"lachan_build_info", "gauge", "Always 1; the version that runs.", write_build, "", ""},
    {"lachan_up", "gauge", "1 when the program runs and answers.", write_up, "", ""},
    {"lachan_restarts_total", "counter", "Times the supervisor had to start it again.",
        write_child, "", "restarts"},
    {"lachan_program_uptime_seconds", "gauge", "Since the program was started.",
        write_child, "", "uptime_s"},
    {"lachan_memory_bytes", "gauge", "Resident memory of the program.", write_memory, "",
        ""},

    {"lachan_queries_total", "counter", "Queries received.", write_queries, "",
        "transport"},
    {"lachan_verdicts_total", "counter",
        "What became of queries; joined: waited for a question already asked upstream; "
        "remembered: SERVFAIL, since a moment ago it failed.",
        write_verdicts, "", "verdict"},
    {"lachan_drops_total", "counter", "Queries and answers dropped in silence.",
        write_drops, "", ""},
    {"lachan_events_total", "counter", "What else the filter counts.", write_events, "",
        ""},
    {"lachan_answer_seconds", "histogram",
        "From the reading of a query to its answer; what is answered at once counts as 0.",
        write_latency, "", ""},
    {"lachan_clients_waiting", "gauge", "Askers that wait for upstream now.", write_number,
        "", "waiting"},
    {"lachan_upstream_questions", "gauge", "Questions that are upstream now.", write_number,
        "", "questions"},
    {"lachan_tcp_connections", "gauge", "Open connections of clients.", write_number, "",
        "tcp_connections"},

    {"lachan_cache_entries", "gauge", "Answers in the cache.", write_number, "cache",
        "entries"},
    {"lachan_cache_bytes", "gauge", "Bytes they hold.", write_number, "cache", "bytes"},
    {"lachan_cache_limit_bytes", "gauge", "Bytes the cache may hold.", write_number,
        "cache", "limit_bytes"},
    {"lachan_cache_hits_total", "counter", "Looks that found an answer.", write_number,
        "cache", "hits"},
    {"lachan_cache_misses_total", "counter", "Looks that did not.", write_number, "cache",
        "misses"},
    {"lachan_cache_evictions_total", "counter", "Answers that made room for others.",
        write_number, "cache", "evictions"},

    {"lachan_cache_stale_total", "counter",
        "Answers past their end, given while upstream fails.", write_number, "queries",
        "stale"},
    {"lachan_cache_prefetches_total", "counter",
        "Popular answers asked for anew before their end.", write_number, "queries",
        "prefetched"},

    {"lachan_upstream_up", "gauge", "1 unless it failed several times in a row.",
        write_upstream_up, "", ""},
    {"lachan_upstream_rtt_seconds", "gauge", "Its smoothed round trip.", write_upstream_rtt,
        "", ""},
    {"lachan_upstream_queries_total", "counter", "Queries sent to it.", write_upstream, "",
        "queries"},
    {"lachan_upstream_failures", "gauge",
        "Queries in a row that it failed; 0 after a good answer.", write_upstream, "",
        "failures"},
    {"lachan_upstream_timeouts_total", "counter", "Queries it left unanswered.",
        write_upstream, "", "timeouts"},

    {"lachan_upstream_mismatches_total", "counter",
        "Replies that matched no question: forged, or late.", write_number, "queries",
        "upstream_mismatches"},

    {"lachan_rules_generation", "gauge", "Of the rules in force.", write_number, "rules",
        "generation"},
    {"lachan_rules_names", "gauge", "Names in the rules in force.", write_number, "rules",
        "names"},
    {"lachan_rules_age_seconds", "gauge", "Since they were compiled.", write_number,
        "rules", "age_s"},
    {"lachan_rules_load_failures_total", "counter",
        "New rules that were not usable; the ones before stayed.", write_number, "rules",
        "load_failures"},
    {"lachan_rules_empty_categories", "gauge",
        "How many categories block and hold no name: what nobody is protected from.",
        write_number, "rules", "empty_categories"},
    {"lachan_feed_entries", "gauge", "Names and patterns of the list in force.", write_feed,
        "", "entries"},
    {"lachan_feed_age_seconds", "gauge", "Since the list in force was fetched.", write_feed,
        "", "age_s"},
    {"lachan_feed_ok", "gauge", "1 when the last try brought a good copy.",
        write_feed_result, "", "ok"},
    {"lachan_feed_held", "gauge", "1 when a new version waits for a person.",
        write_feed_result, "", "held"},

    {"lachan_share_waiting", "gauge", "Documents that the recipient has not answered for.",
        write_recipient, "", "waiting"},
    {"lachan_share_stopped", "gauge", "1: it does not know us; nothing is sent to it.",
        write_recipient, "", "stopped"},
    {"lachan_share_failures", "gauge", "Tries in a row without a usable answer.",
        write_recipient, "", "failures"},
    {"lachan_share_delivered_total", "counter", "Documents that it has taken.",
        write_recipient, "", "delivered"},
    {"lachan_share_delivered_age_seconds", "gauge", "Since it took the last one.",
        write_recipient, "", "delivered_s_ago"},

    {"lachan_uptime_seconds", "gauge", "Since the filter was started.", write_number, "",
        "uptime_s"},
    {"lachan_clock_trusted", "gauge", "0: the calendar decides nothing.", write_number, "",
        "clock_trusted"},
    {"lachan_enforcing", "gauge", "0 in a trial.", write_number, "", "enforce"},
    {"lachan_paused", "gauge", "1 while filtering is paused for somebody.", write_number,
        "", "paused"},
    {"lachan_diagnosing", "gauge", "1 while queries are written down (lachanctl diagnose).",
        write_number, "", "diagnosing"},
    {"lachan_tally_lost_total", "counter",
        "Events that were not counted for the summary: its ring was full.", write_number,
        "queries", "ring_lost"},
    {"lachan_day_partial", "gauge", "1 when today's counts are lower bounds.", write_number,
        "", "partial"},
};

void metrics_write(struct buf *out, const struct metrics_facts *facts)
{
	struct sheet sheet = {.out = out, .facts = facts};

	for (size_t i = 0; i < COUNT_OF(FAMILIES); i++) {
		sheet.headed = false;
		FAMILIES[i].write(&sheet, &FAMILIES[i]);
	}
}
