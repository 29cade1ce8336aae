/* The same judgement as decide.c, with its witnesses. */
#include "policy/internal.h"

/* What is being told, and of what. */
struct telling {
	struct explanation *out;
	const struct asker *asker;
	const struct facts *f;
	const struct policy_question *question;
};

static struct explained_rule *add_rule(struct explanation *out, enum rule_source source)
{
	if (out->rule_count == EXPLANATION_RULES_MAX) {
		out->rules_dropped++;
		return NULL;
	}
	struct explained_rule *rule = &out->rules[out->rule_count++];
	*rule = (struct explained_rule){
	    .source = source,
	    .category = POLICY_NO_CATEGORY,
	    .window = POLICY_NO_WINDOW,
	    .service = POLICY_NO_SERVICE,
	    .feed = "",
	    .rule = RULEDB_NO_RULE,
	};
	return rule;
}

static bool blocks_by(const struct explanation *out, enum policy_reason reason)
{
	return out->verdict.action == POLICY_BLOCK && out->verdict.reason == reason;
}

/* ---- the school's own rules ------------------------------------------------------------- */

static void add_portal(struct explanation *out, const struct policy *policy)
{
	struct explained_rule *rule = add_rule(out, RULE_OF_PORTAL);

	if (rule == NULL)
		return;
	rule->reach = RULE_REACHES_NAME;
	rule->wins = true;
	rule->labels = (uint8_t)policy->portal.labels; /* <= NAME_LABELS_MAX */
	rule->mark = policy->portal.mark;
}

/* Live ones for this asker; the winner's id stands in the verdict. */
static void add_grants(const struct telling *t)
{
	const struct policy_state *state = t->asker->state;
	const struct grants *grants = state == NULL ? NULL : state->grants;

	for (size_t i = 0; grants != NULL && i < grants_count(grants); i++) {
		const struct grant *g = grants_at(grants, i);
		if (!grants_apply(grants, i, t->asker, t->question))
			continue;
		struct explained_rule *rule = add_rule(t->out, RULE_OF_GRANT);
		if (rule == NULL)
			continue;
		rule->grant = g;
		rule->opens = !g->deny;
		rule->labels = (uint8_t)name_label_count(g->name); /* <= NAME_LABELS_MAX */
		rule->wins = t->out->verdict.reason == REASON_GRANT &&
		    t->out->verdict.grant == g->id;
	}
}

static void add_pause_or_trial(const struct telling *t)
{
	const struct verdict *v = &t->out->verdict;
	uint64_t until_ms = t->f->now->paused_until_ms;
	bool paused = until_ms > t->asker->now.mono_ms;
	const struct policy_state *state = t->asker->state;
	bool trial = state != NULL ? !state->enforce : !t->f->policy->enforce;
	bool lets_go = v->action == POLICY_PASS &&
	    (v->reason == REASON_BYPASS || v->category != POLICY_NO_CATEGORY);

	if (paused && (v->reason == REASON_PAUSED || lets_go)) {
		struct explained_rule *rule = add_rule(t->out, RULE_OF_PAUSE);
		if (rule != NULL) {
			rule->opens = true;
			rule->wins =
			    v->reason == REASON_PAUSED || v->reason == REASON_BYPASS;
		}
	} else if (trial && (v->reason == REASON_TRIAL || lets_go)) {
		struct explained_rule *rule = add_rule(t->out, RULE_OF_TRIAL);
		if (rule != NULL) {
			rule->opens = true;
			rule->wins =
			    v->reason == REASON_TRIAL || v->reason == REASON_BYPASS;
		}
	}
}

/* Whoever is kept from opening a name should know by whom. */
static void add_department(const struct telling *t)
{
	const struct verdict *v = &t->out->verdict;
	struct explained_rule *rule;

	if (!v->required || v->category == POLICY_NO_CATEGORY)
		return;
	const char *from =
	    policy_required_by(t->f->policy, t->asker->who->tier, v->category);
	rule = *from == 0 ? NULL : add_rule(t->out, RULE_OF_DEPARTMENT);
	if (rule == NULL)
		return;
	rule->category = v->category;
	rule->in_force = true;
	rule->wins = true;
	rule->mark = (struct mark){.file = from};
}

static void add_allow_only(const struct telling *t)
{
	struct explained_rule *rule;

	if (!t->f->tier->allow_only)
		return;
	rule = add_rule(t->out, RULE_OF_ALLOW_ONLY);
	if (rule != NULL)
		rule->wins = blocks_by(t->out, REASON_ALLOW_ONLY);
}

