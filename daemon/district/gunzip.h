/* gunzip -- one packed document, unpacked within limits that are looked at while it grows.
 * Threads: pure functions. */
#ifndef DISTRICT_GUNZIP_H
#define DISTRICT_GUNZIP_H

#include "base/buf.h"
#include "base/err.h"

enum {
	GUNZIP_MAX_BYTES = 4 << 20,
	GUNZIP_MAX_RATIO = 50
};

/* Appends what `packed` holds: one gzip member and nothing behind it, at most GUNZIP_MAX_RATIO
 * times as long and at most GUNZIP_MAX_BYTES. ERR_FORMAT: no gzip, cut short, damaged, or
 * something behind it; ERR_RANGE: it grows beyond that; ERR_FULL; ERR_MEMORY. No more than one
 * block beyond the limit is ever unpacked. */
MUST_CHECK enum err gunzip_bounded(struct buf *out, struct slice packed);

#endif
