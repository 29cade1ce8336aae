/* reports_manual -- what no school's gateway knows: lessons, inspections, incidents, words.
 *
 * An entry belongs to a unit ("" the department) and a period, and holds values of the fields
 * below. Each save is a paper of its own (papers.h) that nobody changes, so the history is
 * kept; the newest of a unit and period counts. A unit's own value stands for itself and all
 * below it; where it has none, the values below it are added up. Threads: as store.h. */
#ifndef DISTRICT_REPORTS_MANUAL_H
#define DISTRICT_REPORTS_MANUAL_H

#include "district/tree.h"
#include "yearbook/period.h"

enum manual_kind {
	MANUAL_NUMBER,
	MANUAL_HOURS, /* of a median: never added up */
	MANUAL_TEXT
};

struct manual_field {
	const char *id; /* "b7.bullying.received": stands in forms, commands and JSON */
	const char *table;
	const char *row; /* the part between: "bullying", or "" */
	enum manual_kind kind;
	enum yearbook_word label;
};

enum {
	MANUAL_FIELDS_MAX = 96,
	MANUAL_INCIDENTS = 7,
	MANUAL_NUMBER_MAX = 999999999,
	MANUAL_TEXT_MAX = 4000, /* bytes */
	MANUAL_BODY_MAX = 256 * 1024,
	MANUAL_PERIOD_BYTES = 24, /* "2025-12-16..2026-12-15" and the NUL */
	MANUAL_ID_BYTES = 65
};

/* All fields, in the order of a form. */
const struct manual_field *manual_fields(size_t *count);
/* Index of a field, or SIZE_MAX. */
size_t manual_find(const char *id);
/* Ids of the kinds of incidents, as rules/pages.yaml has them. */
const char *manual_incident(size_t i);

/* "2025-12-16..2026-12-15" */
void manual_period_text(char out[MANUAL_PERIOD_BYTES], const struct period *period);

/* One field's value; nothing given: has false. */
struct manual_value {
	bool has;
	uint64_t number;
	const char *text; /* of MANUAL_TEXT; in the entry's memory */
};

struct manual_entry {
	struct arena memory;
	struct manual_value values[MANUAL_FIELDS_MAX];
	char id[MANUAL_ID_BYTES]; /* of the paper it was read from; "" none yet */
	int64_t made_s;
	const char *by;
};

void manual_entry_init(struct manual_entry *entry);
void manual_entry_deinit(struct manual_entry *entry);
/* A value from what a person wrote: "" takes it away. ERR_FORMAT with why: no number, too
 * long. */
MUST_CHECK enum err manual_entry_set(
    struct manual_entry *entry, size_t field, const char *written, struct diag *why);

/* The newest entry of exactly this unit and period; none: an empty one. */
MUST_CHECK enum err manual_entry_read(struct store *store, const char *unit,
    const struct period *period, struct manual_entry *out);
/* Saves it as the newest. `seen`: id of the entry it was made from, "" for none: ERR_EXISTS
 * when somebody saved another meanwhile. */
struct manual_save {
	const char *unit;
	const struct period *period;
	const char *by;
	const char *seen;
	int64_t now_s;
};
MUST_CHECK enum err manual_entry_save(
    struct store *store, const struct manual_save *save, const struct manual_entry *entry);

/* Who saved what when, newest first; all units when `unit` is NULL. */
struct manual_saved {
	const char *unit;
	const char *period;
	const char *by;
	int64_t made_s;
};
typedef bool manual_saved_row(void *context, const struct manual_saved *saved);
MUST_CHECK enum err manual_history(struct store *store, const char *unit,
    const struct period *period, manual_saved_row *row, void *context);

/* ---- for a report ---- */

struct manual_sum {
	bool has;
	bool of_parts; /* some units below have given nothing */
	uint64_t number;
	const char *text;
};
struct manual_sums {
	struct arena memory;
	struct manual_sum values[MANUAL_FIELDS_MAX];
};
/* All fields over the subtree of `top`, as said above; texts are those of `top` itself. */
MUST_CHECK enum err manual_sums_read(struct store *store, const struct tree *tree,
    uint32_t top, const struct period *period, struct manual_sums *out);
void manual_sums_deinit(struct manual_sums *sums);

#endif
