/* Names and addresses in answers: they can make a verdict stricter, never milder. */
#include "policy/internal.h"

static struct asker asker_of(const struct policy_review *review)
{
	return (struct asker){review->policy, review->who, review->state, review->now};
}

/* The question's verdict after one more thing in its answer was judged. */
static struct verdict add_review(const struct verdict *of_qname, const struct verdict *v)
{
	struct verdict sum = *of_qname;
	bool would_block = v->reason == REASON_PAUSED || v->reason == REASON_TRIAL;
	bool known = sum.reason == REASON_PAUSED || sum.reason == REASON_TRIAL;
	uint64_t until_ms =
	    v->valid_until_ms < sum.valid_until_ms ? v->valid_until_ms : sum.valid_until_ms;

	if (v->action == POLICY_BLOCK || (would_block && !known)) {
		sum = *v;
		/* Data of a feed is for the name that it lists, which nobody asked for. */
		sum.data_count = 0;
		sum.data_alone = false;
		sum.unlisted = of_qname->unlisted;
	}
	sum.valid_until_ms = until_ms;
	return sum;
}

static struct verdict judge(
    const struct verdict *of_qname, const struct facts *f, const struct asker *asker)
{
	struct verdict v;

	facts_judge_target(&v, f, of_qname);
	if (of_qname->covers_answers && !of_qname->content_only && v.action == POLICY_PASS)
		return *of_qname;
	facts_finish(&v, f, asker);
	return add_review(of_qname, &v);
}

struct verdict policy_review(
    const struct policy_review *review, const struct policy_question *target)
{
	const struct verdict *of_qname = review->of_qname;
	const struct asker asker = asker_of(review);
	struct facts f;

	if (of_qname->action == POLICY_BLOCK)
		return *of_qname;
	facts_gather(&f, &asker, target);
	f.in_answer = true;
	return judge(of_qname, &f, &asker);
}

/* Facts of an address: what networks in feeds say of it, and nothing else. */
static bool gather_address(struct facts *out, const struct asker *asker,
    struct slice address, const struct policy_question *asked)
{
	const struct policy *policy = asker->policy;
	const char *names[3];

	if (policy->rules == NULL || !ruledb_has_addresses(policy->rules))
		return false;
	struct ruledb_question question = facts_rules_question(asker, asked, names);
	*out = (struct facts){
	    .policy = policy,
	    .tier = &policy->tiers[asker->who->tier],
	    .now = asker->state != NULL ? &asker->state->tiers[asker->who->tier]
	                                : &policy->plain[asker->who->tier],
	    .question = asked,
	    .labels = asked->hashes->count,
	    .in_answer = true,
	};
	if (!ruledb_match_address(policy->rules, address, &question, &out->listing))
		return false;
	out->listed = facts_our_numbers(policy, out->listing.categories);
	out->in_force = facts_in_force(out, out->now);
	return true;
}

struct verdict policy_review_address(const struct policy_review *review,
    struct slice address, const struct policy_question *asked)
{
	const struct verdict *of_qname = review->of_qname;
	const struct asker asker = asker_of(review);
	struct facts f;

	if (of_qname->action == POLICY_BLOCK || !gather_address(&f, &asker, address, asked))
		return *of_qname;
	return judge(of_qname, &f, &asker);
}

/* ---- what may be remembered ------------------------------------------------------------------ */

static bool role_matters(const struct role *role)
{
	return role->kind == ROLE_DENY || role->kind == ROLE_SERVICE ||
	    role->kind == ROLE_YOUTUBE;
}

static bool school_names(const struct policy *policy, const struct policy_question *target)
{
	for (size_t n = target->hashes->count; n > 0; n--) {
		for (const struct role *r = name_map_roles(&policy->names, target, n);
		     r != NULL; r = r->next) {
			if (role_matters(r))
				return true;
		}
	}
	return false;
}

static bool feeds_name(const struct policy *policy, const struct policy_question *target)
{
	const struct ruledb_question question = {
	    .name = target->name, .hashes = target->hashes, .whoever = true};
	struct listing listing;

	if (policy->rules == NULL || target->unlisted)
		return false;
	return ruledb_match(policy->rules, target->scratch, &question, &listing) ||
	    listing.named;
}

bool policy_targets_matter(const struct policy *policy, const struct policy_state *state,
    const struct policy_question *target)
{
	const struct grants *grants = state == NULL ? NULL : state->grants;
	return grants_name(grants, target) || school_names(policy, target) ||
	    feeds_name(policy, target);
}

bool policy_addresses_matter(const struct policy *policy)
{
	return policy->rules != NULL && ruledb_has_addresses(policy->rules);
}
