/* What the files of this module share. */
#ifndef REVIEWS_INTERNAL_H
#define REVIEWS_INTERNAL_H

#include "base/buf.h"
#include "base/file.h"
#include "reviews/reviews.h"

enum {
	LINE_SUM_BYTES = 17,  /* sixteen digits and a blank */
	LINE_MAX_BYTES = 4608 /* a reason of nothing but line ends, and the rest */
};

/* ---- line.c ---- */

enum line_kind {
	LINE_HEAD,
	LINE_ASKED,
	LINE_ANSWERED
};

/* One line, read. `text` is a reason or note as it stands there, still escaped, borrowed from
 * the line. */
struct line {
	enum line_kind kind;
	uint32_t id; /* of the head: the next one */
	uint32_t day;
	char tier[REVIEW_TIER_BYTES];
	uint8_t code[REVIEW_CODE_BYTES];
	char name[REVIEW_NAME_BYTES];
	enum review_state state;
	int64_t until_s;
	struct slice text;
};

/* Appends the line and its end; `text` is not escaped yet. ERR_FULL, ERR_MEMORY. */
MUST_CHECK enum err review_line_write(
    struct buf *out, const struct line *line, const char *text);
/* A line without its end. False for whatever review_line_write() would not have written. */
bool review_line_read(struct slice bytes, struct line *out);
/* The text of a line that was read, as it was given; *out is the caller's to free(), NULL for
 * an empty one. ERR_MEMORY. */
MUST_CHECK enum err review_line_text(struct slice escaped, char **out);

/* Calls `take` for each sound line behind the head, in order, until it says false. */
typedef bool review_line_fn(void *context, const struct line *line);
struct line_scan {
	uint32_t next_id;
	size_t sound_bytes; /* up to the end of the last sound line */
	size_t torn_bytes;  /* behind it */
	size_t damaged;     /* lines before it that made no sense */
};
/* ERR_FORMAT when the first line is no head of ours; ERR_MEMORY when `take` refused. */
MUST_CHECK enum err review_line_scan(
    struct line_scan *out, struct slice file, review_line_fn *take, void *context);

/* ---- reviews.c ---- */

struct reviews {
	struct review *items; /* room for REVIEWS_MAX */
	size_t count;
	size_t asks; /* of all */
	uint32_t next_id;
	char path[FILE_PATH_BYTES];
	int fd; /* to append; -1: not open */
	size_t file_bytes;
	uint32_t
	    day; /* the latest of all lines: the file's own times tell it; 0: none yet */
	size_t torn_bytes;
	size_t damaged;
};

/* Takes a sound line into memory. ERR_FULL, ERR_NOT_FOUND (an answer to nothing), ERR_EXISTS,
 * ERR_MEMORY; then nothing has changed. */
MUST_CHECK enum err reviews_take(struct reviews *r, const struct line *line);
/* Whether reviews_take() would. */
MUST_CHECK enum err reviews_may_take(const struct reviews *r, const struct line *line);
void review_deinit(struct review *v);

/* ---- store.c ---- */

/* Appends one line of `day` with its end to the file, or leaves the file as it was. ERR_FULL
 * above `max_bytes`, ERR_IO with errno. */
MUST_CHECK enum err reviews_store_append(
    struct reviews *r, uint32_t day, struct slice line, size_t max_bytes);
/* Takes back what was appended behind the first `bytes`. */
bool reviews_store_cut(struct reviews *r, size_t bytes);
/* Replaces the file by what is in memory, without the items that `leaves` marks (NULL: all
 * stay). ERR_IO, ERR_FULL, ERR_MEMORY; then the file is as it was, or holds all that stays (the
 * folder could not be synced) and is written anew with the next line. */
MUST_CHECK enum err reviews_store_replace(struct reviews *r, const bool *leaves);

#endif
