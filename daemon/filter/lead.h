/* lead -- following names to where they end: CNAMEs of the school's own records, the safe
 * names of search engines, the targets of rules.
 *
 * What a name of ours leads to is judged as an answer is. A name that is answered here ends
 * here; any other one is resolved under its own key, through the cache and the in-flight
 * table, by its own route. When it cannot be had the client gets SERVFAIL, never the answer
 * to what it asked for. Threads: the worker's own. */
#ifndef FILTER_LEAD_H
#define FILTER_LEAD_H

#include "filter/denial.h"
#include "filter/obtain.h"
#include "local/local.h"

/* A way from the question over names of ours. */
struct lead_path {
	struct answer_link links[LOCAL_CHAIN_MAX + 1];
	size_t count;
};

/* Answers a question that passes with the name `to`, by a CNAME of ttl_s. The name itself is
 * judged already. 0: the asker waits. */
size_t lead_to(struct worker *w, struct request *r, const struct verdict *passes,
    struct dname to, uint32_t ttl_s, struct answer *a);

/* Answers a question whose name is answered here, as *found says (not LOCAL_ELSEWHERE). */
size_t lead_local(struct worker *w, struct request *r, const struct verdict *passes,
    const struct local_found *found, struct answer *a);

/* Whether the asker may reach the name that a name of ours or a rule leads to; what it is
 * blocked by, if not. */
bool lead_may_reach(const struct worker *w, const struct request *r,
    const struct verdict *passes, const struct subject *to, struct verdict *out);

#endif
