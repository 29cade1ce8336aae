/* hearing -- judging a name for one asker outside the data plane, with what the answers that
 * the cache holds for it lead to: for the page, and for those who ask why.
 *
 * Threads: main alone (the scratch is its own); the cache has its locks. */
#ifndef FILTER_HEARING_H
#define FILTER_HEARING_H

#include "cache/cache.h"
#include "filter/review.h"

struct hearing {
	const struct policy *policy;
	const struct policy_state *state;
	struct cache *cache;
	uint64_t cache_now_ms; /* for the cache; `now` may be another time */
	struct moment now;
	const struct policy_who *who;
	const struct policy_question *question; /* its qtype is not looked at */
	const uint16_t *types;                  /* whose answers are looked for */
	size_t type_count;
};

/* Whether an answer that is stored, fresh or not older than an hour, leads to what is blocked
 * for this asker: *out is its review, then. `of_qname`, which passes, is what the name's own
 * verdict was. */
bool hearing_of_answers(
    struct reviewed *out, const struct hearing *hearing, const struct verdict *of_qname);

/* Whether one holds addresses that no public name has a use for (filter/rebind.h). */
bool hearing_has_inside(const struct hearing *hearing);

/* Categories (bit i: category i) that list the name, or what an answer that is stored for it
 * leads to (policy_listed()). Of `hearing` neither `who` nor `state` nor `now` is looked at. */
uint64_t hearing_listed(const struct hearing *hearing);

#endif
