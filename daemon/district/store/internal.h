/* internal -- what the files behind store.h share. */
#ifndef DISTRICT_STORE_INTERNAL_H
#define DISTRICT_STORE_INTERNAL_H

#include "district/counts.h"
#include "district/papers.h"
#include "district/store/schema.h"
#include "district/store/sql.h"
#include "district/store/sums.h"
#include "district/store/text_map.h"

enum {
	STORE_WORDS = 1 << SUMS_WORD_BITS, /* ids of tiers, categories, failures: 1 … */
	STORE_MONTHS = 64,                 /* months remembered to have partitions */
	STORE_SHARDS = 16,                 /* of a day of the whole department */
	STORE_NAMES_KEPT = 100000,         /* names remembered with their ids */
	STORE_DOCUMENT_NAMES = 200         /* of one document */
};

struct store {
	struct sql *sql;
	bool group;    /* store_begin() */
	enum err lost; /* not OK: how the group was lost */
	/* What this connection has seen in the database. Whatever a change that was rolled back
	 * has put in must be forgotten: `unsure` says that there is such a thing. */
	struct text_map unit_numbers;
	struct text_map words;
	struct text_map names;
	char *word_of[STORE_WORDS]; /* by id; borrowed from `words` */
	bool unsure;
	int32_t months[STORE_MONTHS];
	size_t month_count;
	struct buf packed; /* scratch */
};

/* Begins a public function: no reason yet. */
void store_enter(struct store *store);
/* Gives a reason and passes the code through. */
enum err store_refuse(struct store *store, enum err rc, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* Runs `step` as one transaction, again when two writers met; within store_begin() as a part
 * of the group. A step that returns ERR_NOT_FOUND, ERR_EXISTS, ERR_RANGE, ERR_FORMAT or
 * ERR_DENIED must not have changed anything by then. */
typedef enum err store_step(struct store *store, void *context);
MUST_CHECK enum err store_write(struct store *store, store_step *step, void *context);
/* Runs `step`, which only asks, on one state of the database. */
MUST_CHECK enum err store_read(struct store *store, store_step *step, void *context);

bool store_is_id(const char *text);
/* Whether it is UTF-8-long enough to be kept: NULL is not. */
bool store_is_text(const char *text);

/* The number of a unit, given to it when it has none; within a step. */
MUST_CHECK enum err unit_number_make(
    struct store *store, const char *unit, uint32_t *number);
/* ERR_NOT_FOUND. */
MUST_CHECK enum err unit_number_find(
    struct store *store, const char *unit, uint32_t *number);
/* Keeps other writers off this unit until the end of the step. */
MUST_CHECK enum err unit_lock(struct store *store, uint32_t number);
/* All units' identifiers by number; `memory` owns them. NULL where there is none. */
struct unit_texts {
	const char **at;
	size_t count;
};
MUST_CHECK enum err unit_texts_load(
    struct store *store, struct arena *memory, struct unit_texts *out);

/* Ids of words and names, made when new; within a step. ERR_FORMAT, ERR_FULL. */
MUST_CHECK enum err word_id(struct store *store, const char *word, uint32_t *id);
MUST_CHECK enum err name_id(struct store *store, const char *name, uint32_t *id);
/* The word of an id, loaded when it is not known; "?" when there is none. */
MUST_CHECK enum err words_load(struct store *store);
const char *word_text(const struct store *store, uint32_t id);

/* Documents of days before this one were removed. */
MUST_CHECK enum err removed_before(struct store *store, int32_t *day);

/* What a document adds, and the state it leaves (of daily ones, as text). */
struct contribution {
	int32_t day;
	int32_t days;
	struct sums counts;
	struct sums names;
};
void contribution_deinit(struct contribution *c);
/* Within a step. ERR_FORMAT. */
MUST_CHECK enum err contribution_make(
    struct store *store, const struct report_document *document, struct contribution *out);
/* First day and length alone. ERR_FORMAT. */
MUST_CHECK enum err contribution_days(
    struct store *store, const struct report_document *document, struct contribution *out);

/* The state of a unit as text, and back; state.c. */
enum {
	STATE_MAX_BYTES = 256 * 1024
};
MUST_CHECK enum err state_write(const struct report_document *document, struct buf *out);
/* Texts and arrays go to `memory`. ERR_FORMAT, ERR_MEMORY. */
MUST_CHECK enum err state_read(
    struct coverage_state *out, struct slice text, struct arena *memory);
/* Hours of the oldest feed; whether a blocked category has no entries. */
uint64_t state_oldest_feed(const struct report_document *document);
bool state_is_empty_category(const struct report_document *document, size_t category);
/* The lower end of a band. */
uint64_t state_band_from(enum report_band band);

#endif
