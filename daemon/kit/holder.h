/* holder -- which program holds a port, and what the person can do about it.
 *
 * Reads /proc/net/{udp,udp6,tcp,tcp6} for the socket and /proc/PID/fd for its owner; without
 * root only our own processes can be named. For error messages alone: it is slow. */
#ifndef KIT_HOLDER_H
#define KIT_HOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "net/addr.h"

enum {
	HOLDER_NAME_BYTES = 64
};

enum holder_transport {
	HOLDER_UDP,
	HOLDER_TCP
};

struct holder {
	pid_t pid; /* 0: somebody we may not look at */
	char program[HOLDER_NAME_BYTES];
};

/* True when some socket keeps `wanted` (address and port) from being bound: the same
 * address, or a wildcard on either side; for TCP a listening one. Then *out is filled. */
bool holder_find(
    enum holder_transport transport, const struct addr *wanted, struct holder *out);

/* What to do about this program: words for the person, of the catalogue. */
const char *holder_advice(const struct holder *who);

#endif
