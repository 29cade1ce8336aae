/* http -- a small HTTP/1 server for strangers: one request a connection, no body.
 *
 *	accept --> head --> handler --> reply --> drain --> linger --> closed
 *	  |         |          |                    |          |
 *	  caps,     400, 408:  (waits for the       deadline   until the peer closes,
 *	  allow     deadline   verdict)                        LINGER_MS at most
 *
 * The deadline is for the whole head, whatever trickles in, and again for the whole answer,
 * however slowly it is read: idle timeouts alone keep a slow peer for ever. One request a
 * connection leaves nothing for smuggling to stand behind (RFC 9112 section 11.2).
 * Threads: everything on the thread of the event base. */
#ifndef PAGE_HTTP_H
#define PAGE_HTTP_H

#include <event2/event.h>

#include "net/addr.h"
#include "page/head.h"

enum {
	HTTP_LINGER_MS = 1000,
	HTTP_REPLY_MAX_BYTES = 256 * 1024
};

struct http_server;
struct http_exchange;

struct http_limits {
	unsigned connections; /* more are closed at once */
	unsigned per_client;  /* by address */
	unsigned deadline_ms;
};

struct http_handlers {
	/* Before a byte is read; false closes the connection. */
	bool (*may_ask)(void *context, const struct addr *peer);
	/* A sound request. It must end in one http_reply(), now or later. */
	void (*on_request)(void *context, struct http_exchange *x);
	void *context;
};

/* ERR_MEMORY. `base` outlives the server. */
MUST_CHECK enum err http_open(struct http_server **out, struct event_base *base,
    const struct http_limits *limits, const struct http_handlers *handlers);
/* Takes `fd`, a listening socket: closed by http_close(). ERR_MEMORY: still the caller's. */
MUST_CHECK enum err http_listen_take(struct http_server *server, int fd);
/* Closes every connection; exchanges that still wait must not be replied to. NULL: nothing. */
void http_close(struct http_server *server);
unsigned http_connection_count(const struct http_server *server);

/* Valid until http_reply(). */
const struct head *http_head(const struct http_exchange *x);
const struct addr *http_peer(const struct http_exchange *x);

struct http_reply {
	unsigned status;
	const char *headers; /* more lines, each with CRLF; or "" */
	struct slice body;   /* copied; left out for HEAD, its length is told */
};

/* Answers and ends the exchange. A peer that has gone meanwhile gets nothing. */
void http_reply(struct http_exchange *x, const struct http_reply *reply);

#endif
