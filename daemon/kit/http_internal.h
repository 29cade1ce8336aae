/* http_internal -- what http.c (one exchange) and http_server.c (doors, places) share. */
#ifndef KIT_HTTP_INTERNAL_H
#define KIT_HTTP_INTERNAL_H

#include <sys/queue.h>

#include "kit/http.h"

/* In the order of a connection's life. */
enum http_phase {
	HTTP_DOOR, /* the door has it */
	HTTP_HEAD,
	HTTP_BODY,
	HTTP_WAIT,  /* the handler has it */
	HTTP_DRAIN, /* the answer is on its way */
	HTTP_LINGER /* we have sent FIN; what still arrives is thrown away */
};

struct http_exchange {
	TAILQ_ENTRY(http_exchange) entry; /* of http_server.exchanges, the oldest first */
	struct http_server *server;
	const struct http_door *door;
	struct bufferevent *stream; /* NULL: at the door, or gone while the handler waits */
	struct event *deadline;
	enum http_phase phase;
	struct addr peer;
	struct head head;
	size_t head_seen;    /* octets that hold no end of a head */
	size_t thrown_away;  /* octets behind the request */
	uint8_t *head_bytes; /* what `head` points into */
	size_t head_len;
	uint8_t *body_bytes; /* room for head.body_bytes */
	size_t body_len;
	unsigned of_client; /* connections of the same client, this one too */
	bool peer_finished; /* its FIN is here */
};

TAILQ_HEAD(http_exchanges, http_exchange);

struct http_listening;

struct http_server {
	struct event_base *base;
	struct http_limits limits;
	struct http_handlers handlers;
	struct http_exchanges exchanges;
	unsigned count;
	SLIST_HEAD(, http_listening) listeners;
	struct event *resume; /* after descriptors ran out */
};

/* http.c: an exchange that is in the server's list and counted, its request_ms running.
 * NULL without memory. */
struct http_exchange *http_exchange_new(
    struct http_server *server, const struct http_door *door, const struct addr *peer);
/* Ends it, wherever it stands; while a handler holds it only its stream goes. */
void http_exchange_give_up(struct http_exchange *x);
/* As give_up, and the handler will not be heard: for http_close(). */
void http_exchange_release(struct http_exchange *x);
/* Octets of an answer that the kernel has not taken yet. */
size_t http_exchange_pending(const struct http_exchange *x);

/* http_server.c */
/* Gives up the oldest answers that nobody reads until `bytes` more fit into
 * pending_max_bytes. */
void http_server_make_room(struct http_server *server, size_t bytes);

#endif
