/* internal -- what the files of this module share among themselves. */
#ifndef DNS_INTERNAL_H
#define DNS_INTERNAL_H

#include "dns/answer.h"

/* How the RDATA of a type is laid out, a letter for each piece:
 *	1 2 4 8  octets             n  name, may be compressed on the wire
 *	s        character-string   u  name, never compressed
 *	S        more of them       p  SvcParams        .  the rest        *  not known
 * What has 'n' is decompressed when stored (RFC 3597 section 4). */
const char *rr_shape(uint16_t type);

/* ---- answers being written (answer.c, answer_copy.c) ---- */

/* The writer ends where records must, so that the OPT always finds its place behind them. */
struct writing {
	const struct answer *a;
	struct writer w;
	size_t limit; /* of the whole message */
	size_t question_end;
};

/* Header and question. */
struct writing writing_begin(const struct answer *a, enum dns_rcode rcode);
/* Everything of a record at the qname but its RDATA. */
void writing_rr_head(struct writing *wr, uint16_t type, uint32_t ttl_s, size_t rdlength);
/* Our SOA at `owner`. */
void writing_soa(struct writing *wr, struct dname owner, uint32_t ttl_s);
/* Sets the counts, appends the OPT and returns the length; a writer that went bad becomes a
 * truncated answer. */
size_t writing_finish(
    struct writing *wr, enum dns_rcode rcode, uint16_t answers, uint16_t authorities);

#endif
