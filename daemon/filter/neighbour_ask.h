/* neighbour_ask -- one question to the kernel: who is this address? For the moment before main
 * has heard of a device, so that a teacher's first query is not judged as a pupil's.
 *
 * The kernel answers within the call that asks (6 to 8 µs), so nothing waits. At most
 * NEIGHBOUR_ASKS_PER_SECOND: beyond them an address is unknown for the rest of the second.
 * Threads: an asker belongs to one thread. */
#ifndef FILTER_NEIGHBOUR_ASK_H
#define FILTER_NEIGHBOUR_ASK_H

#include "filter/neighbours.h"

enum {
	NEIGHBOUR_ASKS_PER_SECOND = 1000
};

struct neighbour_ask {
	int fd; /* -1: nobody can be asked */
	uint32_t sequence;
	uint64_t second;
	unsigned asked;
};

/* Without a socket (no permission) it stands and knows nobody. */
void neighbour_ask_open(struct neighbour_ask *ask);
void neighbour_ask_close(struct neighbour_ask *ask);

/* False: the kernel does not know either. */
bool neighbour_ask(struct neighbour_ask *ask, uint32_t link, const struct addr *address,
    uint64_t now_ms, struct mac *out);

#endif
