/* reviews -- what pupils asked to have opened, and what they were told.
 *
 * One text file, a line each, the checksum of the rest in front:
 *
 *   SUM lachan-reviews 1 NEXT_ID
 *   SUM asked ID DAY TIER CODE NAME REASON
 *   SUM answered ID DAY kept|opened UNTIL NOTE
 *
 * DAY is 20261122, CODE the digest of a follow-up code in hex, UNTIL seconds since 1970 UTC
 * (0: no end, or kept). REASON and NOTE run to the line's end, "\n" and "\\" escaped, and may
 * be empty. Lines are appended and fsynced one at a time; what is old leaves when the whole file is
 * replaced. A torn end is cut off when the file is opened; a damaged line costs that line.
 *
 * While a name waits, everybody who asks for it joins one review. An answered review takes no
 * more: asking again begins a new one. There is no field for a device, an address or a time
 * finer than a day, and the file's own times are set to the beginning of the day.
 *
 * Threads: one writer of a file, one caller at a time; other processes may read the counts. */
#ifndef REVIEWS_REVIEWS_H
#define REVIEWS_REVIEWS_H

#include "base/bytes.h"
#include "base/diag.h"
#include "base/err.h"

enum {
	REVIEW_CODE_BYTES = 16,   /* of a digest */
	REVIEW_NAME_BYTES = 254,  /* with the final NUL */
	REVIEW_TIER_BYTES = 40,   /* with the final NUL */
	REVIEW_TEXT_CHARS = 500,  /* of a reason or a note */
	REVIEW_TEXT_BYTES = 2001, /* with the final NUL */
	REVIEW_REASONS = 20,      /* kept of one review; later ones are counted alone */
	REVIEW_TIERS = 32,        /* as many as there can be */

	REVIEWS_WAITING = 200, /* names at a time */
	REVIEWS_MAX = 1000,    /* names, with the answered ones */
	REVIEWS_ASKS = 4000,   /* codes */
	/* On disk. Answers have room of their own, so that a full file can still be answered. */
	REVIEWS_FILE_BYTES = 640 * 1024,
	REVIEWS_ASKED_BYTES = 512 * 1024
};

enum review_state {
	REVIEW_WAITING,
	REVIEW_OPENED,
	REVIEW_KEPT
};

/* "waiting", "opened", "kept" */
const char *review_state_word(enum review_state state);

struct review_ask {
	uint32_t day; /* 20261122 */
	char tier[REVIEW_TIER_BYTES];
	uint8_t code[REVIEW_CODE_BYTES];
	char *reason; /* NULL: none was given or kept */
};

struct review {
	uint32_t id; /* never used twice */
	char name[REVIEW_NAME_BYTES];
	struct review_ask *asks; /* in the order they came; at least one */
	size_t ask_count;
	size_t ask_room;
	enum review_state state;
	uint32_t answer_day; /* of an answered one */
	int64_t until_s;     /* of an opened one; 0: no end */
	char *note;          /* of an answered one; NULL without */
};

struct reviews;

/* Opens or makes the file (0600). Torn ends are cut off, damaged lines left out.
 * ERR_FORMAT when its first line is not ours: then nothing is written to it. ERR_IO,
 * ERR_MEMORY; *why tells a human. Owned by the caller; reviews_close(). */
MUST_CHECK enum err reviews_open(struct reviews **out, const char *path, struct diag *why);
void reviews_close(struct reviews *r);
/* What opening found: bytes of a torn end, and whole lines that made no sense. */
size_t reviews_torn_bytes(const struct reviews *r);
size_t reviews_damaged(const struct reviews *r);

/* All reviews, oldest first. Borrowed until the next change. */
size_t reviews_count(const struct reviews *r);
const struct review *reviews_at(const struct reviews *r, size_t i);
/* NULL when there is none. */
const struct review *reviews_find(const struct reviews *r, uint32_t id);
const struct review *reviews_find_code(
    const struct reviews *r, const uint8_t code[REVIEW_CODE_BYTES]);
size_t reviews_waiting(const struct reviews *r);

/* Somebody's wish. Texts are borrowed; `reason` may be empty. */
struct review_request {
	const char *name; /* lower case, two labels at least, as dns/name.h writes them */
	const char *tier;
	const char *reason;
	uint32_t day;
	uint8_t code[REVIEW_CODE_BYTES];
};

/* Joins the review of that name that waits, or begins one; *id is its number. ERR_RANGE: a
 * text is not allowed; ERR_EXISTS: that code is taken; ERR_FULL: a ceiling above; ERR_IO with errno. On failure
 * nothing has changed, on disk neither. */
MUST_CHECK enum err reviews_ask(
    struct reviews *r, const struct review_request *request, uint32_t *id);

struct review_answer {
	enum review_state state; /* opened or kept */
	uint32_t day;
	int64_t until_s; /* as in struct review */
	const char *note;
};

/* Answers a review that waits; a kept one may still be opened, for a no may become a yes.
 * ERR_NOT_FOUND, ERR_EXISTS (answered already), ERR_RANGE, ERR_FULL, ERR_IO. */
MUST_CHECK enum err reviews_answer(
    struct reviews *r, uint32_t id, const struct review_answer *answer);

/* Forgets reviews answered before the day `answered_before` and unanswered ones last asked
 * for before `asked_before`; *removed counts them. The file is replaced when there were any,
 * or when it held damaged lines. ERR_IO: nothing has changed. */
MUST_CHECK enum err reviews_expire(
    struct reviews *r, uint32_t answered_before, uint32_t asked_before, size_t *removed);

/* The tiers that asked and how often each; at most REVIEW_TIERS. Borrows from `v`. */
struct review_tier {
	const char *tier;
	size_t asked;
};
size_t review_tiers(const struct review *v, struct review_tier out[REVIEW_TIERS]);

/* Of the wishes of one day: how many there were, and of how many the review is answered. */
struct reviews_day {
	uint32_t requested;
	uint32_t answered;
};
/* Reads them from the file, which another process may be writing; no reason or note is kept
 * of it. A missing file has none. ERR_IO, ERR_FORMAT, ERR_MEMORY. */
MUST_CHECK enum err reviews_read_day(
    const char *path, uint32_t day, struct reviews_day *out);

/* Whether a text may be a reason or note: valid UTF-8 (RFC 3629), at most REVIEW_TEXT_CHARS
 * characters, no control character but line ends (C0, C1, DEL). */
bool review_text_is_sound(const char *text);
/* Characters of valid UTF-8; SIZE_MAX when it is none. */
size_t review_text_length(const char *text);
bool review_name_is_sound(const char *name);
bool review_tier_is_sound(const char *tier);
/* A day that can be: 20261122. */
bool review_day_is_sound(uint32_t day);

#endif
