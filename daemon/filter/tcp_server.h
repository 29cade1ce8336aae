/* tcp_server -- queries over TCP (RFC 7766): pipelined, answered in the order they are ready.
 *
 * Limits (T30 to T33): server.tcp.connections in all and per_client for one address; a
 * message must be whole within TCP_MESSAGE_MS of its first octet, whatever trickles; idle
 * connections end after server.tcp.idle; at most TCP_INFLIGHT_MAX questions of one
 * connection wait, and while they do or TCP_OUTPUT_BYTES are not yet taken by the client,
 * nothing more is read from it; when late answers make it TCP_OUTPUT_MAX_BYTES, it ends. When
 * a new client finds all places taken, or the process has no descriptor left, the connection
 * that has been idle longest makes room. */
#ifndef FILTER_TCP_SERVER_H
#define FILTER_TCP_SERVER_H

#include "filter/query.h"

enum {
	TCP_MESSAGE_MS = 5000,
	TCP_STUCK_MS = 10000, /* a client that does not read its answers */
	TCP_INFLIGHT_MAX = 100,
	TCP_OUTPUT_BYTES = 128 * 1024,
	TCP_OUTPUT_MAX_BYTES = 256 * 1024,
	TCP_SOCKET_BYTES = 64 * 1024, /* the kernel's part of it; it takes twice that */
	TCP_QUERY_BYTES = 4096,       /* a query is small; RFC 7766 lets us close on more */
};

extern const struct transport TCP_TRANSPORT;

/* Takes the listening sockets. ERR_MEMORY. */
MUST_CHECK enum err tcp_server_new(
    struct tcp_server **out, struct worker *w, const int *fds, size_t count);
/* After the forwarder: askers of open connections are forgotten. NULL is allowed. */
void tcp_server_free(struct tcp_server *server);

#endif
