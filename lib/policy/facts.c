/* Gathering: one walk over the suffixes of the name for what the school says of it, one
 * question to the rule database for what the feeds say. */
#include "policy/internal.h"

/* ---- what the school says ------------------------------------------------------------------ */

static void note_service(struct facts *f, unsigned service)
{
	if (!f->in_services) {
		memset(&f->services, 0, sizeof f->services);
		f->in_services = true;
	}
	rules_services_add(&f->services, service);
}

/* From the longest suffix on, so that the first one found is the longest. */
static void note_role(struct facts *f, const struct role *role, uint8_t tier)
{
	bool whole = role->labels == f->labels;

	switch (role->kind) {
	case ROLE_ALLOW:
	case ROLE_DENY:
		if (role->tier == tier && f->own == NULL)
			f->own = role;
		break;
	case ROLE_NEVER_BLOCK:
		if (f->protector == NULL)
			f->protector = role;
		if (f->firm == NULL && role->number == KEPT_FOR_ALL)
			f->firm = role;
		break;
	case ROLE_SERVICE:
		note_service(f, role->number);
		break;
	case ROLE_YOUTUBE:
		if (f->youtube == NULL)
			f->youtube = role;
		break;
	case ROLE_ENGINE:
		if (whole)
			f->engine = role;
		break;
	case ROLE_BYPASS_EXACT:
	case ROLE_BYPASS:
		if (f->bypass == NULL && (whole || role->kind == ROLE_BYPASS))
			f->bypass = role;
		break;
	case ROLE_YOUTUBE_PAGE:
		break;
	}
}

static void ask_school(struct facts *f, uint8_t tier)
{
	const struct name_map *map = &f->policy->names;
	size_t n = f->labels < map->labels_max ? f->labels : map->labels_max;

	for (; n >= map->labels_min && n > 0; n--) {
		if (!name_map_maybe(map, f->question->hashes->at[n - 1]))
			continue;
		for (const struct role *r = name_map_roles(map, f->question, n); r != NULL;
		     r = r->next)
			note_role(f, r, tier);
	}
}

/* ---- what the feeds say ---------------------------------------------------------------------- */

struct ruledb_question facts_rules_question(
    const struct asker *asker, const struct policy_question *question, const char *names[3])
{
	const struct policy *policy = asker->policy;
	const struct tier *tier = &policy->tiers[asker->who->tier];
	size_t count = 0;

	if (asker->who->group < policy->group_count)
		names[count++] = policy->groups[asker->who->group];
	names[count++] = tier->shown.name;
	names[count] = NULL;
	return (struct ruledb_question){
	    .name = question->name,
	    .hashes = question->hashes,
	    .qtype = question->qtype,
	    .client = question->client == NULL ? SLICE_EMPTY : addr_slice(question->client),
	    .client_names = names,
	    .tags = tier->tags,
	};
}

uint64_t facts_our_numbers(const struct policy *policy, uint64_t theirs)
{
	uint64_t ours = 0;

	for (; theirs != 0; theirs &= theirs - 1) {
		unsigned category = policy->from_rules[__builtin_ctzll(theirs)];
		if (category != POLICY_NO_CATEGORY)
			ours |= bit(category);
	}
	return ours;
}

static void ask_feeds(struct facts *f, const struct asker *asker)
{
	const struct policy *policy = f->policy;
	const char *names[3];

	f->listing.allowed = false;
	f->listing.data_count = 0;
	f->unlisted = f->question->unlisted || policy->rules == NULL;
	if (f->unlisted)
		return;
	struct ruledb_question asked = facts_rules_question(asker, f->question, names);
	if (ruledb_match(policy->rules, f->question->scratch, &asked, &f->listing))
		f->listed = facts_our_numbers(policy, f->listing.categories);
	f->unlisted = !f->listing.named;
}

/* ---- what of it blocks ----------------------------------------------------------------------- */

static bool is_listed_by_feed(const struct facts *f, unsigned category)
{
	return !f->unlisted &&
	    (f->listing.categories >> f->policy->to_rules[category] & 1) != 0 &&
	    f->policy->from_rules[f->policy->to_rules[category]] == category;
}

size_t facts_depth(const struct facts *f, unsigned category)
{
	size_t depth = is_listed_by_feed(f, category)
	    ? f->listing.depth[f->policy->to_rules[category]]
	    : 0;

	if (f->youtube != NULL && (f->policy->streaming & bit(category)) != 0 &&
	    f->youtube->labels > depth)
		return f->youtube->labels;
	return depth;
}

/* Row 5: what of a set of categories a never-block name (NULL: none) leaves in force. Locked
 * ones stand above it. */
