/* gzip -- a page in the form that browsers accept (RFC 1952). */
#ifndef PAGE_GZIP_H
#define PAGE_GZIP_H

#include "base/buf.h"

/* Appends the packed form of `in`. ERR_MEMORY, or ERR_FULL at out's ceiling; then `out`
 * holds what it held. */
MUST_CHECK enum err gzip_append(struct buf *out, struct slice in);

#endif
