/* notices_file -- the files of lib/notices in state_dir, or, while that takes no more (it is
 * full, or read-only), in run_dir: a full disk is one of the things to tell of. The copy in
 * run_dir is the newer one where there is one. Threads: no shared state. */
#ifndef KIT_NOTICES_FILE_H
#define KIT_NOTICES_FILE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

struct config;

#define NOTICES_FILE      "notices"
#define NOTICES_SENT_FILE "notices.sent"

/* Appends the newest one. ERR_NOT_FOUND, ERR_IO, ERR_FULL, ERR_RANGE. */
MUST_CHECK enum err notices_file_read(
    struct buf *out, const struct config *config, const char *name);
/* OK when it is kept; *refused tells whether state_dir's file system was in its way. */
MUST_CHECK enum err notices_file_write(
    const struct config *config, const char *name, struct slice text, bool *refused);

#endif
