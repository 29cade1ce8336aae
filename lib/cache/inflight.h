/* inflight -- one upstream query per question, and every asker answered.
 *
 * The first asker of a question becomes its leader and must ask upstream; those who come
 * before the answer does are parked here, linked through the waiter inside their own client
 * structure. When the leader has an answer, or has given up, it puts the answer into the
 * cache and then settles: it is handed all waiters, answers those of its own worker and
 * passes the others on to theirs.
 *
 *	cache_find: miss
 *	   |
 *	inflight_join --- LEADER --> ask upstream --> cache_put --> inflight_settle
 *	   |       \                                                   |
 *	   |        FULL --> answer SERVFAIL, or ask without merging   |
 *	 JOINED ------------------ waits ------------------------> in its list
 *
 * A question asked between its settling and a reader's cache_find just finds the cache; who
 * missed before the put and joins after the settling becomes a leader once more. Harmless:
 * one query more.
 *
 * Memory is one mapping made at creation, for the number of questions given then; joining
 * allocates nothing. Threads: all functions may be called from any thread. */
#ifndef CACHE_INFLIGHT_H
#define CACHE_INFLIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "cache/cache.h"

struct inflight;

/* Embed it in the client's structure. Between JOINED and the moment the leader's thread
 * receives it from inflight_settle() (or inflight_leave() returned true) it belongs to the
 * table: do not touch or free it. */
struct waiter {
	struct waiter *next;
};

enum inflight_role {
	INFLIGHT_LEADER, /* ask upstream, and call inflight_settle() whatever happens */
	INFLIGHT_JOINED, /* the waiter is parked */
	INFLIGHT_FULL    /* too many questions, or too many wait for this one; not parked */
};

struct inflight_limits {
	uint32_t questions;            /* outstanding at once, 1 to 2^20 */
	uint32_t waiters_per_question; /* parked behind a leader, 0 or more */
};

/* On success *out is owned by the caller. ERR_RANGE, ERR_MEMORY. */
MUST_CHECK enum err inflight_new(struct inflight **out, struct inflight_limits limits);
/* Nobody may be waiting any more. NULL is allowed. */
void inflight_free(struct inflight *table);

/* `key` is copied. The waiter is used only for INFLIGHT_JOINED. */
enum inflight_role inflight_join(
    struct inflight *table, const struct cache_key *key, struct waiter *waiter);

/* Leads a question on nobody's behalf; false when it is outstanding already, or the table is
 * full. True: as INFLIGHT_LEADER. */
bool inflight_lead(struct inflight *table, const struct cache_key *key);

/* The waiters so far, as inflight_settle() gives them, while the question stays outstanding:
 * for its leader alone. */
struct waiter *inflight_take(struct inflight *table, const struct cache_key *key);

/* Ends the question. The leader calls it exactly once; it returns the waiters in the order
 * in which they came (NULL: nobody waited). They are the caller's now. */
struct waiter *inflight_settle(struct inflight *table, const struct cache_key *key);

/* Takes one waiter out again, because its client went away. True: it is the caller's. False:
 * it has been handed to a leader already, who will deliver it. O(waiters of the question). */
bool inflight_leave(
    struct inflight *table, const struct cache_key *key, struct waiter *waiter);

/* Questions outstanding now. */
uint32_t inflight_count(struct inflight *table);

#endif
