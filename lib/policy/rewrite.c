/* Safe search and YouTube's restricted mode: where a question leads that passes. */
#include "policy/internal.h"

static struct dname youtube_name(const struct policy *policy, enum rules_youtube mode)
{
	return mode == YOUTUBE_STRICT  ? policy->youtube_strict
	    : mode == YOUTUBE_MODERATE ? policy->youtube_moderate
	                               : (struct dname){NULL, 0};
}

/* What this role of a name makes of it for a tier; wire NULL: nothing. */
static struct dname target_of(
    const struct policy *policy, const struct tier *tier, const struct role *role)
{
	if (role->kind == ROLE_ENGINE && tier->safe_search)
		return policy->engines[role->number].safe;
	if (role->kind == ROLE_YOUTUBE_PAGE)
		return youtube_name(policy, tier->youtube);
	return (struct dname){NULL, 0};
}

bool policy_rewrite(const struct policy *policy, const struct policy_who *who,
    const struct policy_question *question, const struct verdict *v,
    struct policy_alias *out)
{
	const struct tier *tier = &policy->tiers[who->tier];
	size_t labels = question->hashes->count;

	if (v->action != POLICY_PASS || labels == 0)
		return false;
	for (const struct role *r = name_map_roles(&policy->names, question, labels);
	     r != NULL; r = r->next) {
		struct dname target = target_of(policy, tier, r);
		if (target.wire == NULL || name_equal(target, question->name) ||
		    facts_is_lifted(policy, who, question, v))
			continue;
		*out = (struct policy_alias){
		    .name = target, .youtube = r->kind == ROLE_YOUTUBE_PAGE};
		return true;
	}
	return false;
}
