/* The precedence list of docs/architecture.md, from top to bottom. */
#include "policy/internal.h"

#define X(code, text) text,
static const char *const REASON_TEXTS[] = {POLICY_REASON_MAP(X)};
#undef X

const char *policy_reason_text(enum policy_reason reason)
{
	return REASON_TEXTS[reason];
}

/* ---- verdicts --------------------------------------------------------------------------------
 *
 * Each function here fills the one verdict that policy_decide() returns: copies of a struct
 * just written in parts cost more than the rows themselves. */

static void pass(struct verdict *v, enum policy_reason reason, size_t labels)
{
	v->action = POLICY_PASS;
	v->reason = reason;
	v->answer = RULES_ANSWER_WARNING;
	v->category = POLICY_NO_CATEGORY;
	v->locked = false;
	v->sensitive = false;
	v->required = false;
	v->covers_required = false;
	v->covers_answers = false;
	v->content_only = false;
	v->unlisted = false;
	v->matched_labels = (uint8_t)labels; /* <= NAME_LABELS_MAX */
	v->data_count = 0;
	v->data_alone = false;
	v->window = POLICY_NO_WINDOW;
	v->service = POLICY_NO_SERVICE;
	v->grant = 0;
	v->valid_until_ms = UINT64_MAX;
}

/* A pass that holds for the name's answers too. */
static void pass_whole(struct verdict *v, enum policy_reason reason, size_t labels)
{
	pass(v, reason, labels);
	v->covers_answers = true;
}

