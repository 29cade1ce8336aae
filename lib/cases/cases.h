/* cases -- what was reported, sealed, and what became of it: one file a case.
 *
 *	FOLDER/            0700
 *	  store            the salt of follow-up codes, the next number
 *	  7.case           lines of text, then sealed bytes
 *
 *	lachan-case 1
 *	id=7 day=20261122 state=taken changed=20261123 owner=mai
 *	code=HEX reply-key=HEX sealed=4248 reply-day=20261124 reply=4336
 *	SUM
 *	4248 bytes sealed to the counsellors (seal/seal.h)
 *	4336 bytes sealed to the holder of the code and to them
 *
 * There is no field for a device, an address, a kind, a tier or a time finer than a day; the
 * files' own times are set to the beginning of the day. What a report says stands in the
 * sealed bytes alone. A file is whole or absent: temporary file, fsync, rename, fsync of the
 * folder. One that is damaged is counted and left alone: it is evidence, and a person's words.
 *
 * In memory stands all but the sealed bytes. Threads: one writer of a folder, one caller at a
 * time. */
#ifndef CASES_CASES_H
#define CASES_CASES_H

#include "base/buf.h"
#include "base/diag.h"
#include "base/err.h"
#include "seal/seal.h"

enum {
	CASE_CODE_BYTES = 16, /* of a digest */
	CASE_SALT_BYTES = SEAL_SALT_BYTES,
	CASE_OWNER_BYTES = 33, /* with the final NUL */

	CASES_MAX = 1000,
	CASES_BYTES_MAX = 32 << 20, /* of all files together */
	CASE_FILE_MAX = 2 * SEAL_FILE_MAX + 1024
};

enum case_state {
	CASE_NEW,
	CASE_TAKEN,    /* somebody looks after it */
	CASE_REFERRED, /* handed on: to 111, the police, a hospital, parents */
	CASE_CLOSED
};

/* "new", "taken", "referred", "closed" */
const char *case_state_word(enum case_state state);
bool case_state_of(enum case_state *out, const char *word);

struct report_case {
	uint32_t id;  /* never used twice */
	uint32_t day; /* 20261122 */
	enum case_state state;
	uint32_t changed_day;
	char owner[CASE_OWNER_BYTES]; /* an account's name; "" */
	uint8_t code[CASE_CODE_BYTES];
	struct seal_public reply_key;
	uint32_t reply_day; /* 0: no reply */
	size_t sealed_bytes;
	size_t reply_bytes;
};

struct cases;

/* Opens or makes the folder, removes temporary files that a crash left. `random` is the salt
 * of a new store. ERR_IO with errno, ERR_FORMAT (`store` is damaged: codes could not be told),
 * ERR_MEMORY; *why tells a human. Owned by the caller; cases_close(). */
MUST_CHECK enum err cases_open(struct cases **out, const char *folder,
    const uint8_t random[CASE_SALT_BYTES], struct diag *why);
void cases_close(struct cases *c);

struct slice cases_salt(const struct cases *c);
/* Files that look like cases and cannot be read. */
size_t cases_damaged(const struct cases *c);
/* In order of their numbers. Borrowed until the next change. */
size_t cases_count(const struct cases *c);
const struct report_case *cases_at(const struct cases *c, size_t i);
/* NULL when there is none. */
const struct report_case *cases_find(const struct cases *c, uint32_t id);
const struct report_case *cases_find_code(
    const struct cases *c, const uint8_t code[CASE_CODE_BYTES]);
/* The number that the next case will have: what it is sealed for. */
uint32_t cases_next_id(const struct cases *c);

/* Every change below is on disk when it returns OK, and has not happened at all otherwise.
 * ERR_IO with errno (ENOSPC: no room). */

struct case_new {
	uint32_t id; /* cases_next_id() */
	uint32_t day;
	uint8_t code[CASE_CODE_BYTES];
	struct seal_public reply_key;
	struct slice sealed;
};

/* ERR_FULL at a ceiling above, ERR_EXISTS for a code or number that is taken, ERR_FORMAT for
 * what is not sealed as a report. */
MUST_CHECK enum err cases_add(struct cases *c, const struct case_new *what);

/* `owner` NULL: who it was. ERR_NOT_FOUND, ERR_RANGE (the name). */
MUST_CHECK enum err cases_set_state(
    struct cases *c, uint32_t id, enum case_state state, const char *owner, uint32_t day);
/* Replaces an earlier one. ERR_NOT_FOUND, ERR_FORMAT, ERR_FULL. */
MUST_CHECK enum err cases_set_reply(
    struct cases *c, uint32_t id, struct slice sealed, uint32_t day);
/* More recipients of the same message: `sealed` begins with what is there, byte for byte, else
 * ERR_DENIED. So nobody can take another's reading away. ERR_NOT_FOUND, ERR_FORMAT. */
MUST_CHECK enum err cases_share(struct cases *c, uint32_t id, struct slice sealed);
/* Takes the recipients out of all messages that `keep` does not name; a message that none of
 * `keep` could open stays as it is. Goes on after a failure and returns the first; *dropped counts. */
MUST_CHECK enum err cases_keep_recipients(
    struct cases *c, const struct seal_public *keep, size_t keep_count, size_t *dropped);

/* Appends the sealed bytes; either may be NULL. ERR_NOT_FOUND, ERR_IO, ERR_FORMAT when it was
 * damaged meanwhile. */
MUST_CHECK enum err cases_read(
    const struct cases *c, uint32_t id, struct buf *sealed, struct buf *reply);

/* Removes it from the disk. ERR_NOT_FOUND. */
MUST_CHECK enum err cases_erase(struct cases *c, uint32_t id);
/* Removes those closed before the day. *erased counts. */
MUST_CHECK enum err cases_expire(
    struct cases *c, uint32_t closed_before_day, size_t *erased);

#endif
