#include "filter/openable.h"

#include "dns/codes.h"
#include "filter/clock.h"

enum openable openable_judge(
    const struct snapshot *s, struct cache *cache, const struct policy_question *question)
{
	static const uint16_t TYPES[] = {TYPE_A, TYPE_AAAA, TYPE_HTTPS, TYPE_CNAME};
	const struct hearing hearing = {
	    .policy = s->policy,
	    .cache = cache,
	    .cache_now_ms = clock_mono_ms(),
	    .question = question,
	    .types = TYPES,
	    .type_count = COUNT_OF(TYPES),
	};
	enum openable worst =
	    policy_is_unsafe_engine(s->policy, question) ? OPENABLE_NOT_SAFE : OPENABLE;

	for (uint64_t rest = hearing_listed(&hearing); rest != 0; rest &= rest - 1) {
		const struct policy_category *c =
		    policy_category_at(s->policy, (size_t)__builtin_ctzll(rest));
		if (c->locked)
			return OPENABLE_NOT_LOCKED;
		if (c->sensitive)
			worst = OPENABLE_NOT_SENSITIVE;
		else if (c->security && worst != OPENABLE_NOT_SENSITIVE)
			worst = OPENABLE_NOT_SECURITY;
		else if (c->bypass && (worst == OPENABLE || worst == OPENABLE_NOT_SAFE))
			worst = OPENABLE_NOT_BYPASS;
	}
	return worst;
}
