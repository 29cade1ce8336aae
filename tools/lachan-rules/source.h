/* source -- the text of a list file, plain or gzip, in pieces. */
#ifndef LACHAN_RULES_SOURCE_H
#define LACHAN_RULES_SOURCE_H

#include "base/bytes.h"
#include "base/diag.h"
#include "base/err.h"

enum {
	SOURCE_SHA256_BYTES = 65 /* hexadecimal, with its NUL */
};

typedef enum err (*source_piece)(void *arg, struct slice bytes, struct diag *why);

/* Gives the whole text piece by piece. `sha256` (may be NULL) becomes the digest of the text.
 * ERR_NOT_FOUND, ERR_IO, ERR_MEMORY, or what `piece` returned, with *why. */
MUST_CHECK enum err source_read(const char *path, source_piece piece, void *arg,
    char sha256[SOURCE_SHA256_BYTES], struct diag *why);

#endif
