/* The precedence list of docs/architecture.md, from top to bottom. */
#include "policy/internal.h"

#define X(code, text) text,
static const char *const REASON_TEXTS[] = {POLICY_REASON_MAP(X)};
#undef X

const char *policy_reason_text(enum policy_reason reason)
{
	return REASON_TEXTS[reason];
}

/* ---- verdicts -------------------------------------------------------------------------------- */

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

/* A pass that holds for the name's answers too. */
static struct verdict pass_whole(enum policy_reason reason, size_t labels)
{
	struct verdict v = pass(reason, labels);
	v.covers_answers = true;
	return v;
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

static void set_category(struct verdict *v, const struct policy *policy, unsigned category)
{
	const struct policy_category *c = &policy->categories[category];

	v->category = (uint8_t)category; /* < RULES_CATEGORIES_MAX */
	v->answer = c->answer;
	v->locked = c->locked;
	v->sensitive = c->sensitive;
}

static struct verdict block(const struct policy *policy, enum policy_reason reason,
    unsigned category, size_t labels)
{
	struct verdict v = pass(reason, labels);

	v.action = POLICY_BLOCK;
	v.answer = RULES_ANSWER_WARNING;
	if (category != POLICY_NO_CATEGORY)
		set_category(&v, policy, category);
	return v;
}

/* Data that feeds of the deciding category give for the name. */
static void set_data(struct verdict *v, const struct facts *f)
{
	for (size_t i = 0; i < f->listing.data_count && v->data_count < POLICY_DATA_MAX;
	     i++)
		if (f->policy->from_rules[f->listing.data[i].category] == v->category)
			v->data[v->data_count++] = f->listing.data[i].rule;
}

/* By what feeds say; `set` not empty, and listed. */
static struct verdict block_by_feeds(
    const struct facts *f, enum policy_reason reason, uint64_t set)
{
	unsigned category = deciding_category(f->policy, set);
	struct verdict v = block(f->policy, reason, category, facts_depth(f, category));

	set_data(&v, f);
	return v;
}

/* By what the school itself wants closed: it counts as the category that would have blocked
 * the name anyway, else as the school's own. */
static struct verdict block_by_school(
    const struct facts *f, enum policy_reason reason, size_t labels)
{
	uint64_t set = f->in_force | f->by_service;
	unsigned own = f->policy->own_category;

	if (own != POLICY_NO_CATEGORY)
		set |= bit(own);
	return block(f->policy, reason,
	    set == 0 ? POLICY_NO_CATEGORY : deciding_category(f->policy, set), labels);
}

/* The window in force that does this to the category or service, or POLICY_NO_WINDOW. */
static uint16_t find_window(
    const struct facts *f, enum deed deed, unsigned category, unsigned service)
{
	for (uint64_t open = f->now->windows; open != 0; open &= open - 1) {
		unsigned i = (unsigned)__builtin_ctzll(open);
		if (window_does(&f->tier->windows[i], deed, category, service))
			return (uint16_t)i; /* < RULES_SCHEDULES_MAX */
	}
	return POLICY_NO_WINDOW;
}

/* ---- the rows ---------------------------------------------------------------------------------- */

bool is_portal(const struct policy *policy, const struct policy_question *question)
{
	size_t count = question->hashes->count;
	return count == policy->portal.labels && count > 0 &&
	    question->hashes->at[count - 1] == policy->portal.hash &&
	    name_equal(question->name, policy->portal.name);
}

static struct verdict by_portal(const struct policy *policy)
{
	return block(policy, REASON_PORTAL, POLICY_NO_CATEGORY, policy->portal.labels);
}

static struct verdict by_grant(const struct facts *f)
{
	size_t labels = name_label_count(f->grant->name);
	struct verdict v = f->grant->deny ? block_by_school(f, REASON_GRANT, labels)
	                                  : pass_whole(REASON_GRANT, labels);

	v.grant = f->grant->id;
	return v;
}

static struct verdict by_list(const struct facts *f)
{
	return f->own->kind == ROLE_ALLOW ? pass_whole(REASON_ALLOW, f->own->labels)
	                                  : block_by_school(f, REASON_DENY, f->own->labels);
}

static struct verdict by_allow_only(const struct facts *f)
{
	struct verdict v = block_by_school(f, REASON_ALLOW_ONLY, 0);