/* All in force: what they leave alone is as good to know. */
static void add_windows(const struct telling *t)
{
	const struct verdict *v = &t->out->verdict;

	for (uint64_t open = t->f->now->windows; open != 0; open &= open - 1) {
		unsigned i = (unsigned)__builtin_ctzll(open);
		const struct window *w = &t->f->tier->windows[i];
		struct explained_rule *rule = add_rule(t->out, RULE_OF_WINDOW);
		if (rule == NULL)
			continue;
		rule->window = (uint16_t)i; /* < RULES_SCHEDULES_MAX */
		rule->mark = w->mark;
		rule->in_force = true;
		rule->opens =
		    !w->allow_only && w->block == 0 && !services_any(&w->block_services);
		rule->wins = v->window == i && v->reason != REASON_TRIAL &&
		    v->reason != REASON_PAUSED;
	}
}

/* ---- names that the school speaks of ------------------------------------------------------- */

/* Lists, services and the rest, each with the source it is told as. */
static const enum rule_source SOURCES[] = {
    [ROLE_ALLOW] = RULE_OF_TIER_ALLOW,
    [ROLE_DENY] = RULE_OF_TIER_DENY,
    [ROLE_NEVER_BLOCK] = RULE_OF_NEVER_BLOCK,
    [ROLE_SERVICE] = RULE_OF_SERVICE,
    [ROLE_YOUTUBE] = RULE_OF_YOUTUBE,
    [ROLE_YOUTUBE_PAGE] = RULE_OF_SAFE_SEARCH,
    [ROLE_ENGINE] = RULE_OF_SAFE_SEARCH,
    [ROLE_BYPASS] = RULE_OF_BYPASS,
    [ROLE_BYPASS_EXACT] = RULE_OF_BYPASS,
};

static bool is_whole_name_only(const struct role *role)
{
	return role->kind == ROLE_YOUTUBE_PAGE || role->kind == ROLE_ENGINE ||
	    role->kind == ROLE_BYPASS_EXACT;
}

/* Lists of other tiers, and names that mean themselves alone, have no part. */
static bool has_part(const struct telling *t, const struct role *role)
{
	uint8_t tier = t->asker->who->tier;

	if (role->kind == ROLE_ALLOW || role->kind == ROLE_DENY)
		return role->tier == tier;
	return !is_whole_name_only(role) || role->labels == t->f->labels;
}

static void tell_service(
    const struct telling *t, const struct role *role, struct explained_rule *rule)
{
	const struct facts *f = t->f;
	const struct verdict *v = &t->out->verdict;

	rule->service = role->number;
	rule->category = f->policy->services[role->number].category;
	rule->in_force = rules_services_has(&f->now->services, role->number);
	rule->opens = rules_services_has(&f->now->open_services, role->number);
	rule->wins = blocks_by(t->out, REASON_SERVICE) && v->service == role->number;
}

static void tell_youtube(const struct telling *t, struct explained_rule *rule)
{
	const struct facts *f = t->f;
	const struct verdict *v = &t->out->verdict;
	bool streaming = v->category != POLICY_NO_CATEGORY &&
	    (bit(v->category) & f->policy->streaming) != 0;

	rule->opens = f->tier->youtube != YOUTUBE_OFF;
	rule->in_force = rule->opens || (f->now->block & f->policy->streaming) != 0;
	if (f->policy->streaming != 0)
		rule->category = (uint8_t)__builtin_ctzll(f->policy->streaming); /* < 64 */
	rule->wins = !rule->opens && streaming &&
	    (blocks_by(t->out, REASON_CATEGORY) || blocks_by(t->out, REASON_REQUIRED));
}

static void tell_safe_search(
    const struct telling *t, const struct role *role, struct explained_rule *rule)
{
	const struct tier *tier = t->f->tier;

	rule->in_force =
	    role->kind == ROLE_ENGINE ? tier->safe_search : tier->youtube != YOUTUBE_OFF;
	rule->wins = role->kind == ROLE_ENGINE && blocks_by(t->out, REASON_SAFE_SEARCH);
}

static void tell_role(
    const struct telling *t, const struct role *role, struct explained_rule *rule)
{
	const struct facts *f = t->f;
	const struct verdict *v = &t->out->verdict;

	rule->labels = role->labels;
	rule->mark = role->mark;
	rule->reach = is_whole_name_only(role) ? RULE_REACHES_NAME : RULE_REACHES_SUBTREE;
	switch (role->kind) {
	case ROLE_ALLOW:
		rule->opens = true;
		rule->wins = v->reason == REASON_ALLOW && role == f->own;
		return;
	case ROLE_DENY:
		rule->wins = v->reason == REASON_DENY && role == f->own;
		return;
	case ROLE_NEVER_BLOCK:
		rule->opens = true;
		rule->wins = v->reason == REASON_NEVER_BLOCK && role == f->protector;
		return;
	case ROLE_SERVICE:
		tell_service(t, role, rule);
		return;
	case ROLE_YOUTUBE:
		tell_youtube(t, rule);
		return;
	case ROLE_YOUTUBE_PAGE:
	case ROLE_ENGINE:
		tell_safe_search(t, role, rule);
		return;
	case ROLE_BYPASS:
	case ROLE_BYPASS_EXACT:
		rule->in_force = (f->now->block & f->policy->bypassing) != 0;
		rule->wins = blocks_by(t->out, REASON_BYPASS) && role == f->bypass;
		return;
	}
}

