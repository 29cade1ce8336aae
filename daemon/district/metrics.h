/* metrics -- what the collector counts of itself, and its text for Prometheus.
 *
 * Nothing here can hold a unit, a name or an address: labels are the words of the tables in
 * metrics.c. Threads: any may count, one may write the text. */
#ifndef DISTRICT_METRICS_H
#define DISTRICT_METRICS_H

#include "base/buf.h"
#include "base/err.h"

struct metrics;

enum metrics_endpoint {
	METRICS_SUMMARIES,
	METRICS_ENROLMENTS,
	METRICS_QUICK_REPORTS,
	METRICS_NOMINATIONS,
	METRICS_BUNDLES,
	METRICS_ENDPOINTS
};

/* What the main thread knows at this moment. */
struct metrics_now {
	uint64_t connections;
	uint64_t jobs;
	uint64_t memory_bytes;
};

MUST_CHECK enum err metrics_open(struct metrics **out);
void metrics_close(struct metrics *m);

/* One answer of an endpoint: "stored", "same", …, or the word `why` of a refusal. */
void metrics_count(struct metrics *m, enum metrics_endpoint at, const char *result);
/* A request that was refused before it had a handler, by its status; 0: a connection that
 * was closed at the door. */
void metrics_count_refusal(struct metrics *m, unsigned status);
/* From the last octet of a request to its answer; `lane` is an enum lane. */
void metrics_time(struct metrics *m, unsigned lane, uint64_t us);

/* Documents and quick reports of schools that are known, refused for what they were; since the
 * start. */
uint64_t metrics_refused(const struct metrics *m);

void metrics_write(const struct metrics *m, const struct metrics_now *now, struct buf *out);

#endif
