/* neighbour_wire -- what is said to the kernel about neighbours, and what it says (rtnetlink(7)).
 *
 * Nothing the socket brings is believed before its lengths are checked (libmnl). */
#ifndef FILTER_NEIGHBOUR_WIRE_H
#define FILTER_NEIGHBOUR_WIRE_H

#include "filter/neighbours.h"

enum {
	NEIGHBOUR_REQUEST_BYTES = 64,
	NEIGHBOUR_MESSAGES_BYTES = 32768 /* of one datagram; the kernel makes none longer */
};

/* "All neighbours, please", and "who is `address` on `link`?"; return the length. */
size_t neighbour_ask_all(uint8_t out[NEIGHBOUR_REQUEST_BYTES], uint32_t sequence);
size_t neighbour_ask_one(uint8_t out[NEIGHBOUR_REQUEST_BYTES], uint32_t sequence,
    uint32_t link, const struct addr *address);

enum neighbour_said {
	NEIGHBOUR_LINE,      /* `line` is set */
	NEIGHBOUR_ADDRESSES, /* our own addresses have changed */
	NEIGHBOUR_END,       /* of the answer to a question */
	NEIGHBOUR_REFUSED,   /* the question; `error` */
	NEIGHBOUR_OTHER      /* nothing for us */
};

struct neighbour_message {
	enum neighbour_said said;
	uint32_t sequence; /* of the question; 0: not asked for */
	bool interrupted;  /* the table changed while it was told: lines may be missing */
	int error;         /* errno */
	struct neighbour line;
};

/* The next message of a datagram; false at its end, or where it is no message any more. The
 * bytes lie on a boundary of four. */
bool neighbour_next(struct slice *rest, struct neighbour_message *out);

/* One datagram from the kernel, and nobody else; 0: nothing is there, -1 with errno: ENOBUFS
 * when some were lost. Does not wait. */
int neighbour_receive(int fd, void *out, size_t size);

/* A socket on which to ask, and with `groups` (RTMGRP_…) to hear; -1 with errno. */
int neighbour_socket(uint32_t groups);

#endif
