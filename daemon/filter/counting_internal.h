/* counting_internal -- what the files of counting share.
 *
 *	counting.c         rings to tally, timers, the day's change
 *	counting_day.c     closing a day: tables, documents, outbox
 *	counting_school.c  what a document says of the school, from the snapshot
 *	counting_report.c  stats, top, summary-preview, summary-list
 */
#ifndef FILTER_COUNTING_INTERNAL_H
#define FILTER_COUNTING_INTERNAL_H

#include <libpsl.h>

#include "base/arena.h"
#include "base/file.h"
#include "filter/counting.h"
#include "filter/ring.h"
#include "report/report.h"
#include "tally/tally.h"

/* The tally's own indices for the policy's tiers and categories, under one snapshot. */
struct counting_labels {
	uint64_t from_generation; /* events of older snapshots go by the labels before */
	size_t tier_count;
	size_t category_count;
	int tier[POLICY_TIERS_MAX];
	int category[TALLY_CATEGORIES];
	bool sensitive[TALLY_CATEGORIES];
	char tier_name[POLICY_TIERS_MAX][TALLY_LABEL_BYTES];
	char category_name[TALLY_CATEGORIES][TALLY_LABEL_BYTES];
};

struct counting {
	struct event_base *base;
	struct filter *filter;
	struct tally *tally;
	const psl_ctx_t *suffixes; /* built into libpsl; nobody's to free */
	struct event *drain;
	struct event *second;
	uint64_t saved_ms;
	uint64_t counted_queries; /* of the workers' counters, so far */
	uint64_t ring_lost;
	struct counting_labels labels;
	struct counting_labels labels_before;
	char tally_folder[FILE_PATH_BYTES];
	char state_path[FILE_PATH_BYTES];
	char run_path[FILE_PATH_BYTES]; /* "": run_dir is not memory */
	char outbox[FILE_PATH_BYTES];
	struct sources *sources;
	uint64_t sources_since_ms;
	unsigned close_tries; /* how often closing the day has failed */
	bool storage_lost;    /* a day could not be kept: for the next summary */
	counting_watch_fn *watch;
	counting_watched_fn *watched;
	void *watch_context;
};

/* counting_day.c: keeps the tables and puts the documents of this day, and of its week when
 * `today` is in another, into the outbox. Bears being done
 * twice. False when something could not be written. */
bool counting_close_day(struct counting *c, struct tally *t, uint32_t today);
/* The local day that holds `at_s`. */
struct tally_period counting_period(int64_t at_s);

/* counting_school.c: *out borrows from the snapshot and from `memory`. ERR_MEMORY. */
MUST_CHECK enum err counting_school(struct report_school *out, struct arena *memory,
    const struct snapshot *s, const struct sources *sources);

/* The document of `t` as it stands. ERR_MEMORY, ERR_RANGE. */
MUST_CHECK enum err counting_document(
    struct counting *c, struct tally *t, struct report_document *out);

#endif
