/* clients -- what one client may have of us, so that nobody else goes without.
 *
 *	cookies   a client that returns our server cookie is who he says (RFC 7873, 9018)
 *	rate      server.rate_limit, a bucket a client and worker; a good cookie lifts it
 *	shares    questions upstream, and places among those who wait
 *
 * A client is an IPv4 address; over IPv6 a MAC address where it is known, else a /64, since
 * who has one address of it can have them all (a link-local address by itself). Behind a
 * trusted forwarder it is the device that he names; for those he does not name, himself.
 * With limits off and no cookie in the query nothing of this costs more than a look.
 * Threads: what belongs to a worker, but for the count of questions upstream, which all
 * share (filter.h). */
#ifndef FILTER_CLIENTS_H
#define FILTER_CLIENTS_H

#include "dns/cookie.h"
#include "filter/query.h"

enum {
	CLIENT_QUESTIONS_MAX = 200, /* upstream at once, of one client (T16) */
	/* Of the waiting askers of a worker, once more than half of them are in use. */
	CLIENT_ASKERS_MAX = ASKERS_MAX / 16,
	FORWARDER_SHARE = 8, /* a trusted forwarder speaks for many: so many times that */
};

struct clients;

MUST_CHECK enum err clients_new(struct clients **out);
void clients_free(struct clients *clients);

/* The keyed hash under which whoever asks is counted. */
uint64_t clients_hash(const struct worker *w, const struct request *r);

/* True: neither a limit nor an option asks for clients_admit(). */
static inline bool clients_are_free(const struct worker *w, const struct request *r)
{
	return w->snapshot->config->server.rate_limit.per_second == 0 &&
	    r->message.edns.cookie.len == 0 && !r->message.edns.has_keepalive;
}

/* Looks at cookie and rate, and puts the options for the answer into the request and `a`.
 * False: the query goes no further, and *len octets (0: none) are its answer. */
bool clients_admit(struct worker *w, struct request *r, struct answer *a, size_t *len);

/* How many questions upstream, and places among those who wait, this request's client may
 * have. */
unsigned clients_questions_max(const struct worker *w, const struct request *r);
unsigned clients_askers_max(const struct worker *w, const struct request *r);

#endif
