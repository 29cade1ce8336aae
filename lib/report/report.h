/* report -- the privacy floor, and the one document that leaves the school.
 *
 *   struct report_input  --report_make-->  struct report_document  --report_encode-->  JSON
 *
 * Pure functions of plain counts: the types cannot hold a device. All rules of
 * CONTRACT.md "The summary" that suppress, pool, round and total stand in this module and
 * nowhere else. signed.h adds and cuts the signature; quick.h is the other document.
 *
 * This is disclosure control, not differential privacy. README.md says what is left open.
 *
 * Threads: no shared state. */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/err.h"
#include "tally/totals.h"

enum {
	REPORT_ID_BYTES = 37,     /* a UUID, with the final NUL */
	REPORT_SHA256_BYTES = 65, /* hex, with the final NUL */
	REPORT_FLOOR_DEVICES = 5, /* the least min_devices, whatever was asked for */
	REPORT_KINDS = 8,
	REPORT_FEEDS = 256,
	REPORT_RECORDS = 1 + TALLY_CATEGORIES * (TALLY_TIERS + 1),
	REPORT_DAYS = 7,
	REPORT_MAX_BYTES = 1024 * 1024 /* of one document's JSON */
};

/* ---- what goes in; texts are borrowed, NULL means "" ---- */

struct report_privacy {
	uint32_t min_devices; /* raised to REPORT_FLOOR_DEVICES */
	uint32_t min_population;
	uint32_t cap; /* attempts of one device a day, as the tally counts */
};

struct report_feed {
	const char *name;
	uint64_t entries;
	uint64_t age_hours;
	const char *sha256;
};

/* What the policy says of one tier of the tally, matched by its word. */
struct report_tier_policy {
	const char *tier;
	const char *const *block; /* category words, NULL at the end */
	const char *youtube;      /* off | moderate | strict */
};

struct report_category_entries {
	const char *category;
	uint64_t entries;
};

struct report_school {
	const char *unit; /* "" before enrolment */
	const char *name;
	const char *kinds[REPORT_KINDS]; /* school.levels */
	const char *contact;
	const char *generator; /* "lachan 0.1.0" */
	const char *policy_sha256;
	bool enforce;
	bool all_tiers; /* monitor.summary.tiers: all */
	bool names;     /* monitor.summary.names */
	uint32_t top_names;
	const struct report_tier_policy *tiers;
	size_t tier_count;
	const struct report_category_entries *categories;
	size_t category_count;
	const struct report_feed *feeds;
	size_t feed_count;
	const char *placement; /* "gateway", "forwarded" */
	bool shared_source;    /* one address hides many devices */
	uint32_t reviews_requested;
	uint32_t reviews_answered;
	struct report_privacy privacy;
};

/* Answers with counts over several cells of the same day, where devices that met more
 * than one of them count once. A lower bound of the devices is allowed. */
struct report_counter {
	void *context;
	struct tally_cell (*count)(void *context, const struct tally_selection *which);
	uint32_t (*population)(void *context, uint32_t tiers);
};

/* A counter over totals alone, for days that are read back from disk: devices of a pool
 * are the largest lower bound the totals allow. It only reads `totals`, which must
 * outlive it. */
struct report_counter report_counter_of_totals(struct tally_totals *totals);

/* ---- what comes out ---- */

enum report_band {
	REPORT_BAND_NONE, /* fewer than 5: has no name and is never written */
	REPORT_BAND_5,
	REPORT_BAND_10,
	REPORT_BAND_20,
	REPORT_BAND_50,
	REPORT_BAND_100,
	REPORT_BAND_250,
	REPORT_BAND_500
};

struct report_record {
	const char *tier;      /* NULL in a weekly document; "merged", "all" */
	const char *category;  /* "other", "sensitive_other" */
	bool below;            /* withheld: no number, no band */
	uint64_t attempts;     /* rounded */
	enum report_band band; /* REPORT_BAND_NONE for a cell of 0 */
};

struct report_coverage_tier {
	const char *tier;
	enum report_band band;
	uint32_t by_default_percent;
};

struct report_name {
	const char *category;
	const char *name;
	enum report_band band;
};

struct report_document_tier {
	const char *tier;
	const char **block;
	size_t block_count;
	const char *youtube;
};

enum report_cut {
	REPORT_DAY,
	REPORT_WEEK_SENSITIVE
};

/* Members in the order they are written. All texts and arrays live in `memory`. */
struct report_document {
	struct arena memory;
	char report_id[REPORT_ID_BYTES];
	uint32_t revision;
	enum report_cut cut;
	const char *unit;
	const char *name;
	const char **kinds;
	size_t kind_count;
	const char *contact;
	const char *generator;
	const char *start; /* RFC 3339 with offset */
	const char *end;
	const char *policy_sha256;
	bool enforce;
	struct report_document_tier *tiers;
	size_t tier_count;
	struct report_category_entries *categories;
	size_t category_count;
	struct report_feed *feeds;
	size_t feed_count;
	struct report_privacy privacy;
	const char **sensitive;
	size_t sensitive_count;
	const char **silent; /* answered `null`: not in the total */
	size_t silent_count;
	bool silent_given; /* false: an older document, whose bytes have no such member */
	uint64_t uptime_s;
	uint64_t unfiltered_s;
	bool partial;
	const char *placement;
	bool shared_source;
	uint64_t queries; /* two significant digits; not in a weekly document */
	struct report_coverage_tier *coverage; /* not in a weekly document */
	size_t coverage_count;
	bool is_finer; /* read: a weekly document that has tiers or names all the same */
	struct report_record *records;
	size_t record_count;
	uint64_t
	    published_total; /* of the records' rounded numbers, silent categories apart */
	struct report_name *names; /* not in a weekly document */
	size_t name_count;
	uint32_t reviews_floor; /* the band's lower end: 0, 10, 20, 50, 100 */
	uint32_t reviews_percent;
	struct report_failure {
		const char *type;
		uint64_t count;
		const char *first;
		const char *last;
	} * failures;
	size_t failure_count;
};

