/* exchange -- one question on its way upstream; private to the files below.
 *
 *	forward.c    in-flight table, settling, stale answers to those who wait
 *	exchange.c   the pool, the wheel of timers, which server when
 *	attempt.c    one try at one server: sending, matching replies, TCP
 *	health.c     which server next
 *	probe.c      exchanges on nobody's behalf: is a server back, does it lead to ourselves
 *
 *	exchange_begin ─▶ ask_on: try 1 ─ patience ─▶ try 2 … ─▶ exchange_succeed
 *	       │             ▲ refused, malformed: the next one at once
 *	       │             └───────────────┘
 *	       ├─ cache.stale.wait: those who wait get an expired answer, the exchange goes on
 *	       └─ 2.8 s, or nobody left to ask: exchange_fail
 *
 * Owner: the worker's forwarder; a fixed pool, nothing on the heap but TCP streams. */
#ifndef FILTER_EXCHANGE_H
#define FILTER_EXCHANGE_H

#include <event2/bufferevent.h>

#include "cache/failures.h"
#include "filter/forward.h"
#include "filter/health.h"
#include "filter/obtain.h"
#include "filter/source_port.h"

struct exchange;

enum {
	WHEEL_TICK_MS = 16,
	WHEEL_SLOTS = 256,    /* 4 s, beyond every deadline */
	LETTER_BYTES = 66000, /* a message of 65535 octets in stored form */
	/* A reply that matches in every bit and is nonsense inside: so long the truth may
	 * come after it (T4), then the server is asked over TCP, which has so long. */
	SPOILED_UDP_MS = 400,
	SPOILED_TCP_MS = 1000,
	FAILURES_PLACES = 1024,
};

static const uint64_t NEVER_MS = UINT64_MAX;

struct attempt {
	struct exchange *exchange;  /* NULL: not open */
	struct source_port *port;   /* over UDP */
	struct bufferevent *stream; /* over TCP */
	struct upstream_server server;
	uint64_t set_id; /* the list that it is in */
	unsigned server_index;
	unsigned mismatches;
	uint64_t sent_ms;
	uint64_t give_up_ms; /* of one that is spoiled; or NEVER_MS */
	size_t query_len;
	uint8_t query[QUERY_BYTES_MAX];
};

enum exchange_purpose {
	EXCHANGE_FOR_ASKERS,
	EXCHANGE_REFRESH, /* begun for nobody, but others may join */
	EXCHANGE_PROBE    /* of one server: neither in flight nor cached */
};

struct exchange {
	struct forwarder *forwarder;
	struct exchange *prev; /* in its slot of the wheel */
	struct exchange *next;
	enum exchange_purpose purpose;
	struct asker *asker; /* the leader's own; NULL: none, or answered already */
	bool counted;        /* among the questions of the client with this share */
	struct share share;
	struct cache_key key;
	struct name_buf qname;
	uint64_t memory; /* known when it began: see obtain.h */
	unsigned route;
	unsigned server; /* of a probe */
	bool without_edns;
	bool asked_over_tcp; /* because a reply was spoiled */
	uint64_t start_ms;
	uint64_t wake_ms;
	uint64_t ask_at_ms;   /* one more try; or NEVER_MS */
	uint64_t stale_at_ms; /* who waits gets an expired answer; or NEVER_MS */
	unsigned slot;
	unsigned tries; /* attempts begun */
	struct health_tried tried;
	enum ede_code ede; /* what to say if it fails */
	struct attempt attempts[FORWARD_ATTEMPTS_MAX];
};

struct forwarder {
	struct worker *worker;
	struct source_port_pool *ports;
	struct event *ports_event;
	struct event *tick;
	struct event *probe_timer;
	uint64_t tick_number; /* of the last slot looked at */
	unsigned active;
	unsigned background; /* of these, begun on nobody's behalf */
	struct exchange *wheel[WHEEL_SLOTS];
	struct exchange *pool;
	struct exchange *free_list; /* through `next` */
	size_t used;
	struct health health[ROUTES_MAX];
	struct health bygone; /* takes what comes of servers whose list is not in force */
	struct failures *failures;
	struct probing *probing; /* filter/probe.h */
	struct letter *letter;   /* of the exchange being settled */
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

/* ---- exchange.c ---- */

struct exchange_plan {
	enum exchange_purpose purpose;
	const struct cache_key *key;
	uint64_t memory;
	unsigned route;
	unsigned server; /* of EXCHANGE_PROBE */
	struct asker
	    *asker; /* his share of questions is taken, and given back in the end */
};

/* NULL: all are in use. */
struct exchange *exchange_begin(struct forwarder *f, const struct exchange_plan *plan);
/* Asks the first server; the exchange may have ended when this returns. */
void exchange_run(struct exchange *ex);
void exchange_release(struct exchange *ex);
/* Looks at every exchange whose time has come; the wheel's timer calls it. */
void exchange_on_tick(evutil_socket_t fd, short what, void *forwarder);

/* This attempt came to nothing, and its server will not help: on to the next, or the end. */
void exchange_attempt_failed(
    struct exchange *ex, struct attempt *attempt, enum ede_code ede);
/* The attempt's server has sent nonsense: see SPOILED_UDP_MS. */
void exchange_attempt_spoiled(struct exchange *ex, struct attempt *attempt);
/* There is a server that was not asked yet. */
bool exchange_has_untried(const struct exchange *ex);
/* One more attempt, at this server if it may be asked still, beside those that are open. */
void exchange_ask_again(struct exchange *ex, unsigned server);

/* ---- attempt.c ---- */

/* Asks this server. ERR_FULL when we have no socket to spare, which is no try; ERR_IO when
 * nothing could be sent. */
enum err attempt_begin(struct exchange *ex, unsigned server);
void attempt_close(struct attempt *attempt);
/* The same attempt goes on over TCP; false when that cannot be begun. */
bool attempt_over_tcp(struct attempt *attempt);
/* No reply of its server came in time. */
void attempt_is_late(struct attempt *attempt);
void attempt_on_ready(void *forwarder, struct source_port *port, void *attempt);

/* ---- forward.c, called back ---- */

/* The reply is in forwarder->letter. Ends the exchange. */
void exchange_succeed(struct exchange *ex);
/* No server has an answer. Ends the exchange. */
void exchange_fail(struct exchange *ex);
/* `stale_at_ms` has come. The exchange goes on. */
void exchange_is_slow(struct exchange *ex);

/* ---- probe.c, called back ---- */

/* The server of the probe has answered. Ends the exchange. */
void probe_answered(struct exchange *ex);

#endif
