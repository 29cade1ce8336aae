/* denial -- how a question is answered that is blocked: with the page's address, an address
 * that leads nowhere, or a "no", as its category says. */
#ifndef FILTER_DENIAL_H
#define FILTER_DENIAL_H

#include "filter/query.h"

enum {
	MOVABLE_TTL_MAX_S =
	    300 /* where a window, grant or pause could change the verdict */
};

/* The most that a TTL may be under this verdict; UINT32_MAX: it does not change by itself. */
uint32_t verdict_ttl_max_s(const struct verdict *v, struct moment now);
/* The TTL of what we make up ourselves: filter.answer.ttl, or less. */
uint32_t verdict_ttl_s(const struct worker *w, const struct verdict *v);
/* Says it with the extended error that goes with it (RFC 8914), if there is one, and to who
 * signals for it with its structured text. */
void verdict_tell(const struct worker *w, const struct verdict *v, struct answer *a);

/* Writes the answer of a verdict that blocks, data of rules apart. */
size_t denial_write(const struct worker *w, const struct request *r,
    const struct subject *subject, const struct verdict *v, struct answer *a);

/* SERVFAIL with an extended error. */
static inline size_t failure_write(struct answer *a, enum ede_code ede)
{
	a->ede = ede;
	a->ede_text = SLICE_EMPTY;
	return answer_rcode(a, RCODE_SERVFAIL);
}

#endif