	if (!f->tier->allow_only)
		v.window =
		    find_window(f, DEED_ALLOWS_ONLY, POLICY_NO_CATEGORY, POLICY_NO_SERVICE);
	return v;
}

static struct verdict by_service(const struct facts *f, unsigned category)
{
	size_t labels = 0;
	uint16_t service = facts_service(f, &f->now->services, category, &labels);
	struct verdict v = block(f->policy, REASON_SERVICE, category, labels);

	v.service = service;
	if (!rules_services_has(&f->tier->services, service))
		v.window = find_window(f, DEED_BLOCKS, POLICY_NO_CATEGORY, service);
	return v;
}

/* Row 6: the tier's categories and services, as windows have changed them. */
static struct verdict by_categories(const struct facts *f)
{
	unsigned category = deciding_category(f->policy, f->in_force | f->by_service);

	if ((f->in_force & bit(category)) == 0)
		return by_service(f, category);
	struct verdict v = block_by_feeds(f, REASON_CATEGORY, bit(category));
	v.service = facts_service(f, &f->services, category, NULL);
	if ((f->tier->shown.block & bit(category)) == 0)
		v.window = find_window(f, DEED_BLOCKS, category, POLICY_NO_SERVICE);
	return v;
}

/* What a window in force lets pass, and what it would be blocked by outside. */
static struct verdict by_open_window(const struct facts *f)
{
	const struct policy_tier_state *outside =
	    &f->policy->plain[f->tier - f->policy->tiers];
	uint64_t feeds = facts_in_force(f, outside);
	uint64_t closed = feeds | facts_by_service(f, outside);
	struct verdict v = pass(REASON_NONE, 0);

	if (closed == 0)
		return v;
	unsigned category = deciding_category(f->policy, closed);
	bool of_feed = (feeds & bit(category)) != 0;
	set_category(&v, f->policy, category);
	v.reason = of_feed ? REASON_CATEGORY : REASON_SERVICE;
	v.service =
	    facts_service(f, of_feed ? &f->services : &outside->services, category, NULL);
	v.window =
	    find_window(f, DEED_OPENS, of_feed ? category : POLICY_NO_CATEGORY, v.service);
	return v;
}

static struct verdict by_nothing(const struct facts *f)
{
	if (f->listing.allowed && (f->listed & f->now->block) != 0)
		return pass_whole(REASON_ALLOW, f->listing.allowed_depth);
	if (f->now->windows != 0 && (f->listed != 0 || f->in_services))
		return by_open_window(f);
	return pass(REASON_NONE, 0);
}

static struct verdict judge_lower_rows(const struct facts *f)
{
	if ((f->in_force | f->by_service) != 0) /* rows 5 and 6 */
		return by_categories(f);
	if (f->protector != NULL) /* row 5 */
		return pass_whole(REASON_NEVER_BLOCK, f->protector->labels);
	return by_nothing(f);
}

/* A name asked by somebody. */
static struct verdict judge_name(const struct facts *f)
{
	uint64_t locked = f->listed & f->policy->locked;

	if (locked != 0) /* row 1 */
		return block_by_feeds(f, REASON_LOCKED, locked);
	if (f->grant != NULL) /* row 2 */
		return by_grant(f);
	if (f->own != NULL) /* row 3 */
		return by_list(f);
	if (f->now->allow_only && f->protector == NULL) /* row 4 */
		return by_allow_only(f);
	return judge_lower_rows(f);
}

struct verdict facts_judge_target(const struct facts *f, bool covered)
{
	uint64_t locked = f->listed & f->policy->locked;

	if (locked != 0)
		return block_by_feeds(f, REASON_LOCKED, locked);
	if (covered)
		return pass(REASON_NONE, 0);
	if (f->grant != NULL)
		return by_grant(f);
	if (f->own != NULL)
		return by_list(f);
	return judge_lower_rows(f);
}

/* ---- beside the rows --------------------------------------------------------------------------- */

static bool is_exact(const struct role *role, size_t labels)
{
	return role != NULL && role->labels == labels;
}

/* "May we go round the filter?", asked where that is not allowed, has an answer of its own:
 * an address, be it the warning page's, would be a yes. */
static bool is_bypass(const struct facts *f, const struct verdict *v)
{
	bool lifted = (is_exact(f->own, f->labels) && f->own->kind == ROLE_ALLOW) ||
	    is_exact(f->protector, f->labels) ||
	    (v->action == POLICY_PASS && v->reason == REASON_GRANT &&
	        v->matched_labels == f->labels);

	return f->bypass != NULL && (f->now->block & f->policy->bypassing) != 0 &&
	    v->reason != REASON_LOCKED && !lifted;
}

static struct verdict by_bypass(const struct facts *f)
{
	unsigned category = (unsigned)__builtin_ctzll(f->policy->bypassing);
	struct verdict v = block(f->policy, REASON_BYPASS, category, f->bypass->labels);

