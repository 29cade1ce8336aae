/* worker -- one thread of the data plane: its sockets, its event base, its queries.
 *
 *	            ┌────────────────────────── worker ──────────────────────────┐
 *	 UDP ──────▶│ udp_on_readable ─▶ query_read ─▶ query_handle ─▶ udp flush  │
 *	 TCP ──────▶│ tcp_on_readable ─▶     "              "       ─▶ tcp write  │
 *	            │                                 │ miss                      │
 *	 upstream ◀▶│                           forward_start … forward_settle    │
 *	 others ───▶│ mailbox: answers for askers of ours that others waited for  │
 *	            └─────────────────────────────────────────────────────────────┘
 *
 * Nothing here is shared but what filter.h names, the ring, the counters and the mailbox.
 * Every callback of the base begins with worker_wake() and ends with worker_rest(). */
#ifndef FILTER_WORKER_H
#define FILTER_WORKER_H

#include <event2/event.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/moment.h"
#include "filter/filter.h"
#include "filter/latency.h"
#include "filter/ring.h"
#include "net/udp.h"

struct asker;
struct diagnose_ring;
struct clients;
struct identities;
struct forwarder;
struct pace;
struct ruledb_scratch;
struct shares;
struct tcp_server;

enum {
	WORKER_LISTENERS_MAX = 32,
	REQUESTS_PER_CHUNK = 16, /* read ahead, so that what they need is near in time */
	SEEN_SLOTS = 4096,       /* devices announced today; a power of two */
	TOLD_SLOTS = 2048,
	LATE_ANSWER_BYTES = 65535,
	FOUND_BYTES = REQUESTS_PER_CHUNK * CACHE_ANSWER_MAX_BYTES,
	RANDOM_BYTES = 4096,
};

/* One counter is written by its worker alone, so a relaxed load and store add. */
#define COUNTER_MAP(X)         \
	X(udp)                 \
	X(tcp)                 \
	X(blocked)             \
	X(cached)              \
	X(local)               \
	X(rebound)             \
	X(forwarded)           \
	X(refused)             \
	X(malformed)           \
	X(dropped)             \
	X(dropped_rate)        \
	X(slipped_rate)        \
	X(refused_rate)        \
	X(capped_questions)    \
	X(capped_askers)       \
	X(paced)               \
	X(dropped_paced)       \
	X(no_descriptor)       \
	X(failed)              \
	X(joined)              \
	X(stale)               \
	X(remembered)          \
	X(prefetched)          \
	X(upstream_queries)    \
	X(upstream_timeouts)   \
	X(upstream_mismatches) \
	X(ring_lost)           \
	X(forwarder_malformed)

struct counters {
#define X(name) atomic_uint_fast64_t name;
	COUNTER_MAP(X)
#undef X
};

static inline void counter_add(atomic_uint_fast64_t *counter, uint64_t n)
{
	uint64_t now = atomic_load_explicit(counter, memory_order_relaxed);
	atomic_store_explicit(counter, now + n, memory_order_relaxed);
}

/* A socket that queries come in by. */
struct listener {
	struct worker *worker;
	int fd;
	struct addr bound; /* when the socket is bound to one address; else unspecified */
	struct event *event;
};

/* Answers that another worker's question brought, waiting for this worker. Lies in the
 * first of its askers, so that sending it can never fail. */
struct mail {
	struct mail *next;
	struct asker *askers; /* of the addressee, linked through their waiters */
	struct letter *letter;
};

/* The answer itself, shared by the mails of one question: the last reader frees it. */
struct letter {
	atomic_uint readers;
	uint64_t stored_ms;
	uint64_t memory; /* what is remembered beside the answer (filter/obtain.h) */
	bool failed;     /* no answer: SERVFAIL with `ede` */
	bool stale;      /* expired, with TTLs made for that (filter/stale.h) */
	uint16_t ede;
	size_t len;
	uint8_t bytes[]; /* in stored form (dns/stored.h) */
};

void letter_hold(struct letter *letter);
void letter_drop(struct letter *letter);

