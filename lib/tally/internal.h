/* Inside tally: the run file, its rows, and the tables that never leave the heap. */
#ifndef TALLY_INTERNAL_H
#define TALLY_INTERNAL_H

#include <stdatomic.h>

#include "tally/tally.h"

/* ---- totals.c, codec.c, store.c ---- */

bool tally_label_allowed(const char *text);
int tally_label_find(const struct tally_label *labels, size_t count, const char *text);
bool tally_period_allowed(const struct tally_period *period);
void tally_totals_add_name(struct tally_totals *totals, const struct tally_top_name *name);
MUST_CHECK enum err tally_totals_write(
    const char *path, const struct tally_totals *totals, unsigned parts);
MUST_CHECK enum err tally_totals_read(
    const char *path, struct tally_totals *totals, struct diag *why);

/* ---- run.c: the run file ---- */

/* Kinds of rows beside the categories 0 to 63. */
enum {
	ROW_SEEN = 64,
	ROW_SEEN_BY_DEFAULT = 65,
	ROW_CATEGORIES
};

/* One device in one cell. `meta` is written last and makes the row valid:
 *   used 1 | kind 2 | tier 5 | category 7 | attempts 5 | check 12
 * Rows lie in an open-addressed table by tag alone, so all rows of a device stand between
 * its home and the next free row, and their order says nothing about time. */
struct row {
	uint32_t tag_low;
	uint32_t tag_high;
	_Atomic uint32_t meta;
};

struct row_key {
	uint64_t tag;
	enum tally_device_kind kind;
	uint8_t tier;
	uint8_t category; /* or ROW_SEEN… */
};

/* A label whose text is whole once `check` fits it. */
struct run_label {
	char text[TALLY_LABEL_BYTES];
	_Atomic uint32_t flags;
	_Atomic uint32_t check;
};

struct run_failure {
	char type[TALLY_LABEL_BYTES];
	int64_t first_s;
	int64_t last_s;
	_Atomic uint32_t count; /* not 0: the rest is whole */
	uint32_t unused;
};

/* The part that never changes once the file stands; under fixed_check. */
struct run_fixed {
	uint64_t magic; /* also tells the byte order */
	uint32_t version;
	uint32_t rows;
	uint32_t
	    base_bytes; /* encoded totals of lost segments, behind the rows; may be 0 */
	uint32_t day;
	int64_t start_s;
	int64_t end_s;
	int16_t start_offset_min;
	int16_t end_offset_min;
	uint32_t unused;
	uint8_t key[TALLY_KEY_BYTES];
};

struct run_head {
	struct run_fixed fixed;
	uint64_t fixed_check;
	_Atomic uint64_t queries;
	_Atomic uint64_t uptime_s;
	_Atomic uint64_t unfiltered_s;
	_Atomic uint64_t lost;
	struct run_label tiers[TALLY_TIERS];
	struct run_label categories[TALLY_CATEGORIES];
	struct run_failure failures[TALLY_FAILURES];
};

struct run {
	struct run_head *head; /* start of the mapping */
	struct row *rows;
	size_t bytes;
	uint32_t used; /* rows; counted at open */
	bool durable;
};

/* What a run file held, checked; rows and counters of `old` are valid where it is not
 * NULL. */
struct run_image {
	struct buf bytes;
	const struct run_head *head;
	const struct row *rows;
	struct slice base;
};

/* ERR_NOT_FOUND, ERR_IO, ERR_FORMAT; then *image holds nothing. */
MUST_CHECK enum err run_read(struct run_image *image, const char *path);
void run_image_deinit(struct run_image *image);
/* Makes a run of `rows` rows: in a new file renamed to `path`, or in the heap when `path`
 * is NULL or the file cannot be made. Content of `old` (may be NULL) goes over; rows
 * that do not hold are left behind and counted in `lost`. */
MUST_CHECK enum err run_make(struct run *run, const char *path,
    const struct run_fixed *fixed, struct slice base, const struct run_head *old,
    const struct row *old_rows);
void run_deinit(struct run *run);
/* Overwrites key and rows. */
void run_wipe(struct run *run);

