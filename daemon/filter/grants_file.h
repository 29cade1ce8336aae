/* grants_file -- the grants that live, in memory and in state_dir/grants.
 *
 * Every change writes the whole file anew (temporary file, fsync, rename, fsync of the folder)
 * before it counts: what was answered "granted" is there after a power cut. The file ties names
 * to devices where a grant is for one, so it is 0600, and a grant leaves it when it ends.
 * Times are arguments. Threads: main alone. */
#ifndef FILTER_GRANTS_FILE_H
#define FILTER_GRANTS_FILE_H

#include "base/diag.h"
#include "base/moment.h"
#include "kit/grants_text.h"

struct grants_file;

/* Reads `path` (copied); a missing file is an empty one. Lines that are damaged, and a torn
 * end, are left out and counted: the next write is without them. ERR_IO, ERR_FULL (larger
 * than a thousand grants can be): nothing is believed, nothing will be overwritten; with the
 * reason in *why. */
MUST_CHECK enum err grants_file_open(
    struct grants_file **out, const char *path, struct moment now, struct diag *why);
void grants_file_close(struct grants_file *f); /* NULL is fine */
/* Lines that were left out at the open. */
size_t grants_file_damaged(const struct grants_file *f);

/* Borrowed until the next change; in the order they were made. */
const struct grant_record *grants_file_items(const struct grants_file *f, size_t *count);

/* Adds a copy of *grant under a fresh id, which is told. A grant of the same name for the same
 * asker ends with it: the later word counts. ERR_FULL: there are GRANTS_MAX; ERR_IO with
 * errno, ERR_MEMORY. On failure all is as it was. */
MUST_CHECK enum err grants_file_add(struct grants_file *f, const struct grant_record *grant,
    struct moment now, uint32_t *id);
/* ERR_NOT_FOUND: there is none with this id. *removed may be NULL. */
MUST_CHECK enum err grants_file_remove(
    struct grants_file *f, uint32_t id, struct grant_record *removed);

/* Drops what has ended, at the calendar's time or, for a clock that was put back, when it has
 * lasted as long as it was given for. True when something was dropped; a file that cannot be
 * written keeps the ended lines until it can, and they stay ended. A clock that is not
 * trusted ends nothing by the calendar. */
bool grants_file_expire(struct grants_file *f, struct moment now);
/* mono_ms at which the next one ends; UINT64_MAX: none does by itself. */
uint64_t grants_file_next_end_ms(const struct grants_file *f, struct moment now);

#endif
