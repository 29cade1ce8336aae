/* forward -- asking upstream: one query a question, every asker answered.
 *
 *	forward_start ─▶ in-flight table ─ LEADER ─▶ exchange ─▶ attempt 1 ─ late ─▶ attempt 2 …
 *	                      │ JOINED                  │ good reply, or the deadline
 *	                      ▼                         ▼
 *	                 the asker waits  ◀────── forward_settle: cache, then all askers
 *
 * An exchange has at most six attempts, three a server, each with its own ID, letter case and
 * random port, all open until one brings a reply that matches. After `cache.stale.wait` those
 * who wait get an expired answer, if one is kept; after 2.8 s, SERVFAIL: every asker hears
 * within three seconds.
 * Threads: a forwarder belongs to its worker. */
#ifndef FILTER_FORWARD_H
#define FILTER_FORWARD_H

#include "filter/query.h"

enum {
	FORWARD_EXCHANGES_MAX = 2048, /* questions a worker has upstream at once */
	FORWARD_ATTEMPTS_MAX = 6,     /* T17 */
	FORWARD_DEADLINE_MS = 2800,   /* SERVFAIL leaves within 3 s */
};

MUST_CHECK enum err forwarder_new(struct forwarder **out, struct worker *w);
void forwarder_free(struct forwarder *f);

enum forward_result {
	FORWARD_WAITS, /* the asker is kept and will be answered */
	FORWARD_FULL,  /* nothing was begun: answer SERVFAIL */
};

/* What is asked upstream for a request: its own name, or one it is led to. */
struct forward_question {
	struct cache_key key; /* of the name; type and flags are the request's */
	uint64_t memory;      /* what is known of the name (obtain.h) */
	unsigned route;       /* whom to ask (filter/snapshot.h) */
};
enum forward_result forward_start(
    struct worker *w, struct request *r, const struct forward_question *question);

/* What is to be expected of asking. */
struct forward_outlook {
	/* Nobody is there to ask, or the question failed lately. */
	bool trouble;
	/* Who has an expired answer gives that at once. */
	bool stale_first;
	bool refresh; /* and asks behind it */
	bool failed; /* the question has just failed: SERVFAIL with `ede`, and do not ask */
	enum ede_code ede;
};
struct forward_outlook forward_outlook(
    struct worker *w, const struct forward_question *question);

/* Asks on nobody's behalf, for the cache. False: it is being asked already, or too much is. */
bool forward_refresh(struct worker *w, const struct forward_question *question);

/* What this worker knows of server `i` of a route; for status. Any thread. */
struct upstream_health {
	uint32_t srtt_us;  /* 0: not measured yet */
	uint32_t failures; /* in a row */
	uint64_t queries;
	uint64_t timeouts;
	bool down;
};
struct upstream_health forwarder_health(const struct worker *w, unsigned route, unsigned i);

#endif
