/* rewrite -- questions that are answered by another name (safe search, YouTube's restricted
 * mode, a rule's CNAME) or by the records that a rule of a list gives.
 *
 * The other name is resolved under its own key, through the cache and the in-flight table,
 * and is never rewritten in its turn; an answer of it that leads back is withheld. When it
 * cannot be had the client gets SERVFAIL, never the answer to what it asked for. */
#ifndef FILTER_REWRITE_H
#define FILTER_REWRITE_H

#include "filter/denial.h"

/* Leads a question that passes (`v`) to the safe name. 0: the asker waits. */
size_t rewrite_to_alias(struct worker *w, struct request *r, const struct verdict *v,
    const struct policy_alias *alias, struct answer *a);

/* Answers with the data of rules, of a verdict that blocks with data_count above 0. False,
 * with nothing written: the data let the question pass (TCP only, and it came by TCP; a name
 * that is led to itself), which they do where nothing else blocks it; go on with
 * rewrite_passing(). *len is 0 when the asker waits or hears nothing. */
bool rewrite_by_rules(struct worker *w, struct request *r, const struct subject *subject,
    const struct verdict *v, struct answer *a, size_t *len);

/* A verdict whose data let the question pass, or lead it on: what its answer leads to is
 * judged. */
struct verdict rewrite_passing(const struct verdict *v);

#endif
