/* source -- the text of a list in pieces: a file, plain or gzip; a folder or an archive of UT1's or
 * squidGuard's kind (feeds/members.h says which of its files are taken), where "#NAME" behind
 * the path names one folder or file inside. */
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
 * ERR_NOT_FOUND, ERR_IO, ERR_FORMAT, ERR_FULL, ERR_MEMORY, or what `piece` returned, with
 * *why. */
MUST_CHECK enum err source_read(const char *path, source_piece piece, void *arg,
    char sha256[SOURCE_SHA256_BYTES], struct diag *why);

/* Whether the text is put together from several files. False for what cannot be read. */
bool source_has_members(const char *path);
/* Where it can be found again from any folder; malloc'ed, NULL without memory. */
char *source_place(const char *path);

#endif