/* Everything at or above the name, the longest first. */
static void add_roles(const struct telling *t)
{
	for (size_t n = t->f->labels; n > 0; n--) {
		for (const struct role *r =
		         name_map_roles(&t->f->policy->names, t->question, n);
		     r != NULL; r = r->next) {
			struct explained_rule *rule =
			    has_part(t, r) ? add_rule(t->out, SOURCES[r->kind]) : NULL;
			if (rule != NULL)
				tell_role(t, r, rule);
		}
	}
}

/* ---- feeds ------------------------------------------------------------------------------ */

static uint8_t our_category(const struct policy *policy, unsigned theirs)
{
	return theirs < RULEDB_CATEGORIES_MAX ? policy->from_rules[theirs]
	                                      : POLICY_NO_CATEGORY;
}

static bool tier_blocks(const struct facts *f, uint8_t category)
{
	return category != POLICY_NO_CATEGORY && (f->now->block & bit(category)) != 0;
}

/* A rule of a feed won when it won in its feed, and its feed's word is the verdict: of the
 * deciding category, or the exception of a feed `allow`. */
static bool hit_wins(const struct facts *f, const struct explained_rule *rule,
    const struct ruledb_hit *hit, const struct explanation *out)
{
	const struct verdict *v = &out->verdict;
	bool allows = rule->category == POLICY_NO_CATEGORY && rule->opens;

	if (!hit->wins)
		return false;
	if (v->reason == REASON_ALLOW)
		return f->own == NULL && allows;
	if (blocks_by(out, REASON_LOCKED) || blocks_by(out, REASON_REQUIRED) ||
	    blocks_by(out, REASON_CATEGORY))
		return !rule->opens && rule->category == v->category;
	return false;
}

static void add_hit(const struct telling *t, const struct ruledb_hit *hit)
{
	static const enum rule_reach reaches[] = {
	    [RULE_SUBTREE] = RULE_REACHES_SUBTREE,
	    [RULE_EXACT] = RULE_REACHES_NAME,
	    [RULE_BELOW] = RULE_REACHES_BELOW,
	    [RULE_REACH_MASK] = RULE_REACHES_SUBTREE, /* no such reach */
	};
	const struct facts *f = t->f;
	struct ruledb_feed feed;

	if (!ruledb_feed_at(f->policy->rules, hit->feed, &feed))
		return;
	struct explained_rule *rule = add_rule(t->out, RULE_OF_FEED);
	if (rule == NULL)
		return;
	bool allows = feed.category == RULEDB_CATEGORY_ALLOW;
	rule->reach = reaches[hit->kind & RULE_REACH_MASK];
	rule->opens = allows || (hit->kind & RULE_EXCEPTION) != 0;
	rule->important = (hit->kind & RULE_IMPORTANT) != 0;
	rule->labels = hit->depth;
	rule->category = our_category(f->policy, feed.category);
	rule->in_force = allows || tier_blocks(f, rule->category);
	rule->feed_number = hit->feed;
	rule->feed = feed.name;
	rule->rule = hit->rule;
	rule->wins = hit_wins(f, rule, hit, t->out);
}

static void add_hits(const struct telling *t)
{
	const struct policy *policy = t->f->policy;
	struct ruledb_hit hits[EXPLANATION_RULES_MAX];
	const char *names[3];

	if (policy->rules == NULL)
		return;
	struct ruledb_question asked = facts_rules_question(t->asker, t->question, names);
	size_t all =
	    ruledb_hits(policy->rules, t->question->scratch, &asked, hits, COUNT_OF(hits));
	size_t kept = all < COUNT_OF(hits) ? all : COUNT_OF(hits);
	t->out->rules_dropped += all - kept;
	for (size_t i = kept; i-- > 0;) /* the deepest first */
		add_hit(t, &hits[i]);
}

/* ---- advice ----------------------------------------------------------------------------- */

static void advise(struct explanation *out, enum advice advice, size_t labels)
{
	out->advice = advice;
	out->advice_labels = (uint8_t)labels; /* <= NAME_LABELS_MAX */
}

