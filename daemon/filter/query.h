/* query -- from a received message to its answer: the pipeline.
 *
 * query_read() looks at the bytes, query_handle() answers or lets the asker wait,
 * query_finish() answers those who waited. UDP and TCP stand behind `struct transport`,
 * so nothing in here knows which it is. All on the worker's thread, without a lock but
 * the cache's, and without the heap. */
#ifndef FILTER_QUERY_H
#define FILTER_QUERY_H

#include "dns/answer.h"
#include "dns/message.h"
#include "dns/stored.h"
#include "filter/shares.h"
#include "filter/worker.h"
#include "local/local.h"

struct identity;
struct request;
struct reviewed;

/* What a verdict is about: the question's name, or one that its answer leads to. */
struct subject {
	struct dname name;
	const struct name_hashes *hashes; /* of that name */
};

/* How answers travel; one constant table for UDP, one for TCP. */
struct transport {
	/* Notes in the asker where its answer goes, before the request ends. */
	void (*hold)(struct asker *asker, const struct request *request);
	/* Sends a late answer; it may be dropped when the client has gone. */
	void (*send)(struct asker *asker, struct slice answer);
	/* The asker goes back to the pool: lets go of what hold() took. */
	void (*release)(struct asker *asker);
	/* Most bytes of an answer; 0 for TCP, where only 65535 bound. */
	uint16_t (*limit)(const struct worker *w);
	bool proves_address; /* nobody can ask in another's name */
};

enum {
	REQUEST_OPTIONS_BYTES = 34 /* a cookie and a keepalive */
};

/* One message that came in, for the length of a batch. */
struct request {
	const struct transport *transport;
	const void *path; /* of the transport: struct udp_path or struct tcp_connection */
	int fd;           /* the socket it came by (UDP) */
	/* Who asks: whoever sent it, else the device a trusted forwarder names. The transport
	 * puts the sender here. */
	struct addr client;
	struct mac mac;       /* of that device, or MAC_NONE */
	uint64_t device;      /* tells devices apart (filter/identity.h) */
	bool forwarded;       /* a trusted forwarder says so, and is `peer` */
	bool guessed;         /* it has a MAC that is not known yet */
	bool settled;         /* it may be counted */
	uint8_t network_bits; /* of `client`, where a forwarder says who that is; else 0 */
	struct identity *identity; /* where this worker remembers it, or NULL */
	struct addr peer;          /* set where `forwarded` */
	struct addr local;         /* the address that was asked; family 0 when not known */
	uint64_t arrived_ms;       /* mono_ms of the batch it came in */
	enum message_fate fate;
	struct message message;
	struct policy_who who;
	struct cache_key key; /* its name is the message's */
	bool absent;          /* the cache was seen not to have it, and not asked */
	bool cached;          /* `found` and `hit` are set */
	bool unlisted;        /* no feed names it: remembered beside the answer */
	bool over_share;      /* the client has more under way than his share */
	/* Of the answer, in wire form: what the client's own options ask for. */
	uint8_t options_len;
	uint8_t options[REQUEST_OPTIONS_BYTES];
	/* Remembered too: the name is not answered here, its answer came by its route and may
	 * be given with all its addresses. Else `local_found` says what the name is, once
	 * the verdict is there. */
	bool sound;
	bool at_home; /* its answers may hold private addresses */
	/* What the asker has waited for; NULL: he has just asked. */
	const struct letter *letter;
	struct cache_hit hit;
	struct slice found; /* in the worker's memory for found answers */
	struct local_found local_found;
	struct name_hashes hashes; /* under the snapshot's key */
};

/* Whether `client` is who a trusted forwarder names, not who sent the message: what is counted
 * against a sender (its rate, its cookies) is the forwarder's then. */
static inline bool request_is_from_forwarder(const struct request *r)
{
	return r->forwarded;
}

/* Who sent the message. */
static inline const struct addr *request_peer(const struct request *r)
{
	return r->forwarded ? &r->peer : &r->client;
}

/* A client that waits for an answer from upstream. */
struct asker {
	struct waiter waiter; /* must be first: the in-flight table links through it */
	struct worker *home;
	const struct transport *transport;
	union {
		struct {
			struct udp_path path;
			int fd;
		} udp;
		struct tcp_connection *tcp;
	};
	struct addr client;
	struct mac mac;
	bool forwarded;
	uint8_t network_bits;
	struct addr peer;
	struct addr local;
	uint64_t arrived_ms;
	struct share share; /* of the client */
	uint8_t options_len;
	uint8_t options[REQUEST_OPTIONS_BYTES];
	struct message message; /* its slices point into `question` or are empty */
	uint8_t question[NAME_OCTETS_MAX + 4];
	struct mail mail; /* for its way back from another worker */
};

/* An asker that remembers `r`, or NULL when all are in use, or when half are and the client
 * holds his share (filter/clients.h): then `r` says so. */
struct asker *asker_take(struct worker *w, struct request *r);
/* Back to its worker's pool. */
void asker_release(struct asker *asker);
/* The pool of a worker. */
MUST_CHECK enum err askers_new(struct worker *w);
void askers_free(struct worker *w);

enum {
	ASKERS_MAX = 4096 /* a worker's; beyond them a miss is answered SERVFAIL */
};

/* Reading a request in four steps. A batch takes each step for all its requests before the
 * next one: what a step asks memory for is there when the next one looks. One request alone
 * takes them one after the other (query_read_all).
 *
 *	query_read       the message, who asks, hashes; asks for the cache's index
 *	query_read_on    asks for the cache's record; where there is none, for the rules
 *	query_look       looks into the cache; asks for the rules, unless the answer remembers
 *	                 that no feed names the name. Where there is none: as query_look_on
 *	query_look_on    asks for the rules' entries
 *
 * `transport`, `path`, `fd`, `client` and `local` are set by the caller. */
void query_read(struct worker *w, struct request *r, struct slice packet);
void query_read_on(struct worker *w, struct request *r);
void query_look(struct worker *w, struct request *r);
void query_look_on(struct worker *w, const struct request *r);
void query_read_all(struct worker *w, struct request *r, struct slice packet);
/* Forgets the answers found for the chunk before. */
void query_begin_chunk(struct worker *w);

/* Answers into out[0..cap) and returns the length; 0 when nothing is to be sent now: the
 * asker waits, or silence is the answer. */
size_t query_handle(struct worker *w, struct request *r, uint8_t *out, size_t cap);

/* Looks into the cache: sets `cached`, and what goes with it. */
void query_find(struct worker *w, struct request *r);
/* The request as policy is asked about it; borrows from the request. */
struct policy_question query_question(const struct worker *w, const struct request *r);
/* How policy judges what an answer leads to; borrows from the request and `passes`. */
struct policy_review query_policy_review(
    const struct worker *w, const struct request *r, const struct verdict *passes);
/* Judges an answer by what it leads to (filter/review.h). */
void query_review(struct reviewed *out, const struct worker *w, const struct request *r,
    const struct verdict *passes, const struct stored *stored);

/* Answers an asker of this worker, by the rules in force now, and releases it. */
void query_finish(struct asker *asker, const struct letter *letter);

#endif
