/* holder -- which program holds a port, and what the person can do about it.
 *
 * Reads /proc/net/{udp,udp6,tcp,tcp6} for the socket and /proc/PID/fd for its owner; without
 * root only our own processes can be named. For error messages alone: it is slow. */
#ifndef KIT_HOLDER_H
#define KIT_HOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

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

/* True when some socket holds `port` (listening, for TCP); then *out is filled. */
bool holder_find(enum holder_transport transport, uint16_t port, struct holder *out);

/* What to do about this program on this port: a sentence in the person's language.
 * Static or catalogue storage. */
const char *holder_advice(const struct holder *who, uint16_t port);

#endif
