#include "district/metrics.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"

static const char *const ENDPOINTS[METRICS_ENDPOINTS] = {
    "summaries", "enrolments", "quick-reports", "nominations", "bundles"};

/* "stored" to "enrolled", then the words of docs/protocol.md; the last stands for all else. */
static const char *const RESULTS[] = {"stored", "same", "superseded", "older", "enrolled",
    "credentials", "revoked", "unit", "partner", "type", "gzip", "expanded", "json", "form",
    "clock", "period", "floor", "rounding", "total", "unsigned", "signature", "key",
    "future", "too-old", "conflict", "rate", "category", "name", "url", "token", "busy",
    "store", "bundle", "expired", "other"};

static const unsigned STATUSES[] = {0, 400, 404, 405, 411, 413, 415, 417, 431, 503, 505, 1};

static const char *const LANES[] = {"intake", "read"};

static const uint64_t BUCKETS_US[] = {1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000,
    500000, 1000000, 2500000, 10000000};

enum {
	RESULT_COUNT = COUNT_OF(RESULTS),
	STATUS_COUNT = COUNT_OF(STATUSES),
	LANE_COUNT = COUNT_OF(LANES),
	BUCKET_COUNT = COUNT_OF(BUCKETS_US)
};

/* All relaxed: sums that nobody orders anything by. */
struct metrics {
	atomic_uint_fast64_t answers[METRICS_ENDPOINTS][RESULT_COUNT];
	atomic_uint_fast64_t refusals[STATUS_COUNT];
	atomic_uint_fast64_t buckets[LANE_COUNT][BUCKET_COUNT + 1];
	atomic_uint_fast64_t spent_us[LANE_COUNT];
};

enum err metrics_open(struct metrics **out)
{
	*out = calloc(1, sizeof **out);
	return *out != NULL ? OK : ERR_MEMORY;
}

void metrics_close(struct metrics *m)
{
	free(m);
}

static void add(atomic_uint_fast64_t *counter, uint64_t n)
{
	atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static uint64_t load(const atomic_uint_fast64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

void metrics_count(struct metrics *m, enum metrics_endpoint at, const char *result)
{
	size_t i = 0;

	while (i + 1 < RESULT_COUNT && strcmp(RESULTS[i], result) != 0)
		i++;
	add(&m->answers[at][i], 1);
}

void metrics_count_refusal(struct metrics *m, unsigned status)
{
	size_t i = 0;

	while (i + 1 < STATUS_COUNT && STATUSES[i] != status)
		i++;
	add(&m->refusals[i], 1);
}

void metrics_time(struct metrics *m, unsigned lane, uint64_t us)
{
	size_t i = 0;

	while (i < BUCKET_COUNT && us > BUCKETS_US[i])
		i++;
	add(&m->buckets[lane][i], 1);
	add(&m->spent_us[lane], us);
}

/* Strangers, haste and our own trouble are no fault of a school's documents; nor is success. */
static bool is_fault(const char *result)
{
	static const char *const others[] = {"stored", "same", "superseded", "older",
	    "enrolled", "credentials", "rate", "busy", "store"};

	for (size_t i = 0; i < COUNT_OF(others); i++)
		if (strcmp(result, others[i]) == 0)
			return false;
	return true;
}

uint64_t metrics_refused(const struct metrics *m)
{
	uint64_t sum = 0;

	for (size_t r = 0; r < RESULT_COUNT; r++)
		if (is_fault(RESULTS[r]))
			sum += load(&m->answers[METRICS_SUMMARIES][r]) +
			    load(&m->answers[METRICS_QUICK_REPORTS][r]);
	return sum;
}

/* ---- the text --------------------------------------------------------------------------- */

static void head(struct buf *out, const char *name, const char *type, const char *help)
{
	buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void write_answers(const struct metrics *m, struct buf *out)
{
	head(out, "lachan_district_answers_total", "counter",
	    "Answers of the endpoints that schools send to, by result.");
	for (size_t e = 0; e < METRICS_ENDPOINTS; e++)
		for (size_t r = 0; r < RESULT_COUNT; r++)
			if (load(&m->answers[e][r]) > 0)
				buf_printf(out,
				    "lachan_district_answers_total{endpoint=\"%s\",result=\"%s\"}"
				    " %" PRIu64 "\n",
				    ENDPOINTS[e], RESULTS[r], load(&m->answers[e][r]));
}

static void write_refusals(const struct metrics *m, struct buf *out)
{
	head(out, "lachan_district_refused_requests_total", "counter",
	    "Requests refused before they had a handler, by status; closed: not even read.");
	for (size_t i = 0; i < STATUS_COUNT; i++) {
		uint64_t count = load(&m->refusals[i]);
		char word[16];
		if (count == 0)
			continue;
		(void)snprintf(word, sizeof word, "%u", STATUSES[i]);
		const char *label = STATUSES[i] == 0 ? "closed"
		    : STATUSES[i] == 1               ? "other"
		                                     : word;
		buf_printf(out,
		    "lachan_district_refused_requests_total{status=\"%s\"} %" PRIu64 "\n",
		    label, count);
	}
}

static void write_times(const struct metrics *m, struct buf *out)
{
	static const char name[] = "lachan_district_answer_seconds";

	head(out, name, "histogram", "From the end of a request to its answer, by lane.");
	for (size_t lane = 0; lane < LANE_COUNT; lane++) {
		uint64_t sum = 0;
		for (size_t i = 0; i < BUCKET_COUNT; i++) {
			sum += load(&m->buckets[lane][i]);
			buf_printf(out, "%s_bucket{lane=\"%s\",le=\"%g\"} %" PRIu64 "\n",
			    name, LANES[lane], (double)BUCKETS_US[i] / 1e6, sum);
		}
		sum += load(&m->buckets[lane][BUCKET_COUNT]);
		uint64_t us = load(&m->spent_us[lane]);
		buf_printf(out,
		    "%s_bucket{lane=\"%s\",le=\"+Inf\"} %" PRIu64
		    "\n%s_sum{lane=\"%s\"} %" PRIu64 ".%06u\n%s_count{lane=\"%s\"} %" PRIu64
		    "\n",
		    name, LANES[lane], sum, name, LANES[lane], us / 1000000,
		    (unsigned)(us % 1000000), name, LANES[lane], sum);
	}
}

static void gauge(struct buf *out, const char *name, const char *help, uint64_t value)
{
	head(out, name, "gauge", help);
	buf_printf(out, "%s %" PRIu64 "\n", name, value);
}

void metrics_write(const struct metrics *m, const struct metrics_now *now, struct buf *out)
{
	head(out, "lachan_district_info", "gauge", "Always 1; the version is a label.");
	buf_printf(out, "lachan_district_info{version=\"%s\"} 1\n", LACHAN_VERSION);
	write_answers(m, out);
	write_refusals(m, out);
	write_times(m, out);
	gauge(out, "lachan_district_connections", "Open connections.", now->connections);
	gauge(out, "lachan_district_jobs", "Requests that wait for or have a thread.",
	    now->jobs);
	gauge(out, "lachan_district_memory_bytes", "Resident memory.", now->memory_bytes);
}
