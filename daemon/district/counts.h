/* counts -- sums over schools and days: what pages and reports ask of the store.
 *
 * All sums are of published numbers. Where `withheld` is not 0 the sum is a lower bound:
 * say "at least". See store.h for threads, errors and days.
 *
 * Which units: an array by unit number (struct unit.number, tree_number()) that says to
 * which group each belongs, or COUNTS_SKIP; units beyond `unit_count` are skipped. tree.h
 * fills such arrays, with merged units in their successor's group. No array: all units that
 * ever sent, in group 0. */
#ifndef DISTRICT_COUNTS_H
#define DISTRICT_COUNTS_H

#include "district/store.h"

#define COUNTS_SKIP  UINT32_MAX
#define COUNTS_TOTAL SIZE_MAX /* as group or period: the sum over all of them */

struct counts_units {
	const uint32_t *group_of; /* by unit number; NULL: everybody in group 0 */
	size_t unit_count;
	size_t group_count; /* 1 without an array */
};
#define COUNTS_EVERYBODY ((struct counts_units){NULL, 0, 1})

enum counts_by {
	COUNTS_BY_NOTHING,
	COUNTS_BY_MONTH, /* calendar months; the first and last may be cut */
	COUNTS_BY_DAY
};

struct counts_query {
	struct counts_units units;
	int32_t from;
	int32_t to; /* at most 50 years */
	enum counts_by by;
};

/* A cell of the table. `category` may be "other" and "sensitive_other", `tier` "merged"
 * and "all"; sensitive categories have tier "all" and count at their week's first day. */
struct counts_cell {
	const char *tier;
	const char *category;
	uint64_t attempts;  /* sum of what was published */
	uint64_t devices;   /* sum over documents of their bands' lower ends */
	uint64_t published; /* documents that gave a number, 0 too */
	uint64_t withheld;  /* documents that said `below` */
};

struct counts_tier {
	const char *tier;
	uint64_t device_days; /* sum over days of the bands' lower ends: a lower bound */
	uint64_t days;        /* school-days with this tier */
	uint64_t by_default_percent; /* sum over them of by-default-percent */
};

struct counts_failure {
	const char *type;
	uint64_t count;
	uint64_t days; /* school-days with it */
};

/* Sums over daily documents. */
enum counts_sum {
	SUM_DAYS,  /* school-days: daily documents */
	SUM_WEEKS, /* weekly documents */
	SUM_UPTIME_S,
	SUM_UNFILTERED_S,
	SUM_UNFILTERED_DAYS,
	SUM_QUERIES,   /* of rounded numbers */
	SUM_PUBLISHED, /* published-total, weekly ones too */
	SUM_PARTIAL_DAYS,
	SUM_TRIAL_DAYS,  /* enforce false */
	SUM_SHARED_DAYS, /* one address hides many devices */
	SUM_FORWARDED_DAYS,
	SUM_STALE_DAYS, /* a feed older than COUNTS_STALE_HOURS */
	SUM_EMPTY_DAYS, /* a category that a tier blocks had 0 entries */
	SUM_REVIEWS,    /* lower ends of the bands: a lower bound */
	SUM_REVIEWS_ANSWERED,
	SUM_FAILURE_DAYS, /* school-days with any failure */
	SUMS
};
enum {
	COUNTS_STALE_HOURS = 7 * 24
};

struct counts;

/* On success *out is the caller's, counts_free(); it does not need the store any more.
 * ERR_RANGE: from after to, too long; ERR_FULL: groups times periods above 100,000. */
MUST_CHECK enum err store_counts(
    struct store *store, const struct counts_query *query, struct counts **out);
void counts_free(struct counts *counts);

size_t counts_periods(const struct counts *counts);
/* The days of a period, [*from, *to). */
void counts_period(const struct counts *counts, size_t period, int32_t *from, int32_t *to);
/* Ordered by category, then tier, as words; *out lives as long as `counts`. */
size_t counts_cells(const struct counts *counts, size_t group, size_t period,
    const struct counts_cell **out);
size_t counts_tiers(const struct counts *counts, size_t group, size_t period,
    const struct counts_tier **out);
size_t counts_failures(const struct counts *counts, size_t group, size_t period,
    const struct counts_failure **out);