/* One day. `previous` is the document this one corrects, or NULL: then the revision is
 * one higher, what it withheld stays withheld, and pools keep their members. Its period
 * must be the same (ERR_RANGE). On success end *out with report_document_deinit().
 * ERR_MEMORY, ERR_RANGE. */
MUST_CHECK enum err report_make(struct report_document *out,
    const struct report_school *school, const struct tally_totals *totals,
    const struct report_counter *counter, const struct report_document *previous);

/* The sensitive categories of a week, all tiers together. `days` are the week's days that
 * were counted, in order, at most REPORT_DAYS; `period` is the whole week. */
struct report_week {
	struct tally_period period;
	const struct tally_totals *const *days;
	size_t day_count;
};
MUST_CHECK enum err report_make_week(struct report_document *out,
    const struct report_school *school, const struct report_week *week,
    const struct report_document *previous);

void report_document_deinit(struct report_document *document);

/* Appends the canonical JSON: one line, no blanks, members in the contract's order, no
 * line end. The same document gives the same bytes. ERR_FULL. */
MUST_CHECK enum err report_encode(const struct report_document *document, struct buf *out);

/* Reads an unsigned document (report_split() cuts signatures off). Unknown members are
 * ignored; doubled ones, more than REPORT_MAX_BYTES, eight brackets deep, numbers that are
 * not whole and a "signature" are refused. ERR_FORMAT with the reason. */
MUST_CHECK enum err report_decode(
    struct report_document *out, struct slice json, struct diag *why);

/* The document's period. ERR_FORMAT when its times are no RFC 3339 with offset, or when it
 * is not exactly one local day (of the weekly document: Monday to Sunday). */
MUST_CHECK enum err report_period(
    const struct report_document *document, struct tally_period *out, struct diag *why);

/* ---- what a receiver checks ---- */

/* What the receiver asks for, on top of what the document says of itself. */
struct report_floor {
	uint32_t min_devices;
	uint32_t min_population;
	/* Categories that are sensitive for the receiver; NULL at the end, or NULL. */
	const char *const *sensitive;
};

enum report_fault {
	REPORT_FINE,
	REPORT_FAULT_FORM,   /* no such document can be: a word, an order, a doubled cell */
	REPORT_FAULT_PERIOD, /* not exactly a local day or week */
	REPORT_FAULT_FLOOR,  /* it shows more than the privacy floor allows */
	REPORT_FAULT_ROUND,  /* a number is not rounded */
	REPORT_FAULT_TOTAL   /* published-total is not the sum of what is published */
};

/* "", "form", "period", "floor", "rounding", "total": `why` of an answer. */
const char *report_fault_word(enum report_fault fault);

/* Everything a receiver can see without knowing the counts (docs/protocol.md "What a
 * receiver checks"). `floor` NULL: the document's own parameters and the contract's least.
 * *why tells what was met, in English, and repeats no text of the document but words of
 * tiers and categories. */
MUST_CHECK enum report_fault report_validate(const struct report_document *document,
    const struct report_floor *floor, struct diag *why);

/* ---- the pieces, for tests and screens that keep the same floor ---- */

/* To the nearest 5 (up at 2.5); from 1000 on to two significant digits. */
uint64_t report_round_attempts(uint64_t attempts);
uint64_t report_round_two_digits(uint64_t n);
enum report_band report_band_of(uint32_t devices);
/* "10-19", "500+"; "" for REPORT_BAND_NONE. */
const char *report_band_text(enum report_band band);
/* RFC 3339 with offset, "2026-11-20T00:00:00+07:00". */
enum {
	REPORT_TIME_BYTES = 48
};
void report_time(char out[REPORT_TIME_BYTES], int64_t at_s, int offset_min);
/* UUID (version 8, RFC 9562) of SHA-256 over unit, period, cut and revision. */
void report_id(char out[REPORT_ID_BYTES], const char *unit,
    const struct tally_period *period, enum report_cut cut, uint32_t revision);
/* Whether the document's id is that one. Other senders may have ids of their own. */
bool report_id_follows(const struct report_document *document);

/* The floor for screens and `stats`: may these devices be shown? */
static inline bool report_may_show(uint32_t devices, uint32_t min_devices)
{
	return devices >=
	    (min_devices < REPORT_FLOOR_DEVICES ? REPORT_FLOOR_DEVICES : min_devices);
}

#endif
