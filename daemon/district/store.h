/* store -- what the department keeps, in SQLite or PostgreSQL behind the same functions.
 *
 *   store.h   opening, units, tokens, keys, documents, retention, backup
 *   counts.h  sums, names and coverage: what pages and reports ask
 *   papers.h  quick reports, nominations, manual entries, bundles, settings
 *   tree.h    the units as a tree as of a day
 *   day.h     days as numbers; all days here are those
 *
 * Threads: a struct store belongs to one thread at a time; each thread opens its own.
 * Several threads, processes and (PostgreSQL) machines may use one database at once.
 *
 * Errors, of every function that returns enum err:
 *   ERR_NOT_FOUND, ERR_EXISTS, ERR_RANGE, ERR_FORMAT   about the arguments, as said there
 *   ERR_FULL         the disk, or a ceiling of this store, is full; nothing was changed
 *   ERR_AGAIN        busy, or the server went away: nothing was changed, ask again later
 *   ERR_IO           the database failed or is damaged; nothing was changed
 *   ERR_MEMORY
 * store_why() has the sentence. The first three are the peer's mistake or a plain "no",
 * the others answer 503. After ERR_AGAIN or ERR_IO the same store may be used on: it
 * connects again by itself.
 *
 * Ownership: texts and slices that go in are borrowed for the call; those of a row are
 * borrowed until the row's callback returns. Times are seconds since 1970 UTC. Identifiers
 * of units are [A-Za-z0-9._-]{1,64}; other texts are UTF-8, at most STORE_TEXT_BYTES
 * (ERR_RANGE). A callback returns false to stop early (the call then returns OK), and must
 * not use the same store. */
#ifndef DISTRICT_STORE_H
#define DISTRICT_STORE_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/err.h"
#include "district/day.h"
#include "report/report.h"

enum {
	STORE_UNIT_BYTES = 65, /* with the NUL */
	STORE_TEXT_BYTES = 1000,
	STORE_NOTE_BYTES = 256, /* short texts that are handed out by value, with the NUL */
	STORE_SHA256_BYTES = 32,
	STORE_KEY_BYTES = 32, /* Ed25519 public key */
	STORE_UNITS = 200000  /* the most units of one store */
};

struct store;

/* `where` is "sqlite:PATH" (made when absent, 0600) or a PostgreSQL address
 * "postgresql://…". Applies the migrations that are missing, under a lock. On success *out
 * is the caller's: store_close(). ERR_UNSUPPORTED: the database is of a newer program. On
 * failure *out is untouched. */
MUST_CHECK enum err store_open(struct store **out, const char *where, struct diag *why);
void store_close(struct store *store);

/* Why the last call failed, for a person; "" after a call that did not. Valid until the
 * next call. */
const char *store_why(const struct store *store);
/* "sqlite" or "postgresql". */
const char *store_kind(const struct store *store);

/* Several changes as one, for imports: all or nothing. Between them a call that fails with
 * ERR_AGAIN, ERR_IO, ERR_FULL or ERR_MEMORY has ended the group: nothing of it was kept,
 * store_commit() then fails, too; begin again from the group's first change. Without a
 * group every function is one transaction of its own, on disk when it returns OK. */
MUST_CHECK enum err store_begin(struct store *store);
MUST_CHECK enum err store_commit(struct store *store);
void store_rollback(struct store *store);

/* Whether the database answers and is writable: for /healthz. A commit, as a document's is. */
MUST_CHECK enum err store_ping(struct store *store);
/* Looks at everything (SQLite: integrity_check and foreign keys; both: every unit's sums
 * against its documents). Slow. ERR_FORMAT with the first thing found. */
MUST_CHECK enum err store_check(struct store *store);

/* ---- units: dated versions ---- */

struct unit {
	uint32_t number; /* small, stable, given by the store; 0 going in: by `unit` */
	const char *unit;
	int32_t from;  /* the first day of this version */
	int32_t until; /* the first day it is over; DAY_FOREVER */
	const char *name;
	const char *level;  /* a free word: "province", "commune", "school" */
	const char *code;   /* in the administration's own lists ("31117"); "" none */
	const char *parent; /* a unit, "" at the root */
	const char *kinds;  /* tiers of pupils, commas between; "" unknown */
	const char *contact;
	uint32_t pupils;       /* 0 unknown */
	bool sends;            /* a school: expected to send documents */
	const char *successor; /* who goes on with it when it ended by a merge, else "" */
};

