/* Names and addresses in answers. */
#include "policy/internal.h"

struct verdict policy_review(
    const struct policy_review *review, const struct policy_question *target)
{
	const struct verdict *v = review->of_qname;
	struct verdict of_target =
	    policy_decide(review->policy, review->who, target, review->state, review->now);

	if (v->action == POLICY_BLOCK || of_target.action == POLICY_PASS)
		return *v;
	return of_target.reason == REASON_LOCKED || !v->covers_answers ? of_target : *v;
}

struct verdict policy_review_address(const struct policy_review *review,
    struct slice address, const struct policy_question *asked)
{
	(void)address;
	(void)asked;
	return *review->of_qname;
}

bool policy_targets_matter(const struct policy *policy, const struct policy_state *state,
    const struct policy_question *target)
{
	(void)policy;
	(void)state;
	(void)target;
	return true;
}

bool policy_addresses_matter(const struct policy *policy)
{
	(void)policy;
	return false;
}

bool policy_rewrite(const struct policy *policy, const struct policy_who *who,
    const struct policy_question *question, const struct verdict *v,
    struct policy_alias *out)
{
	(void)policy;
	(void)who;
	(void)question;
	(void)v;
	(void)out;
	return false;
}

bool policy_opens_at(const struct policy *policy, uint8_t tier, const struct verdict *v,
    const struct policy_state *state, struct moment now, struct policy_opening *out)
{
	(void)policy;
	(void)tier;
	(void)v;
	(void)state;
	(void)now;
	(void)out;
	return false;
}

bool policy_closes_at(const struct policy *policy, uint8_t tier, const struct verdict *v,
    const struct policy_state *state, struct moment now, struct policy_opening *out)
{
	return policy_opens_at(policy, tier, v, state, now, out);
}
