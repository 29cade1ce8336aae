/* overrides -- lachan.d/overrides.yaml with something laid upon it, nothing lost.
 *
 * Where none of the new keys is there yet, they are appended and all that stood there stays as it
 * is, comments and all. Else the file is written anew with every value it had (lists of things
 * with a `name` thing by thing); comments go then, so the caller keeps the old file.
 * Pure. Threads: no shared state. */
#ifndef LACHANCTL_OVERRIDES_H
#define LACHANCTL_OVERRIDES_H

#include "base/buf.h"
#include "base/diag.h"
#include "base/err.h"

enum {
	OVERRIDES_MAX_BYTES = 1 << 20
};

/* Appends the new file to `out`: `old` (may be empty) with `ours` upon it, both YAML. The same
 * octets as `old` when there is nothing to change. ERR_FORMAT: one of them is no map, or what
 * would be written does not read back; *why tells. ERR_MEMORY, ERR_FULL. */
MUST_CHECK enum err overrides_lay(
    struct buf *out, struct slice old, struct slice ours, struct diag *why);

#endif