uint64_t counts_sum(
    const struct counts *counts, size_t group, size_t period, enum counts_sum which);
/* Some days asked for are not in the sums: their documents were removed by retention, and
 * the period cuts a half-month, or asks by day. */
bool counts_incomplete(const struct counts *counts);

/* ---- names ---- */

struct counts_name {
	const char *category;
	const char *name;     /* A-labels */
	uint64_t device_days; /* lower bound */
	uint64_t days;        /* school-days that named it */
	uint64_t units;       /* schools that named it */
};
typedef bool counts_name_row(void *context, const struct counts_name *name);
struct counts_names_query {
	struct counts_units units; /* groups are not told apart */
	int32_t from;
	int32_t to;
	const char *category; /* NULL: all */
	size_t limit;
};
/* The `limit` most met, by device_days, then days, then letters. */
MUST_CHECK enum err store_names(struct store *store, const struct counts_names_query *query,
    counts_name_row *row, void *context);

/* ---- coverage: each unit's last word ---- */

struct coverage_feed {
	const char *name;
	uint64_t entries;
	uint64_t age_hours;
};

/* What the last daily document up to the asked day said. */
struct coverage_state {
	bool enforce; /* false: in trial */
	bool partial;
	bool shared_source;
	uint64_t uptime_s;
	uint64_t unfiltered_s;
	uint64_t queries;
	const char *placement;
	const char *generator;
	const char *policy_sha256;
	const char *name; /* as the school writes itself */
	const char *contact;
	uint64_t oldest_feed_hours;
	const struct coverage_feed *feeds;
	size_t feed_count;
	const char *const *empty; /* categories that a tier blocks, with 0 entries */
	size_t empty_count;
	const struct counts_failure *failures; /* days is 1 */
	size_t failure_count;
	const struct counts_tier *tiers; /* of that day */
	size_t tier_count;
};

struct coverage_row {
	uint32_t unit_number;
	const char *unit;
	int32_t last_day;                   /* of daily documents */
	int64_t received_s;                 /* when that one came */
	uint32_t days;                      /* daily documents in the window */
	const struct coverage_state *state; /* NULL: that document was removed */
};

struct coverage;

/* Of all units that have sent a daily document up to `as_of` (that day included; DAY_FOREVER:
 * the newest). The window is the `window_days` days that end with `as_of`; with DAY_FOREVER
 * give the day in `today`. On success *out is the caller's. */
struct coverage_query {
	int32_t as_of;
	uint32_t window_days; /* at most 400 */
};
MUST_CHECK enum err store_coverage(
    struct store *store, const struct coverage_query *query, struct coverage **out);
void coverage_free(struct coverage *coverage);
/* The unit's row, or NULL when it never sent. */
const struct coverage_row *coverage_find(
    const struct coverage *coverage, uint32_t unit_number);
/* All rows by unit number. */
size_t coverage_rows(const struct coverage *coverage, const struct coverage_row **out);

/* ---- which days were sent ---- */

/* For every unit with a daily document in [from, to), at most 50 years: of which days, bit i
 * of byte i / 8 (the lowest first) is day from + i. By unit number. For "reported on at least
 * 90 % of the due days", and a unit's calendar. */
struct sent_days {
	uint32_t unit_number;
	const uint8_t *days; /* (to - from + 7) / 8 bytes */
	uint32_t count;      /* of bits that are set */
};
typedef bool sent_days_row(void *context, const struct sent_days *unit);
MUST_CHECK enum err store_sent_days(
    struct store *store, int32_t from, int32_t to, sent_days_row *row, void *context);

/* ---- what was published, row by row: export.csv ---- */

struct published_row {
	const char *unit;
	uint32_t unit_number;
	int32_t day;
	int32_t days; /* 1, or 7 for a week of sensitive categories */
	enum report_cut cut;
	uint32_t revision;
	const char *tier;
	const char *category;
	bool below;
	uint64_t attempts;
	uint64_t devices; /* the band's lower end; 0 none */
};
typedef bool published_row_call(void *context, const struct published_row *row);
/* By day, unit, cut, then cell. Streams. */
struct published_query {
	struct counts_units units;
	int32_t from;
	int32_t to;
};
MUST_CHECK enum err store_published(struct store *store,
    const struct published_query *query, published_row_call *row, void *context);

#endif