/* The row of `key`, made when missing. NULL when the table is full. */
struct row *run_row(struct run *run, const struct row_key *key);
/* Was the device of this tag seen, in whatever tier? */
bool run_has_seen(const struct run *run, uint64_t tag, enum tally_device_kind kind);
bool row_used(const struct row *row);
uint64_t row_tag(const struct row *row);
enum tally_device_kind row_kind(const struct row *row);
unsigned row_tier(const struct row *row);
unsigned row_category(const struct row *row);
unsigned row_attempts(const struct row *row);
void row_add_attempt(struct row *row);
/* Where the search for this tag starts. */
uint32_t run_home(const struct run *run, uint64_t tag);

int run_label(struct run_label *labels, size_t max, const char *text, unsigned flags);
void run_fail(struct run *run, const char *type, int64_t at_s);
static inline void run_add(_Atomic uint64_t *counter, uint64_t n)
{
	uint64_t have = atomic_load_explicit(counter, memory_order_relaxed);
	uint64_t sum = have > UINT64_MAX - n ? UINT64_MAX : have + n;
	atomic_store_explicit(counter, sum, memory_order_relaxed);
}

/* ---- collapse.c: (device, domain) of ten minutes ---- */

struct collapse_slot {
	uint64_t pair; /* 0: free */
	uint64_t mono_ms;
};

struct collapse {
	struct collapse_slot *slots;
	uint32_t count;
};

enum collapse_answer {
	COLLAPSE_NEW,
	COLLAPSE_REPEAT,
	COLLAPSE_NEW_CROWDED /* new, but a live pair was forgotten for it */
};

MUST_CHECK enum err collapse_init(struct collapse *c, uint32_t count);
void collapse_deinit(struct collapse *c);
enum collapse_answer collapse_add(struct collapse *c, uint64_t pair, uint64_t mono_ms);

/* ---- names.c: distinct devices of listed names ---- */

struct name_entry {
	char *text;          /* NULL: free */
	uint32_t devices[4]; /* by enum tally_device_kind */
	uint8_t category;
};

struct names {
	struct name_entry *entries; /* open addressing, a power of two */
	uint64_t *pairs;            /* open addressing; 0: free */
	uint32_t entry_slots;
	uint32_t entry_max;
	uint32_t entry_count;
	uint32_t pair_slots;
	uint32_t pair_count;
};

MUST_CHECK enum err names_init(struct names *n, uint32_t names, uint32_t pairs);
void names_deinit(struct names *n);
/* False when a ceiling took it. `pair` is a keyed hash of device and name, `hash` of the
 * name and category. */
bool names_add(struct names *n, const struct tally_top_name *name,
    enum tally_device_kind kind, uint64_t pair, uint64_t hash);
void names_export(const struct names *n, uint32_t min_devices, struct tally_totals *out);

/* ---- tally.c ---- */

/* A run of day 0 becomes one of fixed->day, on top of what was saved for that day. */
MUST_CHECK enum err tally_rebase(struct tally *t, const struct run_fixed *fixed);

/* ---- count.c ---- */

/* Devices by kind; [0] is unused. */
struct kinds {
	uint32_t by[4];
};

static inline uint32_t kinds_devices(const struct kinds *k)
{
	uint32_t v4 = k->by[TALLY_DEVICE_IPV4];
	uint32_t v6 = k->by[TALLY_DEVICE_IPV6];
	return k->by[TALLY_DEVICE_MAC] + (v4 > v6 ? v4 : v6);
}

struct tally {
	struct run run;
	struct collapse collapse;
	struct names names;
	struct tally_totals *base; /* lost segments; hours and names of the last save */
	uint16_t (
	    *hours)[TALLY_TIERS][TALLY_CATEGORIES]; /* [TALLY_HOURS] since this start */
	struct tally_limits limits;
	struct hash_key process_key;
	char *run_path; /* NULL: heap */
	char *state_path;
};

/* Cells, unions and coverage of the live rows, into zeroed fields of *out. */
void count_live(const struct tally *t, struct tally_totals *out);

#endif