static uint64_t spare_protected(
    const struct facts *f, const struct role *protector, uint64_t set)
{
	const struct policy *policy = f->policy;
	uint64_t left = set & policy->locked;

	if (protector == NULL)
		return set;
	for (uint64_t rest = set & ~left; rest != 0; rest &= rest - 1) {
		unsigned category = (unsigned)__builtin_ctzll(rest);
		size_t depth = facts_depth(f, category);
		bool exact = (policy->security & bit(category)) != 0 && depth == f->labels;
		bool nearer = (policy->nearest_wins & bit(category)) != 0 &&
		    depth > protector->labels;
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

/* A service of the name that is in `set`, from `first` on; service_count: none. */
static size_t next_service(
    const struct facts *f, const struct rules_services_set *set, size_t first)
{
	uint64_t from = ~UINT64_C(0) << first % 64;

	for (size_t k = first / 64; k < RULES_SERVICES_WORDS; k++) {
		uint64_t both = f->services.bits[k] & set->bits[k] & from;
		if (both != 0)
			return k * 64 + (size_t)__builtin_ctzll(both);
		from = ~UINT64_C(0);
	}
	return f->policy->service_count;
}

/* A service that a window opens is let off its own category, as far as that is content. */
static uint64_t spare_open_services(
    const struct facts *f, const struct policy_tier_state *state, uint64_t set)
{
	const struct policy *policy = f->policy;

	if (!f->in_services || !state->any_open_services)
		return set;
	for (size_t i = next_service(f, &state->open_services, 0);
	     i < policy->service_count; i = next_service(f, &state->open_services, i + 1)) {
		set &= ~(bit(policy->services[i].category) &
		    ~(policy->locked | policy->security));
	}
	return set;
}

/* In restricted mode YouTube is no streaming, whatever feeds say. */
static uint64_t spare_restricted(const struct facts *f, uint64_t set)
{
	if (f->youtube != NULL && f->tier->youtube != YOUTUBE_OFF)
		set &= ~f->policy->streaming;
	return set;
}

uint64_t facts_in_force(const struct facts *f, const struct policy_tier_state *state)
{
	uint64_t set = f->listed & state->block;

	if (set == 0)
		return 0;
	set = spare_restricted(f, spare_open_services(f, state, set));
	return spare_allowed(f, spare_protected(f, f->protector, set));
}

uint64_t facts_required(const struct facts *f)
{
	uint64_t set = f->listed & f->tier->shown.required;

	return set == 0 ? 0 : spare_protected(f, f->firm, set);
}

uint64_t facts_by_service(const struct facts *f, const struct policy_tier_state *state)
{
	const struct policy *policy = f->policy;
	uint64_t set = 0;

	if (!f->in_services || !state->any_services || f->protector != NULL)
		return 0;
	for (size_t i = next_service(f, &state->services, 0); i < policy->service_count;
	     i = next_service(f, &state->services, i + 1))
		set |= bit(policy->services[i].category);
	return set;
}

/* The longest name here by which it belongs to a service. */
static size_t service_labels(const struct facts *f, size_t service)
{
	size_t n = f->labels;

	for (; n > 0; n--) {
		for (const struct role *r =
		         name_map_roles(&f->policy->names, f->question, n);
		     r != NULL; r = r->next) {
			if (r->kind == ROLE_SERVICE && r->number == service)
				return n;
		}
	}
	return 0;
}

uint16_t facts_service(const struct facts *f, const struct rules_services_set *set,
    unsigned category, size_t *labels)
{
	const struct policy *policy = f->policy;
	size_t i = f->in_services ? next_service(f, set, 0) : policy->service_count;

	while (i < policy->service_count && policy->services[i].category != category)
		i = next_service(f, set, i + 1);
	if (i == policy->service_count)
		return POLICY_NO_SERVICE;
	if (labels != NULL)
		*labels = service_labels(f, i);
	return (uint16_t)i; /* < RULES_SERVICES_MAX */
}

/* ---- the whole ------------------------------------------------------------------------------- */

void facts_gather(
    struct facts *out, const struct asker *asker, const struct policy_question *question)
{
	const struct policy *policy = asker->policy;
	const struct policy_state *state = asker->state;
	uint8_t tier = asker->who->tier;

	/* Member by member: the listing's depths mean something for listed categories only,
	 * and clearing them for every query would cost as much as a probe. */
	out->policy = policy;
	out->tier = &policy->tiers[tier];
	out->now = state != NULL ? &state->tiers[tier] : &policy->plain[tier];
	out->question = question;
	out->labels = question->hashes->count;
	out->in_answer = false;
	out->own = NULL;
	out->protector = NULL;
	out->firm = NULL;
	out->youtube = NULL;
	out->engine = NULL;
	out->bypass = NULL;
	out->in_services = false;
	out->listed = 0;
	out->in_force = 0;
	out->by_service = 0;
	ask_school(out, tier);
	ask_feeds(out, asker);
	/* YouTube as it is belongs to streaming, whether a feed says so or not. */
	if (out->youtube != NULL && out->tier->youtube == YOUTUBE_OFF)
		out->listed |= policy->streaming;
	out->grant = state == NULL
	    ? NULL
	    : grants_find(state->grants, asker->who, question, asker->now);
	if (out->listed != 0)
		out->in_force = facts_in_force(out, out->now);
	if (out->in_services)
		out->by_service = facts_by_service(out, out->now);
	out->held = out->grant != NULL && out->grant->content_only &&
	    ((out->in_force | out->by_service) & policy->guarded) != 0;
	if (out->held) {
		out->grant =
		    grants_find_firm(state->grants, asker->who, question, asker->now);
	}
}