/* An open name: is it listed, only not for this tier, and would that block it? */
static void advise_open(struct explanation *out, const struct facts *f)
{
	struct policy_tier_state all = *f->now;

	all.block = ~UINT64_C(0);
	uint64_t known = facts_in_force(f, &all) & ~f->now->block;
	advise(out, ADVICE_DENY, f->labels);
	if (out->verdict.reason != REASON_NONE || known == 0)
		return;
	advise(out, ADVICE_BLOCK_CATEGORY, f->labels);
	out->advice_category = (uint8_t)__builtin_ctzll(known);
}

/* Rows 4 and 6: by the timetable, else by what the school's file says. */
static void advise_row(struct explanation *out, const struct facts *f)
{
	const struct verdict *v = &out->verdict;

	if (v->action == POLICY_PASS) {
		advise(out, ADVICE_DENY, f->labels);
	} else if (v->window != POLICY_NO_WINDOW) {
		advise(out, ADVICE_WINDOW, f->labels);
	} else if (v->reason == REASON_SERVICE) {
		advise(out, ADVICE_DROP_SERVICE, f->labels);
	} else {
		advise(out, ADVICE_ALLOW, f->labels);
	}
}

static void advise_relaxed(struct explanation *out, const struct telling *t)
{
	bool paused = t->f->now->paused_until_ms > t->asker->now.mono_ms;
	advise(out, paused ? ADVICE_RESUME : ADVICE_ENFORCE, 0);
}

static void add_advice(const struct telling *t)
{
	struct explanation *out = t->out;
	const struct facts *f = t->f;

	switch (out->verdict.reason) {
	case REASON_LOCKED:
	case REASON_PORTAL:
		advise(out, ADVICE_NONE, 0);
		return;
	case REASON_REQUIRED:
		advise(out, ADVICE_DEPARTMENT, 0);
		return;
	case REASON_NO_RULES:
		advise(out, ADVICE_RULES, 0);
		return;
	case REASON_GRANT:
		advise(out, ADVICE_REVOKE, out->verdict.matched_labels);
		return;
	case REASON_DENY:
		advise(out, ADVICE_DROP_DENY, f->own->labels);
		return;
	case REASON_ALLOW:
		if (f->own == NULL) {
			advise_open(out, f);
		} else {
			advise(out, ADVICE_DROP_ALLOW, f->own->labels);
		}
		return;
	case REASON_ALLOW_ONLY:
	case REASON_CATEGORY:
	case REASON_SERVICE:
		advise_row(out, f);
		return;
	case REASON_SAFE_SEARCH:
		advise(out, ADVICE_ALLOW, f->labels);
		return;
	case REASON_BYPASS:
		if (out->verdict.action == POLICY_PASS) {
			advise_relaxed(out, t);
		} else if (out->verdict.required) {
			advise(out, ADVICE_DEPARTMENT, 0);
		} else {
			advise(out, ADVICE_ALLOW, f->labels);
		}
		return;
	case REASON_PAUSED:
	case REASON_TRIAL:
		advise_relaxed(out, t);
		return;
	case REASON_NEVER_BLOCK:
	case REASON_NONE:
		advise_open(out, f);
		return;
	}
}

/* ---- the whole -------------------------------------------------------------------------- */

static void add_move(const struct telling *t)
{
	const struct policy_state *state = t->asker->state;
	const struct verdict *v = &t->out->verdict;
	uint8_t tier = t->asker->who->tier;
	struct moment now = t->asker->now;

	t->out->moves = state != NULL &&
	    (policy_name_opens_at(
	         t->f->policy, t->asker->who, t->question, v, state, now, &t->out->move) ||
	        policy_closes_at(t->f->policy, tier, v, state, now, &t->out->move));
}

static void clear(struct explanation *out, uint8_t tier)
{
	out->tier = tier;
	out->rule_count = 0;
	out->rules_dropped = 0;
	out->advice_category = POLICY_NO_CATEGORY;
	out->alias = (struct policy_alias){.name = {NULL, 0}};
}

void policy_explain(const struct policy *policy, const struct policy_who *who,
    const struct policy_question *question, const struct policy_state *state,
    struct moment now, struct explanation *out)
{
	const struct asker asker = {policy, who, state, now};
	struct facts f;
	const struct telling t = {out, &asker, &f, question};

	out->verdict = policy_decide(policy, who, question, state, now);
	clear(out, who->tier);
	facts_gather(&f, &asker, question);
	if (out->verdict.reason == REASON_PORTAL)
		add_portal(out, policy);
	add_department(&t);
	add_pause_or_trial(&t);
	add_grants(&t);
	add_roles(&t);
	add_allow_only(&t);
	add_windows(&t);
	add_hits(&t);
	add_advice(&t);
	add_move(&t);
	(void)policy_rewrite(policy, who, question, &out->verdict, &out->alias);
}
