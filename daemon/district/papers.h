/* papers -- things that people read and decide on: quick reports, nominations, manual
 * entries of reports, bundles; and settings. One shape for all: the owner of a kind says
 * what its body is. See store.h for threads, errors and ownership. */
#ifndef DISTRICT_PAPERS_H
#define DISTRICT_PAPERS_H

#include "district/store.h"

enum paper_kind {
	PAPER_QUICK_REPORT = 1,
	PAPER_NOMINATION = 2,
	PAPER_MANUAL_ENTRY = 3,
	PAPER_BUNDLE = 4,
	PAPER_LEGAL_DOCUMENT = 5,
	PAPER_NOTICE = 6 /* what was told to whom by `notify` (notify_state.h) */
};

enum {
	PAPER_ID_BYTES = 65,               /* with the NUL; [A-Za-z0-9._-]{1,64} */
	PAPER_MAX_BYTES = 16 * 1024 * 1024 /* of a body */
};

struct paper {
	enum paper_kind kind;
	const char *id;       /* given by the caller, one per kind */
	const char *unit;     /* whose it is, "" the department's */
	const char *state;    /* a word of the owner's: "new", "accepted", … */
	const char *title;    /* what lists show: a name, a title */
	const char *category; /* a word to find it by, "" none */
	int32_t day;          /* what it speaks of, or DAY_NONE */
	int64_t made_s;
	int64_t changed_s;
	const char *changed_by; /* account, "" nobody yet */
	const char *note;
	uint64_t number;  /* grows with every paper put: a version for bundles */
	uint64_t version; /* 1, and one more with every change */
	uint8_t sha256[STORE_SHA256_BYTES]; /* of the body as it came, the caller's */
	struct slice body;                  /* NULL in lists without bodies */
};

/* Puts a new one; changed_* and note are not read, nor number and version. DOCUMENT_NEW, or
 * DOCUMENT_SAME when the id is here with this sha256, or DOCUMENT_CONFLICT. */
MUST_CHECK enum err store_paper_put(
    struct store *store, const struct paper *paper, enum document_result *result);

/* A change of state, or of body (NULL: as it is), by a person. `version` is the one that
 * person has seen: ERR_EXISTS when somebody changed it meanwhile (0: whatever it is).
 * ERR_NOT_FOUND. */
struct paper_change {
	enum paper_kind kind;
	const char *id;
	uint64_t version;
	const char *state;
	const char *by;
	const char *note;
	int64_t now_s;
	struct slice body;
};
MUST_CHECK enum err store_paper_change(
    struct store *store, const struct paper_change *change);
MUST_CHECK enum err store_paper_remove(
    struct store *store, enum paper_kind kind, const char *id);

typedef bool store_paper_row(void *context, const struct paper *paper);
struct paper_query {
	enum paper_kind kind;
	const char *id; /* NULL: any; so with the next three */
	const char *unit;
	const char *state;
	const char *category;
	int32_t from; /* by `day`; from == to: any */
	int32_t to;
	bool bodies;
	size_t skip;
	size_t limit; /* 0: none */
};
/* Newest first. */
MUST_CHECK enum err store_paper_list(struct store *store, const struct paper_query *query,
    store_paper_row *row, void *context);

/* ---- settings: small texts under a name ---- */

/* Appends the text to `out`. ERR_NOT_FOUND. */
MUST_CHECK enum err store_setting_get(
    struct store *store, const char *name, struct buf *out);
/* `text` NULL removes it. At most 64 KiB. */
MUST_CHECK enum err store_setting_put(
    struct store *store, const char *name, const char *text);

#endif
