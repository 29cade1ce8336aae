/* stored -- the compact form in which the cache keeps an answer.
 *
 * A stored answer is what an upstream's reply says about its question and nothing else: a
 * DNS message without OPT, holding the question, the CNAME/DNAME chain that starts there,
 * and the RRset at its end, or the SOA of a negative answer. Glue, additional records and
 * records of names nobody asked for never get in (T8), so they cannot be served.
 *
 *	0  1  kind                  8   2  upstream's rcode
 *	1  1  1: upstream set AD    10  2  number of TTLs, n
 *	2  2  length of message     12     the message
 *	4  4  ttl_s                 ..  2n where each TTL stands in the message
 *
 * Network byte order; of this process only, never on disk. */
#ifndef DNS_STORED_H
#define DNS_STORED_H

#include "dns/codes.h"
#include "dns/name.h"

enum {
	STORED_CHAIN_MAX = 12,      /* CNAMEs from qname to the RRset (T10) */
	STORED_RRSET_MAX = 100,     /* records of the RRset (CVE-2024-1737, T12) */
	STORED_ANSWERS_MAX = 256,   /* records of a reply's answer section */
	STORED_TTLS_MAX = 256,      /* records that may be kept in all */
	STORED_UDP_BYTES_MAX = 4096 /* holds what a reply of 1232 octets becomes */
};

enum stored_kind {
	STORED_POSITIVE,
	STORED_NODATA,
	STORED_NXDOMAIN,
	STORED_FAILURE /* the upstream said neither: asked again soon (RFC 9520) */
};

struct stored_limits {
	uint32_t max_ttl_s;
	uint32_t negative_ttl_s; /* ceiling of negative answers (RFC 2308 section 5) */
	uint32_t failure_ttl_s;
	bool keep_dnssec; /* the query had DO: RRSIGs and the denial's NSEC(3) stay */
};

/* A view of stored bytes; borrows them. */
struct stored {
	enum stored_kind kind;
	uint16_t
	    rcode; /* as the upstream said it; the client gets SERVFAIL for a FAILURE */
	bool authentic; /* the upstream set AD */
	uint32_t ttl_s; /* how long all of it may be served; 0: pass on, keep not */
	uint16_t ttl_count;
	const uint8_t *ttl_offsets;
	struct slice message;
};

/* Makes the stored form of a reply that reply_matches() accepted, in out[0..cap); *len is
 * its length. The question is kept lower-case.
 *   ERR_AGAIN   the reply is truncated: ask over TCP
 *   ERR_FORMAT  malformed, or a chain that loops or is too long
 *   ERR_FULL    an RRset of more than 100 records, more than 256 records, or `cap` bytes
 * `out` may hold anything after a failure. No allocation; O(records x chain). */
MUST_CHECK enum err stored_from_reply(uint8_t *out, size_t cap, size_t *len,
    struct slice reply, const struct stored_limits *limits);

/* Opens stored bytes. False when they are not a stored answer (a broken invariant of ours,
 * checked anyway: it is memory that other threads wrote). */
MUST_CHECK bool stored_view(struct stored *out, struct slice bytes);

/* Gives every record of the stored answer in bytes[0..len) this TTL: an expired one is given
 * with a short life of its own (RFC 8767 section 4). Does nothing to other bytes. */
void stored_set_ttls(uint8_t *bytes, size_t len, uint32_t ttl_s);

#endif
