/* rr -- walking the records of a message, ours or a stranger's.
 *
 * The walk goes bad once and stays bad: loop first, ask rr_walk_ok() at the end.
 * Views borrow the message. Threads: no shared state. */
#ifndef DNS_RR_H
#define DNS_RR_H

#include "dns/codes.h"
#include "dns/name.h"

enum rr_section {
	RR_ANSWER,
	RR_AUTHORITY,
	RR_ADDITIONAL
};

struct rr {
	enum rr_section section;
	uint16_t type;
	uint16_t class;
	uint32_t ttl_s;  /* above 2^31-1 reads as 0 (RFC 2181 section 8); raw for OPT */
	size_t owner_at; /* offset in the message: name_parse_wire reads it */
	size_t ttl_at;   /* offset of the TTL field */
	size_t rdata_at;
	struct slice rdata;
};

struct rr_walk {
	struct slice packet;
	size_t at;
	uint16_t left[3]; /* records not yet read, by section */
	bool bad;
};

/* Before the first record; the questions are skipped. */
struct rr_walk rr_walk_over(struct slice packet);
/* The next record; false at the end or when the message is broken. */
bool rr_walk_next(struct rr_walk *walk, struct rr *out);
/* At the end of a walk: were all records there, and nothing behind them? */
bool rr_walk_ok(const struct rr_walk *walk);

/* for_each_rr(&walk, &rr) { … } */
#define for_each_rr(walk, rr) while (rr_walk_next((walk), (rr)))

/* Is the RDATA shaped as its type asks? Types we do not know are. Class IN. */
MUST_CHECK bool rr_rdata_ok(struct slice packet, const struct rr *rr);

/* The name a record leads to: the target of CNAME, DNAME, NS, PTR, MX, SRV, SVCB and HTTPS
 * (there "." means the owner itself, which is what *out then is). False for other types
 * and malformed RDATA. */
MUST_CHECK bool rr_target(struct name_buf *out, struct slice packet, const struct rr *rr);

/* The parameters of an SVCB or HTTPS record in ascending order (RFC 9460 section 2.2):
 * start with rr_svcb_params, then rr_svcb_next until it is false. */
enum svcb_key {
	SVCB_MANDATORY = 0,
	SVCB_ALPN = 1,
	SVCB_PORT = 3,
	SVCB_IPV4HINT = 4,
	SVCB_ECH = 5,
	SVCB_IPV6HINT = 6
};
struct svcb_param {
	uint16_t key;
	struct slice value;
};
MUST_CHECK bool rr_svcb_params(struct slice *out, const struct rr *rr);
bool rr_svcb_next(struct slice *rest, struct svcb_param *out);

#endif
