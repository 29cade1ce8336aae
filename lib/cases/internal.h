/* What the files of this module share. */
#ifndef CASES_INTERNAL_H
#define CASES_INTERNAL_H

#include "base/file.h"
#include "cases/cases.h"

enum {
	RECORD_HEAD_MAX = 512,
	STORE_MAX = 128
};

struct cases {
	struct report_case *items; /* room for CASES_MAX, in order of their numbers */
	size_t count;
	uint32_t next_id;
	size_t bytes; /* of all files */
	size_t damaged;
	uint8_t salt[CASE_SALT_BYTES];
	char folder[FILE_PATH_BYTES];
};

/* ---- record.c: one file, in memory ---- */

/* A day that can be: 20261122. */
bool day_is_sound(uint32_t day);
bool owner_is_sound(const char *owner);

/* Of the file that record_write() makes of it. */
size_t record_bytes(const struct report_case *what);
/* Appends the whole file. The lengths are those of the slices. ERR_FULL, ERR_MEMORY. */
MUST_CHECK enum err record_write(struct buf *out, const struct report_case *what,
    struct slice sealed, struct slice reply);
/* ERR_FORMAT for whatever record_write() would not have written. The slices are borrowed from
 * `file`. */
MUST_CHECK enum err record_read(
    struct report_case *what, struct slice *sealed, struct slice *reply, struct slice file);

/* ---- disk.c ---- */

/* Publishes `content` at FOLDER/name, with the times of `day`. ERR_IO with errno: then what
 * stood there before stands there still. */
MUST_CHECK enum err disk_put(
    const struct cases *c, const char *name, struct slice content, uint32_t day);
MUST_CHECK enum err disk_remove(const struct cases *c, uint32_t id, uint32_t day);
/* The file of a case, checked; the slices are borrowed from `file`. ERR_NOT_FOUND, ERR_IO,
 * ERR_FORMAT, ERR_MEMORY. */
MUST_CHECK enum err disk_get(const struct cases *c, uint32_t id, struct buf *file,
    struct report_case *what, struct slice *sealed, struct slice *reply);
/* Fills `c` from its folder. As cases_open(). */
MUST_CHECK enum err disk_load(
    struct cases *c, const uint8_t random[CASE_SALT_BYTES], struct diag *why);
MUST_CHECK enum err disk_put_store(const struct cases *c);

#endif