/* The unit is so from day `from` on, until its next version or its end, or for ever; `until`,
 * `number` and `successor` are not read. Putting what is already so changes nothing. The parent need
 * not be there yet (an import comes in any order). ERR_FORMAT: identifier; ERR_RANGE. */
MUST_CHECK enum err store_unit_put(struct store *store, const struct unit *unit);
/* The unit's last day is the one before `day`; from then on its counts belong to
 * `successor` ("" for none). ERR_NOT_FOUND: one of the two is not known; ERR_RANGE: it
 * would be its own successor, over others too. */
MUST_CHECK enum err store_unit_end(
    struct store *store, const char *unit, int32_t day, const char *successor);
typedef bool store_unit_row(void *context, const struct unit *unit);
/* All versions, by unit and day; `unit` NULL: of all units. */
MUST_CHECK enum err store_unit_list(
    struct store *store, const char *unit, store_unit_row *row, void *context);
/* The number of a unit that has a version, a token, a key or a document. ERR_NOT_FOUND. */
MUST_CHECK enum err store_unit_number(
    struct store *store, const char *unit, uint32_t *number);
/* Grows with every change of units: whoever keeps a tree asks this. Asked in a group, no other
 * changes units until that ends: what was planned by this revision still holds then. */
MUST_CHECK enum err store_unit_revision(struct store *store, uint64_t *revision);

/* ---- tokens: only their SHA-256 is kept ---- */

enum token_use {
	TOKEN_SEND = 1,  /* bearer of a unit's documents */
	TOKEN_ENROL = 2, /* one time: binds a key */
	/* Bearer of nominations; `unit` is the partner's own word, which is no unit of the
	 * tree: `token create --partner WORD`. */
	TOKEN_PARTNER = 3
};

struct token {
	uint8_t sha256[STORE_SHA256_BYTES];
	char unit[STORE_UNIT_BYTES];
	enum token_use use;
	char note[STORE_NOTE_BYTES];
	int64_t made_s;
	int64_t expires_s; /* 0: never */
	int64_t revoked_s; /* 0: not */
	int64_t used_s;    /* TOKEN_ENROL: when it was used, 0: not yet */
	uint8_t used_key[STORE_KEY_BYTES];
};

/* Needs sha256, unit, use, note, made_s, expires_s. ERR_EXISTS. */
MUST_CHECK enum err store_token_put(struct store *store, const struct token *token);
/* Revoked and expired ones are found, too: the caller looks. ERR_NOT_FOUND. */
MUST_CHECK enum err store_token_find(
    struct store *store, const uint8_t sha256[STORE_SHA256_BYTES], struct token *out);
typedef bool store_token_row(void *context, const struct token *token);
/* `unit` NULL: all. By unit, then oldest first. */
MUST_CHECK enum err store_token_list(
    struct store *store, const char *unit, store_token_row *row, void *context);
/* One token, or (sha256 NULL) all of the unit's. Those that were, stay. ERR_NOT_FOUND. */
MUST_CHECK enum err store_token_revoke(struct store *store, const char *unit,
    const uint8_t sha256[STORE_SHA256_BYTES], int64_t now_s);

/* ---- keys: pinned per unit ---- */

struct unit_key {
	uint8_t key[STORE_KEY_BYTES];
	char unit[STORE_UNIT_BYTES];
	char note[STORE_NOTE_BYTES];
	int64_t pinned_s;
	int64_t revoked_s; /* 0: good */
};

/* Pinning a pinned key again changes nothing; a revoked one stays revoked: ERR_DENIED. */
MUST_CHECK enum err store_key_pin(struct store *store, const char *unit,
    const uint8_t key[STORE_KEY_BYTES], const char *note, int64_t now_s);
/* ERR_NOT_FOUND: it was never pinned for this unit. Revoked ones are found, too. */
MUST_CHECK enum err store_key_find(struct store *store, const char *unit,
    const uint8_t key[STORE_KEY_BYTES], struct unit_key *out);
typedef bool store_key_row(void *context, const struct unit_key *key);
MUST_CHECK enum err store_key_list(
    struct store *store, const char *unit, store_key_row *row, void *context);
