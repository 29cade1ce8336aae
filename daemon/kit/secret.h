/* secret -- a password or token that stands in a file of its own, one line.
 * Threads: no shared state. */
#ifndef KIT_SECRET_H
#define KIT_SECRET_H

#include "base/diag.h"
#include "base/err.h"

enum {
	SECRET_BYTES = 512 /* with the final NUL */
};

/* The first line of `path`, without its end. The caller wipes *out (OPENSSL_cleanse).
 * ERR_NOT_FOUND, ERR_DENIED (not ours to read, or others may read it too), ERR_FORMAT (empty,
 * longer than one line, or no text), each with *why naming the file and what to do. */
MUST_CHECK enum err secret_read(char out[SECRET_BYTES], const char *path, struct diag *why);

#endif
