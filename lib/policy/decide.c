/* The precedence list of docs/architecture.md, from top to bottom. */
#include "policy/internal.h"

#define X(code, text) text,
static const char *const REASON_TEXTS[] = {POLICY_REASON_MAP(X)};
#undef X

const char *policy_reason_text(enum policy_reason reason)
{
	return REASON_TEXTS[reason];
}

static uint64_t bit(unsigned i)
{
	return UINT64_C(1) << i;
}

static struct verdict pass(enum policy_reason reason, size_t labels)
{
	return (struct verdict){
	    .action = POLICY_PASS,
	    .reason = reason,
	    .category = POLICY_NO_CATEGORY,
	    .window = POLICY_NO_WINDOW,
	    .service = POLICY_NO_SERVICE,
	    .matched_labels = (uint8_t)labels, /* <= NAME_LABELS_MAX */
	    .valid_until_ms = UINT64_MAX,
	};
}

/* First in force of locked, sensitive, then the order of the categories; `set` not empty. */
static unsigned deciding_category(const struct policy *policy, uint64_t set)
{
	if ((set & policy->locked) != 0)
		set &= policy->locked;
	else if ((set & policy->sensitive) != 0)
		set &= policy->sensitive;
	return (unsigned)__builtin_ctzll(set);
}

static struct verdict block(
    const struct facts *f, enum policy_reason reason, unsigned category, size_t labels)
{
	const struct policy_category *c = &f->policy->categories[category];
	return (struct verdict){
	    .action = POLICY_BLOCK,
	    .reason = reason,
	    .answer = c->answer,
	    .category = (uint8_t)category, /* < RULES_CATEGORIES_MAX */
	    .locked = c->locked,
	    .sensitive = c->sensitive,
	    .window = POLICY_NO_WINDOW,
	    .service = POLICY_NO_SERVICE,
	    .matched_labels = (uint8_t)labels, /* <= NAME_LABELS_MAX */
	    .valid_until_ms = UINT64_MAX,
	};
}

/* Labels of the deepest rule by which a category lists the name. */
static size_t depth_of(const struct facts *f, unsigned category)
{
	return f->listing.depth[f->policy->to_rules[category]];
}

static struct verdict block_by_category(
    const struct facts *f, enum policy_reason reason, uint64_t set)
{
	unsigned category = deciding_category(f->policy, set);
	return block(f, reason, category, depth_of(f, category));
}

/* ---- gathering -------------------------------------------------------------------------- */

static uint64_t in_our_numbers(const struct policy *policy, uint64_t theirs)
{
	uint64_t ours = 0;

	for (; theirs != 0; theirs &= theirs - 1) {
		unsigned category = policy->from_rules[__builtin_ctzll(theirs)];
		if (category != POLICY_NO_CATEGORY)
			ours |= bit(category);
	}
	return ours;
}

/* Row 5: what of the tier's categories a never-block name leaves in force. Locked ones
 * stand above it. */
static uint64_t spare_protected(const struct facts *f, uint64_t set)
{
	const struct policy *policy = f->policy;
	uint64_t left = set & policy->locked;

	if (f->protector == NULL)
		return set;
	for (uint64_t rest = set & ~left; rest != 0; rest &= rest - 1) {
		unsigned category = (unsigned)__builtin_ctzll(rest);
		size_t depth = depth_of(f, category);
		bool exact = (policy->security & bit(category)) != 0 && depth == f->labels;
		bool nearer = (policy->nearest_wins & bit(category)) != 0 &&
		    depth > f->protector->labels;
		if (exact || nearer)
			left |= bit(category);
	}
	return left;
}

/* A feed of category `allow` excepts the name from all content categories. */
static uint64_t spare_allowed(const struct facts *f, uint64_t set)
{
	uint64_t content = ~(f->policy->locked | f->policy->security);
	return f->listing.allowed ? set & ~content : set;
}