	v.answer = f->policy->bypass[f->bypass->number];
	return v;
}

bool facts_is_lifted(const struct policy *policy, const struct policy_who *who,
    const struct policy_question *question, const struct verdict *v)
{
	size_t labels = question->hashes->count;

	if (v->action == POLICY_PASS && v->reason == REASON_GRANT &&
	    v->matched_labels == labels)
		return true;
	for (const struct role *r = name_map_roles(&policy->names, question, labels);
	     r != NULL; r = r->next)
		if (r->kind == ROLE_ALLOW && r->tier == who->tier)
			return true;
	return false;
}

/* A search engine that has no safe address, where only safe ones are wanted. */
static bool is_unsafe_engine(
    const struct facts *f, const struct policy_who *who, const struct verdict *v)
{
	return f->engine != NULL && v->action == POLICY_PASS && f->tier->safe_search &&
	    f->policy->engines[f->engine->number].safe.wire == NULL &&
	    !facts_is_lifted(f->policy, who, f->question, v);
}

/* A pause or a trial lets all but locked and security categories pass. */
static struct verdict relax(
    const struct facts *f, const struct asker *asker, struct verdict v)
{
	uint64_t paused_until_ms = f->now->paused_until_ms;
	bool paused = paused_until_ms > asker->now.mono_ms;
	bool trial = asker->state != NULL ? !asker->state->enforce : !f->policy->enforce;
	uint64_t security = f->in_force & f->policy->security;

	if ((!paused && !trial) || v.action == POLICY_PASS || v.reason == REASON_LOCKED)
		return v;
	if (security != 0) {
		if (v.reason != REASON_CATEGORY || (security & bit(v.category)) == 0)
			v = block_by_feeds(f, REASON_CATEGORY, security);
		return v;
	}
	v.action = POLICY_PASS;
	v.data_count = 0;
	if (v.reason != REASON_BYPASS) /* which is not counted, here neither */
		v.reason = paused ? REASON_PAUSED : REASON_TRIAL;
	if (paused)
		v.valid_until_ms = paused_until_ms;
	return v;
}

/* When a window's border could make this another verdict. */
static uint64_t window_limit_ms(const struct facts *f, const struct verdict *v)
{
	const struct tier *tier = f->tier;
	uint64_t counts = f->listed;

	if (tier->window_count == 0 || v->reason == REASON_LOCKED)
		return UINT64_MAX;
	if (v->action == POLICY_PASS && (f->grant != NULL || f->own != NULL))
		return UINT64_MAX; /* rows 2 and 3 ask no timetable */
	if (f->bypass != NULL)
		counts |= f->policy->bypassing;
	bool moves = (counts & tier->moves) != 0 ||
	    (tier->moves_allow_only && v->reason != REASON_NEVER_BLOCK &&
	        v->reason != REASON_DENY && v->reason != REASON_GRANT) ||
	    (f->in_services && services_meet(&f->services, &tier->moves_services));
	return moves ? f->now->changes_at_ms : UINT64_MAX;
}

struct verdict facts_finish(
    const struct facts *f, const struct asker *asker, struct verdict v)
{
	v.valid_until_ms = window_limit_ms(f, &v);
	if (v.grant != 0) {
		uint64_t end_ms = grant_end_ms(f->grant, asker->now);
		v.valid_until_ms = end_ms < v.valid_until_ms ? end_ms : v.valid_until_ms;
	}
	return relax(f, asker, v);
}

struct verdict policy_decide(const struct policy *policy, const struct policy_who *who,
    const struct policy_question *question, const struct policy_state *state,
    struct moment now)
{
	const struct asker asker = {policy, who, state, now};
	struct facts f;

	if (is_portal(policy, question))
		return by_portal(policy);
	facts_gather(&f, &asker, question);
	struct verdict v = judge_name(&f);
	if (is_bypass(&f, &v))
		v = by_bypass(&f);
	else if (is_unsafe_engine(&f, who, &v))
		v = block_by_school(&f, REASON_SAFE_SEARCH, f.labels);
	v = facts_finish(&f, &asker, v);
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
