/* meta -- what is known of one feed between runs: state_dir/feeds/NAME.meta.
 *
 * JSON, one object, written whole by an atomic rename; lachanctl and the filter read it.
 * The keys stand in this folder's README. A torn, foreign or absent file reads as "never
 * fetched": the feed is fetched anew and nothing else is lost. Pure: no clock, no file. */
#ifndef FEEDS_META_H
#define FEEDS_META_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum {
	META_URL_BYTES = 2048,
	META_VALIDATOR_BYTES = 512,
	META_REASON_BYTES = 400,
	META_TEXT_BYTES = 48,
	META_REFUSED_MAX = 24,
	META_WHY_BYTES = 96, /* of one reason for refused lines */
	META_COVERS_MAX = 20,
	META_NAME_BYTES = 256,
	META_FILE_MAX_BYTES = 64 * 1024
};

enum meta_result {
	META_NEVER,     /* not fetched yet */
	META_OK,        /* the last try brought a new copy */
	META_UNCHANGED, /* the last try found the copy still true */
	META_REFUSED,   /* the last try failed; the copy before it stays */
	META_HELD       /* the last try found a body that waits for a person's yes */
};

/* Lines of one kind that were not used. */
struct meta_refused {
	char reason[META_WHY_BYTES];
	uint64_t lines;
};

/* A good body that newly covers names which many need: NAME.held.gz. */
struct meta_held {
	int64_t since_s; /* 0: nothing is held, and the rest means nothing */
	char url[META_URL_BYTES];
	char etag[META_VALIDATOR_BYTES];
	char last_modified[META_VALIDATOR_BYTES];
	char sha256[65];
	char body_sha256[65];
	uint64_t bytes;
	uint64_t rules;
	char covers[META_COVERS_MAX][META_NAME_BYTES]; /* the first ones */
	size_t kept;                                   /* how many of them */
	uint64_t covers_count;                         /* all of them */
};

/* Times are seconds since 1970 UTC, 0 = never. */
struct meta {
	bool off; /* switched off by a person */
	/* The last try. */
	enum meta_result result;
	char reason[META_REASON_BYTES]; /* why it was refused; "" otherwise */
	int64_t checked_s;
	int64_t next_try_s;
	uint32_t failures; /* in a row */
	/* The last good copy; nothing of it is true unless fetched_s > 0. */
	char url[META_URL_BYTES]; /* the configured address it came from */
	char etag[META_VALIDATOR_BYTES];
	char last_modified[META_VALIDATOR_BYTES];
	char sha256[65];      /* of the decoded text, hex */
	char body_sha256[65]; /* of the body, which for an archive is another thing */
	int64_t fetched_s;
	uint64_t bytes; /* of the decoded text */
	/* How it read when it was last compiled. */
	char category[META_TEXT_BYTES];
	char format[META_TEXT_BYTES];
	uint64_t entries;         /* distinct names, and every pattern and address rule */
	uint64_t patterns;        /* of `entries`: patterns and address rules */
	uint64_t rules;           /* lines that became rules */
	uint64_t protected_names; /* rules ignored because the name must never be blocked */
	struct meta_refused refused[META_REFUSED_MAX];
	size_t refused_count;
	struct meta_held held;
	char accepted[65]; /* SHA-256 of the body that a person said yes to last */
};

#define META_INIT ((struct meta){.result = META_NEVER})

/* Appends the JSON text. ERR_MEMORY or ERR_FULL. */
MUST_CHECK enum err meta_encode(const struct meta *m, struct buf *out);

/* Reads what meta_encode wrote; unknown keys are ignored, values out of range read as
 * absent. ERR_FORMAT when it is no such object; then *out is untouched. */
MUST_CHECK enum err meta_decode(struct meta *out, struct slice text);

/* Adds a name that the held body newly covers; beyond META_COVERS_MAX it is counted. */
void meta_hold_name(struct meta_held *held, const char *name);

/* Adds `lines` under `reason`; what no longer fits is counted under the last entry. */
void meta_refuse(struct meta *m, const char *reason, uint64_t lines);

/* The word of a result in the file: "never", "ok", "unchanged", "refused", "held". */
const char *meta_result_word(enum meta_result result);

#endif
