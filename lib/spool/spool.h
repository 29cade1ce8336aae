/* spool -- the outbox: summaries that wait to be sent, one gzip file each.
 *
 *   FOLDER/UNIT!YYYYMMDD!YYYYMMDD!REPORT-ID.json.gz
 *
 * The days are the first of the period and the first behind it. Before enrolment UNIT is
 * "unenrolled". The same document makes the same file, byte for byte: the gzip header
 * holds no time and no name. A file is whole or absent, and never replaced. What does
 * not bear such a name is not ours and left alone.
 *
 * Threads: one caller at a time; other processes may read and remove files. */
#ifndef SPOOL_SPOOL_H
#define SPOOL_SPOOL_H

#include "base/buf.h"
#include "base/err.h"

enum {
	SPOOL_UNIT_BYTES = 65, /* with the final NUL */
	SPOOL_ID_BYTES = 37,   /* a UUID, with the final NUL */
	SPOOL_NAME_BYTES = 160,
	SPOOL_DOCUMENT_MAX = 4 * 1024 * 1024, /* bytes of JSON */
	SPOOL_FILE_MAX = 256 * 1024,          /* bytes of gzip, as the department accepts */
	SPOOL_ENTRIES_MAX = 4096
};

struct spool_entry {
	char name[SPOOL_NAME_BYTES];
	char unit[SPOOL_UNIT_BYTES];
	uint32_t begin_day; /* 20261120 */
	uint32_t end_day;
	char report_id[SPOOL_ID_BYTES];
	uint64_t file_bytes;
};

/* Writes the file name of these values into `out`. `unit` is [A-Za-z0-9._-], at most 64,
 * or "" before enrolment; `report_id` a lower-case UUID. ERR_RANGE otherwise. */
MUST_CHECK enum err spool_name(char out[SPOOL_NAME_BYTES], const char *unit,
    uint32_t begin_day, uint32_t end_day, const char *report_id);
/* The values of a file name; file_bytes stays 0. False when it is none of ours. */
bool spool_name_parse(struct spool_entry *out, const char *name);

/* Compresses `document` into FOLDER/name. ERR_EXISTS when that file is there already
 * (then nothing changes), ERR_RANGE when the name or a size is not allowed, ERR_IO,
 * ERR_MEMORY. */
MUST_CHECK enum err spool_add(const char *folder, const char *name, struct slice document);

/* All waiting files, oldest period first, then by name. *out is malloc()ed by the callee
 * and free()d by the caller, NULL when there are none. Above SPOOL_ENTRIES_MAX files the
 * rest is left out. A missing folder holds nothing. ERR_IO, ERR_MEMORY. */
MUST_CHECK enum err spool_list(const char *folder, struct spool_entry **out, size_t *count);

/* Appends the document in FOLDER/name to `out`. ERR_NOT_FOUND, ERR_IO, ERR_FORMAT when
 * torn, ERR_FULL above out->max or SPOOL_DOCUMENT_MAX. */
MUST_CHECK enum err spool_read(const char *folder, const char *name, struct buf *out);

MUST_CHECK enum err spool_remove(const char *folder, const char *name);

/* Removes files whose period ended before `keep_from_day`, and temporary files that a
 * crash left. *removed counts the former. ERR_IO. */
MUST_CHECK enum err spool_prune(
    const char *folder, uint32_t keep_from_day, size_t *removed);

#endif
