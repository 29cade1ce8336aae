/* http -- a small HTTP/1 server for strangers: one request a connection.
 *
 *	accept --> door --> head --> body --> handler --> reply --> drain --> linger --> closed
 *	  |         |        |        |          |                    |          |
 *	  caps,     TLS      400,     POST       (waits for the       answer_ms  until the peer
 *	  allow              405      alone      verdict, the desk)              closes, LINGER_MS
 *	                    `-- request_ms from accept --'            at most
 *
 * request_ms is for the whole request, from accept to the last octet of its body, whatever
 * trickles in; answer_ms is for the handler, and again for the whole answer, however slowly
 * it is read: idle timeouts alone keep a slow peer for ever. One request a connection leaves
 * nothing for smuggling to stand behind (RFC 9112 section 11.2).
 *
 * When all places are taken, a new connection takes the place of another one: of its own
 * client if that has per_client of them, else of the client that has most; what is answered
 * already goes first, then what came first, never what waits for the handler. Slow peers
 * are the oldest and an honest request is over in milliseconds, so a flood of slow ones
 * costs the others nothing.
 * Threads: everything on the thread of the event base. */
#ifndef KIT_HTTP_H
#define KIT_HTTP_H

#include <event2/bufferevent.h>
#include <event2/event.h>

#include "kit/head.h"
#include "net/addr.h"

enum {
	HTTP_LINGER_MS = 1000,
	HTTP_BODY_MAX_BYTES = 8192, /* where the handlers say nothing else */
	HTTP_REPLY_MAX_BYTES = 256 * 1024,
	HTTP_PENDING_MAX_BYTES = 2 * 1024 * 1024 /* answers that nobody reads, together */
};

struct http_server;
struct http_exchange;

struct http_limits {
	unsigned connections; /* in all */
	unsigned per_client;  /* by address */
	unsigned request_ms;
	unsigned answer_ms;
};

struct http_reply {
	unsigned status;
	const char *headers; /* more lines, each with CRLF; or "" */
	struct slice body;   /* copied; left out for HEAD, its length is told */
};

struct http_handlers {
	/* Before a byte is read; false closes the connection. */
	bool (*may_ask)(void *context, const struct addr *peer);
	/* A POST whose head is sound, before its body is read: 0 reads it, else the status it
	 * is refused with at once (405: nothing is posted there; 403, 415, …). The head's path,
	 * host, content_type, origin and sec_fetch_site are there to judge it, and body_bytes:
	 * for who takes bodies of several sizes. NULL: always 405. */
	unsigned (*on_post)(void *context, const struct http_exchange *x);
	/* A sound request, whole. It must end in one http_reply(), now or later. */
	void (*on_request)(void *context, struct http_exchange *x);
	/* What stands beside a status that the server refuses a request with by itself: headers
	 * and body of *reply, borrowed until the next call. NULL: neither. */
	void (*on_refusal)(void *context, unsigned status, struct http_reply *reply);
	/* Somebody who speaks for many (a proxy of ours): no cap by client. NULL: nobody. */
	bool (*is_shared)(void *context, const struct addr *peer);
	void *context;
	size_t body_max_bytes;    /* 0: HTTP_BODY_MAX_BYTES */
	size_t pending_max_bytes; /* 0: HTTP_PENDING_MAX_BYTES */
	bool takes_packed;        /* bodies with a Content-Encoding; else 415 */
};

/* What stands between a listening socket and the bytes of its connections; TLS lives here.
 * The functions may be called again and again for different connections; `context` is the
 * door's. Without a door a connection is plain TCP. */
struct http_door {
	/* A connection that has passed the caps. Takes `fd` (non-blocking) and ends, now or
	 * later, in exactly one of http_begin() and http_drop(). Meanwhile request_ms runs. */
	void (*enter)(void *context, struct http_exchange *x, int fd);
	/* The connection ended before http_begin() (deadline, evicted, server closing): close
	 * the fd, forget `x`; neither http_begin() nor http_drop() may follow. */
	void (*abandon)(void *context, struct http_exchange *x);
	/* Everything is written: say so to the peer (close_notify and FIN), keep reading. */
	void (*finish)(void *context, struct bufferevent *stream);
	void *context;
	bool is_secure; /* what http_is_secure() says of its connections */
};

/* Give `base` priorities (event_base_priority_init()): then connections that are open are
 * served before new ones are taken, whatever the load.
 * ERR_MEMORY. `base` and what `handlers` points to outlive the server. */
MUST_CHECK enum err http_open(struct http_server **out, struct event_base *base,
    const struct http_limits *limits, const struct http_handlers *handlers);
/* Takes `fd`, a listening socket: closed by http_close(). `door` (NULL: plain) outlives the
 * server. All listeners of a server share its caps. ERR_MEMORY: still the caller's. */
MUST_CHECK enum err http_listen_take(
    struct http_server *server, int fd, const struct http_door *door);
/* Closes the listening sockets; what is under way goes on. */
void http_stop_listening(struct http_server *server);
/* Closes every connection; exchanges that still wait must not be replied to. NULL: nothing. */
void http_close(struct http_server *server);
unsigned http_connection_count(const struct http_server *server);
/* Those of them whose request is whole and whose answer has not left. */
unsigned http_answering_count(const struct http_server *server);

/* For doors. Takes `stream` (made with BEV_OPT_CLOSE_ON_FREE, no callbacks set, handshake
 * done or under way) and reads the request from it. */
void http_begin(struct http_exchange *x, struct bufferevent *stream);
/* Ends a connection that has no stream; its fd is the door's to close. */
void http_drop(struct http_exchange *x);

/* Valid until http_reply(). */
const struct head *http_head(const struct http_exchange *x);
const struct addr *http_peer(const struct http_exchange *x);
/* The header lines as they came, found sound: "Name: value" with CRLF each. */
struct slice http_header_lines(const struct http_exchange *x);
/* Of a POST: as it came, at most body_max_bytes; empty for other methods. */
struct slice http_body(const struct http_exchange *x);
/* It came through a door that is secure. */
bool http_is_secure(const struct http_exchange *x);
/* What it came through, for who knows the door; NULL once the peer has gone. */
struct bufferevent *http_stream(const struct http_exchange *x);

/* Answers and ends the exchange. A peer that has gone meanwhile gets nothing. */
void http_reply(struct http_exchange *x, const struct http_reply *reply);

#endif