/* First in force of locked, sensitive, then the order of the categories; `set` not empty. */
static unsigned deciding_category(const struct policy *policy, uint64_t set)
{
	if ((set & policy->locked) != 0) {
		set &= policy->locked;
	} else if ((set & policy->sensitive) != 0) {
		set &= policy->sensitive;
	}
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

static void block(struct verdict *v, enum policy_reason reason, size_t labels)
{
	pass(v, reason, labels);
	v->action = POLICY_BLOCK;
}

/* Data that feeds of the deciding category give for the name. */
static void set_data(struct verdict *v, const struct facts *f)
{
	for (size_t i = 0; i < f->listing.data_count && v->data_count < POLICY_DATA_MAX;
	     i++) {
		if (f->policy->from_rules[f->listing.data[i].category] == v->category)
			v->data[v->data_count++] = f->listing.data[i].rule;
	}
	v->data_alone =
	    v->data_count > 0 && (f->in_force | f->by_service) == bit(v->category);
}

/* By what feeds say; `set` not empty, and listed. */
static void block_by_feeds(
    struct verdict *v, const struct facts *f, enum policy_reason reason, uint64_t set)
{
	unsigned category = deciding_category(f->policy, set);

	block(v, reason, facts_depth(f, category));
	set_category(v, f->policy, category);
	set_data(v, f);
}

/* By what the department requires; `set` not empty, and listed. What a feed would answer with is
 * left out: the school chooses its feeds. */
static void by_required(struct verdict *v, const struct facts *f, uint64_t set)
{
	block_by_feeds(v, f, REASON_REQUIRED, set);
	v->required = true;
	v->data_count = 0;
	v->data_alone = false;
}

/* By what the school itself wants closed: it counts as the category that would have blocked
 * the name anyway, else as the school's own. */
static void block_by_school(
    struct verdict *v, const struct facts *f, enum policy_reason reason, size_t labels)
{
	uint64_t set = f->in_force | f->by_service;
	unsigned own = f->policy->own_category;

	if (own != POLICY_NO_CATEGORY)
		set |= bit(own);
	block(v, reason, labels);
	if (set != 0)
		set_category(v, f->policy, deciding_category(f->policy, set));
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

static void by_grant(struct verdict *v, const struct facts *f)
{
	size_t labels = name_label_count(f->grant->name);

	if (f->grant->deny) {
		block_by_school(v, f, REASON_GRANT, labels);
	} else {
		pass_whole(v, REASON_GRANT, labels);
		v->content_only = f->grant->content_only;
	}
	v->grant = f->grant->id;
}

static void by_list(struct verdict *v, const struct facts *f)
{
	if (f->own->kind == ROLE_ALLOW) {
		pass_whole(v, REASON_ALLOW, f->own->labels);
	} else {
		block_by_school(v, f, REASON_DENY, f->own->labels);
	}
}

static void by_allow_only(struct verdict *v, const struct facts *f)
{
	block_by_school(v, f, REASON_ALLOW_ONLY, 0);
	if (!f->tier->allow_only) {
		v->window =
		    find_window(f, DEED_ALLOWS_ONLY, POLICY_NO_CATEGORY, POLICY_NO_SERVICE);
	}
}

static void by_service(struct verdict *v, const struct facts *f, unsigned category)
{
	size_t labels = 0;
	uint16_t service = facts_service(f, &f->now->services, category, &labels);

	block(v, REASON_SERVICE, labels);
	set_category(v, f->policy, category);
	v->service = service;
	if (!rules_services_has(&f->tier->services, service))
		v->window = find_window(f, DEED_BLOCKS, POLICY_NO_CATEGORY, service);
}

/* Row 6: the tier's categories and services, as windows have changed them. */
static void by_categories(struct verdict *v, const struct facts *f)
{
	unsigned category = deciding_category(f->policy, f->in_force | f->by_service);

	if ((f->in_force & bit(category)) == 0) {
		by_service(v, f, category);
		return;
	}
	block_by_feeds(v, f, REASON_CATEGORY, bit(category));
	if (f->in_services)
		v->service = facts_service(f, &f->services, category, NULL);
	if ((f->tier->shown.block & bit(category)) == 0)
		v->window = find_window(f, DEED_BLOCKS, category, POLICY_NO_SERVICE);
}

/* What a window in force lets pass, and what it would be blocked by outside. */
static void by_open_window(struct verdict *v, const struct facts *f)
{
	const struct policy_tier_state *outside =
	    &f->policy->plain[f->tier - f->policy->tiers];
	uint64_t feeds = facts_in_force(f, outside);
	uint64_t closed = feeds | facts_by_service(f, outside);

	pass(v, REASON_NONE, 0);
	if (closed == 0)
		return;
	unsigned category = deciding_category(f->policy, closed);
	bool of_feed = (feeds & bit(category)) != 0;
	set_category(v, f->policy, category);
	v->reason = of_feed ? REASON_CATEGORY : REASON_SERVICE;
	v->service =
	    facts_service(f, of_feed ? &f->services : &outside->services, category, NULL);
	v->window =
	    find_window(f, DEED_OPENS, of_feed ? category : POLICY_NO_CATEGORY, v->service);
}

static void by_nothing(struct verdict *v, const struct facts *f)
{
	if (f->listing.allowed && (f->listed & f->now->block) != 0) {
		/* The feed speaks of this name; where it leads is judged like any other's. */
		pass(v, REASON_ALLOW, f->listing.allowed_depth);
	} else if (f->now->windows != 0 && (f->listed != 0 || f->in_services)) {
		by_open_window(v, f);
	} else {
		pass(v, REASON_NONE, 0);
	}
}

static void judge_lower_rows(struct verdict *v, const struct facts *f)
{
	if ((f->in_force | f->by_service) != 0) { /* rows 5 and 6 */
		by_categories(v, f);
	} else if (f->protector != NULL) { /* row 5 */
		pass_whole(v, REASON_NEVER_BLOCK, f->protector->labels);
	} else {
		by_nothing(v, f);
	}
}

/* A name asked by somebody. */
static void judge_name(struct verdict *v, const struct facts *f)
{
	uint64_t locked = f->listed & f->policy->locked;
	uint64_t required = facts_required(f);

	if (locked != 0) { /* row 1 */
		block_by_feeds(v, f, REASON_LOCKED, locked);
	} else if (required != 0) {
		by_required(v, f, required);
	} else if (f->grant != NULL) { /* row 2 */
		by_grant(v, f);
	} else if (f->own != NULL) { /* row 3 */
		by_list(v, f);
	} else if (f->now->allow_only && f->protector == NULL) { /* row 4 */
		by_allow_only(v, f);
	} else {
		judge_lower_rows(v, f);
	}
}

/* Where an opening of content alone leads: what the school has not opened by another word. */
static bool is_guarded(const struct facts *f)
{
	bool opened = (f->grant != NULL && !f->grant->deny && !f->grant->content_only) ||
	    (f->own != NULL && f->own->kind == ROLE_ALLOW);
	return !opened && ((f->in_force | f->by_service) & f->policy->guarded) != 0;
}

static void by_guarded(struct verdict *v, const struct facts *f)
{
	uint64_t feeds = f->in_force & f->policy->guarded;
	uint64_t services = f->by_service & f->policy->guarded;

	if (feeds != 0)
		block_by_feeds(v, f, REASON_CATEGORY, feeds);
	else
		by_service(v, f, deciding_category(f->policy, services));
}

void facts_judge_target(
    struct verdict *v, const struct facts *f, const struct verdict *of_qname)
{
	uint64_t locked = f->listed & f->policy->locked;
	uint64_t required = of_qname->covers_required ? 0 : facts_required(f);

	if (locked != 0) {
		block_by_feeds(v, f, REASON_LOCKED, locked);
	} else if (required != 0) {
		by_required(v, f, required);
	} else if (of_qname->content_only && is_guarded(f)) {
		by_guarded(v, f);
	} else if (of_qname->covers_answers) {
		pass(v, REASON_NONE, 0);
	} else if (f->grant != NULL) {
		by_grant(v, f);
	} else if (f->own != NULL) {
		by_list(v, f);
	} else {
		judge_lower_rows(v, f);
	}
}

/* ---- beside the rows --------------------------------------------------------------------------- */

static bool is_exact(const struct role *role, size_t labels)
{
	return role != NULL && role->labels == labels;
}

/* "May we go round the filter?", asked where that is not allowed, has an answer of its own:
 * an address, be it the warning page's, would be a yes. */
static bool requires_no_bypass(const struct facts *f)
{
	return (f->tier->shown.required & f->policy->bypassing) != 0;
}

static bool is_bypass(const struct facts *f, const struct verdict *v)
{
	if (f->bypass == NULL || (f->now->block & f->policy->bypassing) == 0 ||
	    v->reason == REASON_LOCKED)
		return false;
	if (v->required || requires_no_bypass(f))
		return !is_exact(f->firm, f->labels);
	bool lifted = (is_exact(f->own, f->labels) && f->own->kind == ROLE_ALLOW) ||
	    is_exact(f->protector, f->labels) ||
	    (v->action == POLICY_PASS && v->reason == REASON_GRANT && !v->content_only &&
	        v->matched_labels == f->labels);
	return !lifted;
}

static void by_bypass(struct verdict *v, const struct facts *f)
{
	bool required = v->required || requires_no_bypass(f);

	block(v, REASON_BYPASS, f->bypass->labels);
	v->required = required;
	set_category(v, f->policy, (unsigned)__builtin_ctzll(f->policy->bypassing));
	v->answer = f->policy->bypass[f->bypass->number];
}

bool facts_is_lifted(const struct policy *policy, const struct policy_who *who,
    const struct policy_question *question, const struct verdict *v)
{
	size_t labels = question->hashes->count;

	if (v->action == POLICY_PASS && v->reason == REASON_GRANT && !v->content_only &&
	    v->matched_labels == labels)
		return true;
	for (const struct role *r = name_map_roles(&policy->names, question, labels);
	     r != NULL; r = r->next) {
		if (r->kind == ROLE_ALLOW && r->tier == who->tier)
			return true;
	}
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

/* Nothing of the school's moves such a verdict, now or later. */
static bool is_fixed(const struct verdict *v)
{
	return v->reason == REASON_LOCKED || v->required;
}

/* A pause or a trial lets all but locked, required and security categories pass. */
static void relax(struct verdict *v, const struct facts *f, bool paused)
{
	uint64_t security = f->in_force & f->policy->security;
	uint64_t until_ms = v->valid_until_ms;

	if (v->action == POLICY_PASS || is_fixed(v))
		return;
	if (paused && f->now->paused_until_ms < until_ms)
		until_ms = f->now->paused_until_ms;
	if (security != 0) {
		block_by_feeds(v, f, REASON_CATEGORY, security);
		v->valid_until_ms = until_ms;
		return;
	}
	v->valid_until_ms = until_ms;
	v->action = POLICY_PASS;
	v->data_count = 0;
	v->data_alone = false;
	if (v->reason != REASON_BYPASS) /* which is not counted, here neither */
		v->reason = paused ? REASON_PAUSED : REASON_TRIAL;
}

/* Rows 2 and 3, but where a window decides whether a grant of content alone holds. */
static bool asks_no_timetable(const struct facts *f)
{
	if (f->held || (f->grant != NULL && f->grant->content_only))
		return false;
	return f->grant != NULL || f->own != NULL;
}

/* When a window's border could make this another verdict. */
static uint64_t window_limit_ms(const struct facts *f, const struct verdict *v)
{
	const struct tier *tier = f->tier;
	uint64_t counts = f->listed;

	if (tier->window_count == 0 || is_fixed(v))
		return UINT64_MAX;
	if (f->bypass != NULL && !f->in_answer)
		counts |= f->policy->bypassing; /* whatever opens all but the exact name */
	else if (v->action == POLICY_PASS && asks_no_timetable(f))
		return UINT64_MAX;
	bool moves = (counts & tier->moves) != 0 ||
	    (tier->moves_allow_only && !f->in_answer && v->reason != REASON_NEVER_BLOCK &&
	        v->reason != REASON_DENY && v->reason != REASON_GRANT) ||
	    (f->in_services && services_meet(&f->services, &tier->moves_services));
	return moves ? f->now->changes_at_ms : UINT64_MAX;
}

void facts_finish(struct verdict *v, const struct facts *f, const struct asker *asker)
{
	bool enforce = asker->state != NULL ? asker->state->enforce : f->policy->enforce;
	bool paused = f->now->paused_until_ms > asker->now.mono_ms;

	v->valid_until_ms = window_limit_ms(f, v);
	/* Also where a grant did not decide: its end may uncover a broader one that does. */
	if (f->grant != NULL && !is_fixed(v)) {
		uint64_t end_ms = grant_end_ms(f->grant, asker->now);
		v->valid_until_ms = end_ms < v->valid_until_ms ? end_ms : v->valid_until_ms;
	}
	if (paused || !enforce)
		relax(v, f, paused);
	/* Then it is asked by another tier's device. */
	uint64_t staff_ms = asker->who->staff_until_ms;
	if (staff_ms != 0 && staff_ms < v->valid_until_ms)
		v->valid_until_ms = staff_ms;
}

struct verdict policy_decide(const struct policy *policy, const struct policy_who *who,
    const struct policy_question *question, const struct policy_state *state,
    struct moment now)
{
	const struct asker asker = {policy, who, state, now};
	struct verdict v;
	struct facts f;

	if (is_portal(policy, question)) {
		block(&v, REASON_PORTAL, policy->portal.labels);
		return v;
	}
	facts_gather(&f, &asker, question);
	judge_name(&v, &f);
	if (is_bypass(&f, &v)) {
		by_bypass(&v, &f);
	} else if (is_unsafe_engine(&f, who, &v)) {
		block_by_school(&v, &f, REASON_SAFE_SEARCH, f.labels);
	}
	facts_finish(&v, &f, &asker);
	v.covers_required = v.action == POLICY_PASS && f.firm != NULL;
	v.unlisted = f.unlisted;
	return v;
}

struct verdict policy_refuse(void)
{
	struct verdict v;

	block(&v, REASON_NO_RULES, 0);
	v.answer = RULES_ANSWER_REFUSED;
	return v;
}
