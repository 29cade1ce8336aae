/* The same judgement as decide.c, with its witnesses. */
#include "policy/internal.h"

static struct explained_rule *add_rule(struct explanation *out)
{
	if (out->rule_count == EXPLANATION_RULES_MAX) {
		out->rules_dropped++;
		return NULL;
	}
	struct explained_rule *rule = &out->rules[out->rule_count++];
	*rule = (struct explained_rule){.category = POLICY_NO_CATEGORY, .feed = ""};
	return rule;
}

/* ---- the school's own rules ------------------------------------------------------------- */

static const enum rule_source SOURCES[] = {
    [NAMED_ALLOW] = RULE_OF_TIER_ALLOW,
    [NAMED_DENY] = RULE_OF_TIER_DENY,
    [NAMED_NEVER_BLOCK] = RULE_OF_NEVER_BLOCK,
};

/* Every entry at or above the name, the longest first; `winner` is one of them or NULL. */
static void add_named(struct explanation *out, const struct name_set *set,
    const struct policy_question *question, const struct named *winner)
{
	size_t labels = question->hashes->count;

	for (;;) {
		const struct named *entry = name_set_longest(set, question, labels);
		if (entry == NULL)
			return;
		struct explained_rule *rule = add_rule(out);
		if (rule != NULL) {
			rule->source = SOURCES[entry->as];
			rule->opens = entry->as != NAMED_DENY;
			rule->wins = entry == winner;
			rule->labels = entry->labels;
			rule->mark = entry->mark;
		}
		labels = entry->labels - 1u;
	}
}

static void add_pause(struct explanation *out)
{
	struct explained_rule *rule = add_rule(out);

	if (rule == NULL)
		return;
	rule->source = RULE_OF_PAUSE;
	rule->opens = true;
	rule->wins = true;
}

static void add_portal(struct explanation *out, const struct policy *policy)
{
	struct explained_rule *rule = add_rule(out);

	if (rule == NULL)
		return;
	rule->source = RULE_OF_PORTAL;
	rule->reach = RULE_REACHES_NAME;
	rule->wins = true;
	rule->labels = policy->portal.labels;
	rule->mark = policy->portal.mark;
}

/* ---- feeds ------------------------------------------------------------------------------ */

static uint8_t our_category(const struct policy *policy, unsigned theirs)
{
	return theirs < RULEDB_CATEGORIES_MAX ? policy->from_rules[theirs]
	                                      : POLICY_NO_CATEGORY;
}

static bool tier_blocks(const struct facts *f, uint8_t category)
{
	return category != POLICY_NO_CATEGORY &&
	    (f->tier->shown.block >> category & 1) != 0;
}

/* A rule of a feed won when it won in its feed, and its feed's word is the verdict: of the
 * deciding category, or the exception of a feed `allow`. */
static bool hit_wins(const struct facts *f, const struct explained_rule *rule,
    const struct ruledb_hit *hit, const struct verdict *v)
{
	bool allows = rule->category == POLICY_NO_CATEGORY && rule->opens;

	if (!hit->wins)
		return false;
	if (v->reason == REASON_ALLOW)
		return f->own == NULL && allows;
	if (v->reason == REASON_LOCKED || v->reason == REASON_CATEGORY)
		return !rule->opens && rule->category == v->category;
	return false;
}

static void add_hit(
    struct explanation *out, const struct facts *f, const struct ruledb_hit *hit)
{
	static const enum rule_reach REACHES[] = {
	    [RULEDB_SUBTREE] = RULE_REACHES_SUBTREE,
	    [RULEDB_EXACT] = RULE_REACHES_NAME,
	    [RULEDB_BELOW] = RULE_REACHES_BELOW,
	    [RULEDB_REACH_MASK] = RULE_REACHES_SUBTREE, /* no such reach */
	};
	struct ruledb_feed feed;
	struct explained_rule *rule = add_rule(out);

	if (rule == NULL || !ruledb_feed_at(f->policy->rules, hit->feed, &feed))
		return;
	bool allows = feed.category == RULEDB_CATEGORY_ALLOW;
	rule->source = RULE_OF_FEED;
	rule->reach = REACHES[hit->kind & RULEDB_REACH_MASK];
	rule->opens = allows || (hit->kind & RULEDB_EXCEPTION) != 0;
	rule->important = (hit->kind & RULEDB_IMPORTANT) != 0;
	rule->labels = hit->depth;
	rule->category = our_category(f->policy, feed.category);
	rule->in_force = allows || tier_blocks(f, rule->category);
	rule->feed_number = hit->feed;
	rule->feed = feed.name;
	rule->wins = hit_wins(f, rule, hit, &out->verdict);
}

