/* gzip -- one gzip member in memory (RFC 1952), the same bytes for the same content:
 * no time, no name, and the operating system left unknown. */
#ifndef SPOOL_GZIP_H
#define SPOOL_GZIP_H

#include "base/buf.h"
#include "base/err.h"

/* Appends the packed form of `content` to `out`. ERR_FULL above out->max, ERR_MEMORY. */
MUST_CHECK enum err gzip_pack(struct slice content, struct buf *out);

/* Appends what `packed` holds to `out`, at most `max` bytes. ERR_FORMAT when torn, altered
 * or followed by anything; ERR_FULL above `max` or out->max; ERR_MEMORY. */
MUST_CHECK enum err gzip_unpack(struct slice packed, size_t max, struct buf *out);

#endif