struct worker {
	struct filter *filter;
	unsigned index;
	pthread_t thread;
	bool running;
	struct event_base *base;

	/* Set by worker_wake() for the callback under way. */
	const struct snapshot *snapshot;
	struct moment now;
	bool tested;         /* a self-test goes on */
	uint64_t sampled_ms; /* when a query was last told for filter/sources.h */
	bool diagnosing;     /* queries of this callback are written down */

	struct udp_batch *batch;
	struct udp_outbox *outbox; /* late answers of the callback under way */
	struct request *requests;  /* for one chunk of a batch */
	struct request *late;      /* for an asker that waited */
	struct ruledb_scratch *scratch;
	size_t found_len; /* of `found` */
	struct listener udp[WORKER_LISTENERS_MAX];
	size_t udp_count;
	struct tcp_server *tcp;
	struct forwarder *forwarder;

	struct asker *askers; /* fixed pool and its free list */
	struct asker *free_askers;
	size_t askers_used; /* those above were never handed out */
	struct shares *askers_by_client;

	struct clients *clients;
	struct pace *pace;

	struct identities *identities; /* who asked lately (filter/identity.h) */
	uint64_t seen_day;
	uint64_t seen[SEEN_SLOTS];
	/* Attempts announced a moment ago, by (device, day, tier, category, qname). */
	struct {
		uint64_t hash;
		uint64_t mono_ms;
	} told[TOLD_SLOTS];
	uint64_t
	    strangers_second; /* the second in which `strangers` were refused over UDP */
	unsigned strangers;
	uint64_t
	    rebind_said_ms; /* when answers that were cut were last spoken of; 0: never */

	uint8_t random[RANDOM_BYTES];
	size_t random_left;
	uint8_t late_answer[LATE_ANSWER_BYTES];
	uint8_t
	    found[FOUND_BYTES]; /* cached answers of the chunk under way, side by side */
	uint8_t
	    other_found[CACHE_ANSWER_MAX_BYTES]; /* of a name that a question is led to */

	struct counters counters;            /* written by this worker, read by main */
	struct latency latency;              /* the same */
	atomic_uint_fast64_t askers_waiting; /* the same */
	struct ring ring;                    /* to main */
	struct diagnose_ring *diagnose;      /* likewise */

	/* The last generation this worker is done with; written here, read by main. */
	atomic_uint_fast64_t rested;
	/* How often it has rested; written here, read by main (filter/watchdog.h). */
	atomic_uint_fast64_t rests;

	pthread_mutex_t mail_lock; /* guards mail_head, mail_tail */
	struct mail *mail_head;
	struct mail *mail_tail;
	int mail_fd; /* eventfd; also pokes the worker to rest */
	struct event *mail_event;
	atomic_bool stop;
};

struct worker_sockets {
	int udp[WORKER_LISTENERS_MAX];
	size_t udp_count;
	int tcp[WORKER_LISTENERS_MAX];
	size_t tcp_count;
};

/* Makes a worker over sockets that it takes (and closes in the end). The filter's cache,
 * in-flight table and first snapshot must exist. ERR_MEMORY, ERR_IO with *why. */
MUST_CHECK enum err worker_new(struct worker **out, struct filter *filter, unsigned index,
    const struct worker_sockets *sockets, struct diag *why);
MUST_CHECK enum err worker_start(struct worker *w);
/* Ends and joins the thread; rings and counters can still be read. */
void worker_stop(struct worker *w);
/* Stops it, closes everything. NULL is allowed. */
void worker_free(struct worker *w);

/* Makes an idle worker go round its loop once, so that it rests. Any thread. */
void worker_poke(struct worker *w);

/* ---- for the worker's own callbacks ---- */
void worker_wake(struct worker *w);
void worker_rest(struct worker *w);

/* Hands askers (at least one) of worker `to` an answer. Any worker; the letter counts one
 * reader more. */
void worker_mail(struct worker *to, struct asker *askers, struct letter *letter);

/* Unpredictable bytes from the kernel's generator, fetched in blocks (T1). */
void worker_random(struct worker *w, void *out, size_t len);

#endif
