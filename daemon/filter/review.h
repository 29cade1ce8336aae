/* review -- judging an answer by what it leads to: CNAME targets, the targets of SVCB and
 * HTTPS records, addresses and hints (dns/leads.h). A pupil who may not reach a name must
 * not reach it through another one's answer, fresh or cached.
 *
 * Threads: no shared state; the scratch in `asked` is the calling thread's. */
#ifndef FILTER_REVIEW_H
#define FILTER_REVIEW_H

#include "dns/stored.h"
#include "policy/policy.h"

struct reviewed {
	/* Of the question, or the strictest one for what the answer leads to: locked before
	 * sensitive before the order of the categories. */
	struct verdict verdict;
	/* The verdict is about `target`, whose hashes these are, and not about the question's
	 * own name: that is what is counted, and what owns the SOA. */
	bool by_target;
	struct name_buf target;
	struct name_hashes hashes;
	/* Nobody's rule speaks of anything the answer leads to: until rules, configuration or
	 * grants are others every asker gets it as it stands, if he may have the name. */
	bool plain;
};

/* Judges what is stored about the question `asked`. review->of_qname passes. */
void review_answer(struct reviewed *out, const struct policy_review *review,
    const struct policy_question *asked, const struct stored *stored);

/* `plain` alone, for an answer that nobody is waiting for. */
bool review_is_plain(const struct policy *policy, const struct policy_state *state,
    struct ruledb_scratch *scratch, const struct stored *stored);

#endif