void facts_gather(struct facts *out, const struct policy *policy,
    const struct policy_who *who, const struct policy_question *question)
{
	/* Member by member: the listing's depths mean something for listed categories only,
	 * and clearing them for every query would cost as much as a probe. */
	out->policy = policy;
	out->tier = &policy->tiers[who->tier];
	out->labels = question->hashes->count;
	out->listed = 0;
	out->in_force = 0;
	out->listing.allowed = false;
	out->own = name_set_longest(&out->tier->lists, question, out->labels);
	out->protector = name_set_longest(&policy->never_block, question, out->labels);
	out->unlisted = question->unlisted || policy->rules == NULL ||
	    !ruledb_match(policy->rules, NULL,
	        &(struct ruledb_question){
	            .name = question->name, .hashes = question->hashes},
	        &out->listing);
	if (out->unlisted)
		return;
	out->listed = in_our_numbers(policy, out->listing.categories);
	out->in_force = out->listed & out->tier->shown.block;
	out->in_force = spare_allowed(out, spare_protected(out, out->in_force));
}

/* ---- the rows --------------------------------------------------------------------------- */

bool is_portal(const struct policy *policy, const struct policy_question *question)
{
	size_t count = question->hashes->count;
	return count == policy->portal.labels && count > 0 &&
	    question->hashes->at[count - 1] == policy->portal.hash &&
	    name_equal(question->name, policy->portal.name);
}

static struct verdict by_portal(const struct policy *policy)
{
	struct verdict v = pass(REASON_PORTAL, policy->portal.labels);
	v.action = POLICY_BLOCK;
	v.answer = RULES_ANSWER_WARNING;
	return v;
}

/* A name that a tier denies counts as the category that would have blocked it anyway, else
 * as the school's own. */
static struct verdict by_deny(const struct facts *f)
{
	uint64_t set = f->in_force;
	unsigned own = f->policy->own_category;

	if (own != POLICY_NO_CATEGORY)
		set |= bit(own);
	if (set != 0)
		return block(
		    f, REASON_DENY, deciding_category(f->policy, set), f->own->labels);
	struct verdict v = pass(REASON_DENY, f->own->labels);
	v.action = POLICY_BLOCK;
	v.answer = RULES_ANSWER_WARNING;
	return v;
}

struct verdict facts_judge(const struct facts *f)
{
	uint64_t locked = f->listed & f->policy->locked;

	if (locked != 0)
		return block_by_category(f, REASON_LOCKED, locked);
	if (f->own != NULL && f->own->as == NAMED_ALLOW)
		return pass(REASON_ALLOW, f->own->labels);
	if (f->own != NULL)
		return by_deny(f);
	if (f->in_force != 0)
		return block_by_category(f, REASON_CATEGORY, f->in_force);
	if (f->protector != NULL)
		return pass(REASON_NEVER_BLOCK, f->protector->labels);
	if (f->listing.allowed && (f->listed & f->tier->shown.block) != 0)
		return pass(REASON_ALLOW, f->listing.allowed_depth);
	return pass(REASON_NONE, 0);
}

/* A pause lifts what a person set up, not what protects everybody: locked and security
 * categories stay. */
static struct verdict under_pause(
    const struct facts *f, struct verdict v, uint64_t paused_until_ms)
{
	uint64_t security = f->in_force & f->policy->security;

	if (v.action == POLICY_PASS || v.reason == REASON_LOCKED)
		return v;
	if (security != 0)
		return block_by_category(f, REASON_CATEGORY, security);
	v.action = POLICY_PASS;
	v.reason = REASON_PAUSED;
	v.valid_until_ms = paused_until_ms;
	return v;
}

struct verdict policy_decide(const struct policy *policy, const struct policy_who *who,
    const struct policy_question *question, const struct policy_state *state,
    struct moment now)
{
	if (is_portal(policy, question))
		return by_portal(policy);
	struct facts f;
	facts_gather(&f, policy, who, question);
	struct verdict v = facts_judge(&f);
	uint64_t paused_until_ms =
	    state == NULL ? 0 : state->tiers[who->tier].paused_until_ms;
	if (paused_until_ms > now.mono_ms)
		v = under_pause(&f, v, paused_until_ms);
	v.unlisted = f.unlisted;
	return v;
}

struct verdict policy_refuse(void)
{
	struct verdict v = pass(REASON_NO_RULES, 0);
	v.action = POLICY_BLOCK;
	v.answer = RULES_ANSWER_REFUSED;
	return v;
}
