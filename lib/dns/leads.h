/* leads -- what a stored answer leads its asker to, so that it can be judged as the asked
 * name was: a pupil who may not reach a name must not reach it by another name's answer.
 *
 *	CNAME              its target
 *	A, AAAA            the address
 *	SVCB, HTTPS        TargetName, each ipv4hint, each ipv6hint (RFC 9460)
 *
 * Other types lead to no address by themselves: MX, NS and SRV name servers that are asked
 * for, and judged, in their turn. IPv4-mapped addresses are given as the IPv4 address they
 * hold, since that is where the packets go.
 * No allocation. Threads: no shared state; the walk borrows the stored answer. */
#ifndef DNS_LEADS_H
#define DNS_LEADS_H

#include "dns/rr.h"
#include "dns/stored.h"

struct lead {
	bool is_address;
	struct name_buf name; /* unless is_address; lower-case */
	struct slice address; /* if is_address: 4 or 16 octets */
};

struct lead_walk {
	struct rr_walk records;
	struct slice params; /* of the SVCB record under way, not yet read */
	struct slice hints;  /* of the parameter under way, not yet read */
	size_t hint_bytes;   /* of one of them: 4 or 16 */
};

struct lead_walk lead_walk_over(const struct stored *stored);
/* The next lead; false at the end. Names may come twice. */
bool lead_walk_next(struct lead_walk *walk, struct lead *out);

/* Whether a SVCB or HTTPS record of the answer carries `ech`. */
bool stored_has_ech(const struct stored *stored);

#endif