static void add_hits(
    struct explanation *out, const struct facts *f, const struct policy_question *question)
{
	struct ruledb_hit hits[EXPLANATION_RULES_MAX];

	if (f->policy->rules == NULL)
		return;
	struct ruledb_question asked = {.name = question->name, .hashes = question->hashes};
	size_t all =
	    ruledb_hits(f->policy->rules, NULL, &asked, hits, COUNT_OF(hits));
	size_t kept = all < COUNT_OF(hits) ? all : COUNT_OF(hits);
	out->rules_dropped += all - kept;
	for (size_t i = kept; i-- > 0;) /* the deepest first */
		add_hit(out, f, &hits[i]);
}

/* ---- advice ----------------------------------------------------------------------------- */

static void advise(struct explanation *out, enum advice advice, size_t labels)
{
	out->advice = advice;
	out->advice_labels = (uint8_t)labels; /* <= NAME_LABELS_MAX */
}

/* An open name: is it listed, only not for this tier? */
static void advise_open(struct explanation *out, const struct facts *f)
{
	uint64_t known = f->listed & ~f->tier->shown.block;

	advise(out, ADVICE_DENY, f->labels);
	if (out->verdict.reason != REASON_NONE || known == 0)
		return;
	advise(out, ADVICE_BLOCK_CATEGORY, f->labels);
	out->advice_category = (uint8_t)__builtin_ctzll(known);
}

static void add_advice(struct explanation *out, const struct facts *f)
{
	switch (out->verdict.reason) {
	case REASON_LOCKED:
	case REASON_PORTAL:
		advise(out, ADVICE_NONE, 0);
		return;
	case REASON_NO_RULES:
		advise(out, ADVICE_RULES, 0);
		return;
	case REASON_DENY:
		advise(out, ADVICE_DROP_DENY, f->own->labels);
		return;
	case REASON_ALLOW:
		if (f->own == NULL)
			advise_open(out, f);
		else
			advise(out, ADVICE_DROP_ALLOW, f->own->labels);
		return;
	case REASON_CATEGORY:
		advise(out, ADVICE_ALLOW, f->labels);
		return;
	case REASON_PAUSED:
		advise(out, ADVICE_RESUME, 0);
		return;
	case REASON_GRANT:
		advise(out, ADVICE_REVOKE, 0);
		return;
	case REASON_TRIAL:
		advise(out, ADVICE_ENFORCE, 0);
		return;
	case REASON_SERVICE:
		advise(out, ADVICE_DROP_SERVICE, 0);
		return;
	case REASON_ALLOW_ONLY:
	case REASON_SAFE_SEARCH:
	case REASON_BYPASS:
		advise(out, ADVICE_ALLOW, f->labels);
		return;
	case REASON_NEVER_BLOCK:
	case REASON_NONE:
		advise_open(out, f);
		return;
	}
}

/* ---- the whole -------------------------------------------------------------------------- */

static const struct named *winning_list(const struct facts *f, const struct verdict *v)
{
	bool by_list = v->reason == REASON_ALLOW || v->reason == REASON_DENY;
	return by_list ? f->own : NULL;
}

void policy_explain(const struct policy *policy, const struct policy_who *who,
    const struct policy_question *question, const struct policy_state *state,
    struct moment now, struct explanation *out)
{
	const struct verdict *v = &out->verdict;
	struct facts f;

	out->verdict = policy_decide(policy, who, question, state, now);
	out->tier = who->tier;
	out->rule_count = 0;
	out->rules_dropped = 0;
	out->advice_category = POLICY_NO_CATEGORY;
	facts_gather(&f, policy, who, question);
	if (v->reason == REASON_PORTAL)
		add_portal(out, policy);
	if (v->reason == REASON_PAUSED)
		add_pause(out);
	add_named(out, &f.tier->lists, question, winning_list(&f, v));
	add_named(out, &policy->never_block, question,
	    v->reason == REASON_NEVER_BLOCK ? f.protector : NULL);
	add_hits(out, &f, question);
	add_advice(out, &f);
}