/* One key, or (key NULL) all of the unit's. ERR_NOT_FOUND. */
MUST_CHECK enum err store_key_revoke(struct store *store, const char *unit,
    const uint8_t key[STORE_KEY_BYTES], int64_t now_s);

/* One step, for POST /v1/enrolments: the enrolment token is used up, the key pinned, the
 * bearer token made (unit and use are filled in). A second time with the same key before
 * the token expires is the same school asking again: OK, with the new bearer token.
 * ERR_NOT_FOUND: no such token; ERR_DENIED: expired, revoked, used by another key, or the
 * key was revoked. `unit` gets the unit. */
struct enrolment {
	uint8_t token_sha256[STORE_SHA256_BYTES];
	uint8_t key[STORE_KEY_BYTES];
	uint8_t bearer_sha256[STORE_SHA256_BYTES];
	const char *note;
	int64_t now_s;
};
MUST_CHECK enum err store_enrol(
    struct store *store, const struct enrolment *enrolment, char unit[STORE_UNIT_BYTES]);

/* ---- documents ---- */

enum document_result {
	DOCUMENT_NEW,        /* stored and counted */
	DOCUMENT_SAME,       /* was here with this digest: nothing changed */
	DOCUMENT_CONFLICT,   /* this period, cut and revision is here with other bytes */
	DOCUMENT_SUPERSEDED, /* stored; it replaces what an older revision counted */
	DOCUMENT_OLDER       /* stored; a newer revision was here, which goes on counting */
};

struct document {
	const char *unit; /* as the sender was recognised; document->unit is not read */
	const struct report_document *document; /* valid; its day is that of `start` */
	struct slice gzip;                      /* as it came */
	uint8_t sha256[STORE_SHA256_BYTES];     /* of the expanded bytes */
	int64_t received_s;
};

/* Stores and counts in one transaction. A document counts at its first day; a weekly one
 * gives cells only (tier "all"), no coverage. Only OK with NEW, SUPERSEDED or OLDER means
 * it is on disk. ERR_FORMAT: identifier, start or end is no day, more than REPORT_DAYS days, or
 * a tier or category that is no word [A-Za-z0-9_.-]{1,64}; ERR_FULL also when this store
 * would know too many different words. */
MUST_CHECK enum err store_document_put(
    struct store *store, const struct document *document, enum document_result *result);

struct document_about {
	const char *unit;
	uint32_t unit_number;
	int32_t day; /* the first */
	enum report_cut cut;
	uint32_t revision;
	bool counts; /* the newest revision, whose numbers are in the sums */
	const char *report_id;
	const uint8_t *sha256;
	int64_t received_s;
	struct slice gzip;
};
typedef bool store_document_row(void *context, const struct document_about *document);
/* Documents with their bytes, by day, unit, cut and revision; `unit` NULL: of all. With
 * `latest` only those that count. Streams: two years of it need no memory. */
struct document_query {
	const char *unit;
	int32_t from;
	int32_t to;
	bool latest;
};
MUST_CHECK enum err store_document_list(struct store *store,
    const struct document_query *query, store_document_row *row, void *context);

/* ---- keeping and forgetting ---- */

/* Removes documents (bytes, daily counts, the department's days) before the first day of
 * the month of `documents_before`, and sums before that of `sums_before` (DAY_NONE: keep
 * them for ever). In bounded steps: returns OK with *more true when there is more to do, so
 * that intake comes between. */
struct retention {
	int32_t documents_before;
	int32_t sums_before;
};
MUST_CHECK enum err store_sweep(
    struct store *store, const struct retention *keep, bool *more);
/* Makes the PostgreSQL partitions of the months around `today` ahead of need; once a day. */
/* The first day of the newest document; DAY_NONE without one. */
MUST_CHECK enum err store_newest_day(struct store *store, int32_t *day);
MUST_CHECK enum err store_prepare(struct store *store, int32_t today);

/* A consistent copy while others go on: SQLite a database file, PostgreSQL a file of its
 * own (docs/formats/district-store.md). `path` must not exist (ERR_EXISTS); it is whole or
 * absent, 0600. */
MUST_CHECK enum err store_backup(struct store *store, const char *path);
/* Fills an empty store from a backup of either kind of store of the same schema.
 * ERR_EXISTS: not empty; ERR_FORMAT: no such file. */
MUST_CHECK enum err store_restore(struct store *store, const char *path);

#endif
