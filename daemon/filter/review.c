#include "filter/review.h"

#include "dns/leads.h"

/* How much a verdict keeps from the asker: a block, or in a trial what would be one. */
static unsigned weight_of(const struct verdict *v)
{
	if (v->action == POLICY_BLOCK)
		return 2;
	return v->reason == REASON_TRIAL ? 1 : 0;
}

static bool is_stricter(const struct verdict *v, const struct verdict *than)
{
	unsigned weight = weight_of(v);

	if (weight == 0 || weight != weight_of(than))
		return weight > weight_of(than);
	if (v->locked != than->locked)
		return v->locked;
	if (v->required != than->required)
		return v->required;
	if (v->sensitive != than->sensitive)
		return v->sensitive;
	return v->category < than->category;
}

/* Takes the stricter one; whichever it is holds no longer than both do. */
static bool take_stricter(struct verdict *kept, const struct verdict *v)
{
	uint64_t valid_until_ms = kept->valid_until_ms < v->valid_until_ms
	    ? kept->valid_until_ms
	    : v->valid_until_ms;
	bool stricter = is_stricter(v, kept);

	if (stricter)
		*kept = *v;
	kept->valid_until_ms = valid_until_ms;
	return stricter;
}

static struct policy_question question_of(
    const struct policy_question *asked, struct dname name, struct name_hashes *hashes)
{
	struct policy_question q = *asked;

	q.name = name;
	q.hashes = hashes;
	q.unlisted = false;
	return q;
}

static void judge_name(struct reviewed *out, const struct policy_review *review,
    const struct policy_question *asked, const struct name_buf *target)
{
	struct name_hashes hashes;
	const struct policy_question q = question_of(asked, name_of(target), &hashes);

	if (name_equal(q.name, asked->name))
		return; /* judged before its answer was looked at */
	name_hash_all(&hashes, q.name, policy_hash_key(review->policy));
	if (!policy_targets_matter(review->policy, review->state, &q))
		return;
	out->plain = false;
	struct verdict v = policy_review(review, &q);
	if (!take_stricter(&out->verdict, &v))
		return;
	out->by_target = true;
	out->target = *target;
	out->hashes = hashes;
}

static void judge_address(struct reviewed *out, const struct policy_review *review,
    const struct policy_question *asked, struct slice address)
{
	out->plain = false;
	struct verdict v = policy_review_address(review, address, asked);
	if (take_stricter(&out->verdict, &v))
		out->by_target = false;
}

void review_answer(struct reviewed *out, const struct policy_review *review,
    const struct policy_question *asked, const struct stored *stored)
{
	bool addresses = policy_addresses_matter(review->policy);
	struct lead_walk walk = lead_walk_over(stored);
	struct lead lead;

	out->verdict = *review->of_qname;
	out->by_target = false;
	out->plain = true;
	while (lead_walk_next(&walk, &lead)) {
		if (!lead.is_address)
			judge_name(out, review, asked, &lead.name);
		else if (addresses)
			judge_address(out, review, asked, lead.address);
	}
}

bool review_is_plain(const struct policy *policy, const struct policy_state *state,
    struct ruledb_scratch *scratch, const struct stored *stored)
{
	const struct policy_question nobody = {.scratch = scratch};
	bool addresses = policy_addresses_matter(policy);
	struct lead_walk walk = lead_walk_over(stored);
	struct name_hashes hashes;
	struct lead lead;

	while (lead_walk_next(&walk, &lead)) {
		if (lead.is_address && addresses)
			return false;
		if (lead.is_address)
			continue;
		const struct policy_question q =
		    question_of(&nobody, name_of(&lead.name), &hashes);
		name_hash_all(&hashes, q.name, policy_hash_key(policy));
		if (policy_targets_matter(policy, state, &q))
			return false;
	}
	return true;
}
