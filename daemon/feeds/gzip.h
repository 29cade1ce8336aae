/* gzip -- text in and out of a gzip file as a stream; nothing is ever whole in memory. */
#ifndef FEEDS_GZIP_H
#define FEEDS_GZIP_H

#include <zlib.h>

#include "base/bytes.h"
#include "base/diag.h"
#include "base/err.h"

/* Writes through `fd`, which stays the caller's. ERR_IO, ERR_MEMORY. */
MUST_CHECK enum err gzip_begin(gzFile *out, int fd);
MUST_CHECK enum err gzip_write(gzFile gz, struct slice bytes);
/* Flushes and ends it, also after a failed write. ERR_IO. `*gz` becomes NULL. */
MUST_CHECK enum err gzip_end(gzFile *gz);
/* Ends without caring. Does nothing for NULL. */
void gzip_abandon(gzFile *gz);

typedef enum err (*gzip_piece)(void *context, struct slice bytes);

/* Hands the decoded text of `path` to `piece` in order. ERR_NOT_FOUND, ERR_IO, ERR_FORMAT
 * (not gzip, cut short or damaged; pieces may have been handed out before it was noticed),
 * ERR_MEMORY, or the first error of `piece`. */
MUST_CHECK enum err gzip_read(const char *path, gzip_piece piece, void *context);

#endif
