/* exchange -- one question on its way upstream; private to forward.c and attempt.c.
 *
 *	forward.c   in-flight table, wheel of timers, settling
 *	attempt.c   one try at one server: sending, matching replies, TCP
 *	health.c    which server next
 *
 * Owner: the worker's forwarder; a fixed pool, nothing on the heap but TCP streams. */
#ifndef FILTER_EXCHANGE_H
#define FILTER_EXCHANGE_H

#include <event2/bufferevent.h>

#include "filter/forward.h"
#include "filter/health.h"
#include "filter/obtain.h"
#include "filter/source_port.h"

struct exchange;

struct attempt {
	struct exchange *exchange;  /* NULL: not open */
	struct source_port *port;   /* over UDP */
	struct bufferevent *stream; /* over TCP */
	struct upstream_server server;
	unsigned server_index;
	unsigned mismatches;
	uint64_t sent_ms;
	size_t query_len;
	uint8_t query[QUERY_BYTES_MAX];
};

struct exchange {
	struct forwarder *forwarder;
	struct exchange *prev; /* in its slot of the wheel */
	struct exchange *next;
	struct asker *asker; /* the leader's own */
	bool counted;        /* among the questions of the client with this share */
	struct share share;
	struct cache_key key;
	struct name_buf qname;
	uint64_t memory; /* known when it began: see obtain.h */
	unsigned route;
	bool dnssec_ok;
	bool checking_disabled;
	bool without_edns;
	uint64_t start_ms;
	uint64_t wake_ms;
	unsigned slot;
	unsigned tries;      /* attempts begun */
	unsigned tried_mask; /* by server index */
	enum ede_code ede;   /* what to say if it fails */
	struct attempt attempts[FORWARD_ATTEMPTS_MAX];
};

enum {
	WHEEL_TICK_MS = 16,
	WHEEL_SLOTS = 256,    /* 4 s, beyond every deadline */
	LETTER_BYTES = 66000, /* a message of 65535 octets in stored form */
};

struct forwarder {
	struct worker *worker;
	struct source_port_pool *ports;
	struct event *ports_event;
	struct event *tick;
	uint64_t tick_number; /* of the last slot looked at */
	unsigned active;
	struct exchange *wheel[WHEEL_SLOTS];
	struct exchange *pool;
	struct exchange *free_list; /* through `next` */
	size_t used;
	struct health health[ROUTES_MAX];
	struct letter *letter; /* of the exchange being settled */
};

/* Whom the exchange asks, by the snapshot in force, and what is known of them. */
static inline const struct upstream_set *exchange_servers(const struct exchange *ex)
{
	const struct snapshot *s = ex->forwarder->worker->snapshot;

	/* Where the route was another one when the exchange began, its question goes nowhere:
	 * names of one zone are not told to the servers of another. */
	if (memory_route_tag(ex->memory) != snapshot_route_tag(s, ex->route))
		return snapshot_route(s, ROUTES_MAX);
	return snapshot_route(s, ex->route);
}

static inline struct health *exchange_health(const struct exchange *ex)
{
	return &ex->forwarder->health[ex->route];
}

/* attempt.c: asks the next server of an exchange. False when nothing could be sent. */
bool attempt_begin(struct exchange *ex);
void attempt_close(struct attempt *attempt);
/* No reply of its server came in time. */
void attempt_is_late(struct attempt *attempt);
void attempt_on_ready(void *forwarder, struct source_port *port, void *attempt);

/* forward.c, called back by attempt.c. */
/* The reply is in forwarder->letter. */
void exchange_succeed(struct exchange *ex);
/* This attempt came to nothing: on to the next server, or the end. */
void exchange_attempt_failed(
    struct exchange *ex, struct attempt *attempt, enum ede_code ede);

/* One more attempt, at this server if no other is better, beside those that are open. */
void exchange_ask_again(struct exchange *ex, unsigned server);

#endif
