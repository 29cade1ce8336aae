/* neighbours -- which MAC address stands behind an address on our links.
 *
 * A copy of the kernel's neighbour table, at most NEIGHBOURS_MAX addresses. One writer (main,
 * which follows the kernel's notifications: neighbour_watch.h), any number of readers without
 * a lock: a version number, odd while a change is under way, tells a reader that what it saw
 * is whole. A reader that finds nothing, or is disturbed, asks the kernel (neighbour_ask.h).
 * When it is full, further addresses are not taken, and are asked for one by one.
 *
 * An address is kept as a keyed 64-bit hash: two of them meet by chance once in some 1e11 full
 * tables, and nobody without the key can look for one that does. In memory only. */
#ifndef FILTER_NEIGHBOURS_H
#define FILTER_NEIGHBOURS_H

#include "base/err.h"
#include "base/hash.h"
#include "net/addr.h"
#include "net/mac.h"

enum {
	NEIGHBOURS_MAX = 8192
};

/* One line of the kernel's table. */
struct neighbour {
	uint32_t link;       /* the interface's index */
	struct addr address; /* its port and scope are not looked at */
	struct mac mac;      /* MAC_NONE: nobody answers there, or it has been forgotten */
};

struct neighbours;

MUST_CHECK enum err neighbours_new(struct neighbours **out, struct hash_key key);
void neighbours_free(struct neighbours *n); /* NULL is fine */

/* ---- any thread ---- */

/* Another number whenever something in it has changed; what was found out under one number
 * holds as long as it stays. */
uint32_t neighbours_version(const struct neighbours *n);
/* False: not known, or a change is under way. *out is `address` on `link`'s. */
bool neighbours_find(
    const struct neighbours *n, uint32_t link, const struct addr *address, struct mac *out);
/* False: the kernel does not tell us; no address has a MAC then. */
bool neighbours_are_told(const struct neighbours *n);

/* ---- main alone ---- */

/* Takes a line over, or with MAC_NONE forgets it. False: full. */
bool neighbours_put(struct neighbours *n, const struct neighbour *line);
/* Between these two the whole table of the kernel is put once more: what was not is forgotten
 * at the end. */
void neighbours_begin_round(struct neighbours *n);
void neighbours_end_round(struct neighbours *n);
void neighbours_set_told(struct neighbours *n, bool told);
size_t neighbours_count(const struct neighbours *n);

#endif
