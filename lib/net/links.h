/* links -- on which of this machine's links an address is.
 *
 * Made of a look at the interfaces, immutable. Only links on which devices have MAC addresses
 * count (no loopback, no tunnel). Threads: any number may read one. */
#ifndef NET_LINKS_H
#define NET_LINKS_H

#include "net/interfaces.h"

struct links;

/* ERR_MEMORY. */
MUST_CHECK enum err links_new(struct links **out, const struct interfaces *all);
void links_free(struct links *links); /* NULL is fine */

/* The interface's index, or 0: it is behind a router, our own, or the same network is on two
 * links. A link-local address must say its scope. */
uint32_t links_find(const struct links *links, const struct addr *address);

#endif
