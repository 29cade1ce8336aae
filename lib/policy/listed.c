/* What lists a name at all: for those who are asked to open it. */
#include "policy/internal.h"

static uint64_t by_school(
    const struct policy *policy, const struct policy_question *question)
{
	uint64_t set = 0;

	for (size_t n = question->hashes->count; n > 0; n--) {
		for (const struct role *r = name_map_roles(&policy->names, question, n);
		     r != NULL; r = r->next) {
			if (r->kind == ROLE_SERVICE)
				set |= bit(policy->services[r->number].category);
			if (r->kind == ROLE_YOUTUBE)
				set |= policy->streaming;
			if (r->kind == ROLE_BYPASS ||
			    (r->kind == ROLE_BYPASS_EXACT && n == question->hashes->count))
				set |= policy->bypassing;
		}
	}
	return set;
}

uint64_t policy_listed(const struct policy *policy, const struct policy_question *question)
{
	const struct ruledb_question asked = {
	    .name = question->name, .hashes = question->hashes, .whoever = true};
	uint64_t set = by_school(policy, question);
	struct listing listing;

	if (policy->rules != NULL &&
	    ruledb_match(policy->rules, question->scratch, &asked, &listing))
		set |= facts_our_numbers(policy, listing.categories);
	return set;
}

bool policy_is_unsafe_engine(
    const struct policy *policy, const struct policy_question *question)
{
	size_t labels = question->hashes->count;

	for (const struct role *r =
	         labels == 0 ? NULL : name_map_roles(&policy->names, question, labels);
	     r != NULL; r = r->next) {
		if (r->kind == ROLE_ENGINE && policy->engines[r->number].safe.wire == NULL)
			return true;
	}
	return false;
}

uint64_t policy_listed_address(
    const struct policy *policy, struct slice address, const struct policy_question *asked)
{
	const struct ruledb_question question = {
	    .name = asked->name, .hashes = asked->hashes, .whoever = true};
	struct listing listing;

	if (policy->rules == NULL ||
	    !ruledb_match_address(policy->rules, address, &question, &listing))
		return 0;
	return facts_our_numbers(policy, listing.categories);
}
