/* Tiers and their timetables. */
#include "base/words.h"
#include "policy/internal.h"

/* ---- tiers ------------------------------------------------------------------------------ */

/* Everything that a tier's windows could change. */
static void add_moves(struct tier *tier, const struct window *w)
{
	tier->moves |= w->block | w->unblock;
	tier->moves_allow_only |= w->allow_only;
	for (size_t i = 0; i < RULES_SERVICES_WORDS; i++) {
		tier->moves_services.bits[i] |=
		    w->block_services.bits[i] | w->unblock_services.bits[i];
	}
}

static enum err build_window(struct build *b, struct window *out,
    const struct rules_schedule *from, uint64_t required)
{
	struct arena *arena = &b->policy->arena;

	*out = (struct window){
	    .name = build_copy_text(b, from->name.text),
	    .days = from->days,
	    .dates = arena_array(arena, from->date_count + 1, sizeof *out->dates),
	    .date_count = from->date_count,
	    .from_min = from->from_min,
	    .to_min = from->to_min,
	    .unblock = from->unblock & ~(b->policy->locked | required),
	    .block = from->block,
	    .unblock_services = from->unblock_services,
	    .block_services = from->block_services,
	    .allow_only = from->allow_only,
	};
	if (out->name == NULL || out->dates == NULL ||
	    !build_copy_mark(b, &out->mark, &from->mark))
		return ERR_MEMORY;
	if (from->date_count > 0)
		memcpy(out->dates, from->dates, from->date_count * sizeof *out->dates);
	return OK;
}

static enum err build_windows(
    struct build *b, struct tier *tier, const struct rules_schedules *from)
{
	enum err rc = OK;

	tier->windows =
	    arena_array(&b->policy->arena, from->count + 1, sizeof *tier->windows);
	if (tier->windows == NULL)
		return ERR_MEMORY;
	tier->window_count = from->count;
	if (tier->window_count > RULES_SCHEDULES_MAX)
		tier->window_count = RULES_SCHEDULES_MAX; /* conf has refused more */
	for (size_t i = 0; rc == OK && i < tier->window_count; i++) {
		rc = build_window(
		    b, &tier->windows[i], &from->items[i], tier->shown.required);
		add_moves(tier, &tier->windows[i]);
		b->policy->blocked_somewhere |= tier->windows[i].block;
	}
	return rc;
}

static enum err build_lists(struct build *b, const struct rules_tier *from, uint8_t tier)
{
	const struct role allow = {.kind = ROLE_ALLOW, .tier = tier};
	const struct role deny = {.kind = ROLE_DENY, .tier = tier};

	enum err rc = build_add_roles(b, &from->allow, &allow);
	return rc == OK ? build_add_roles(b, &from->deny, &deny) : rc;
}

/* ---- what the department asks ------------------------------------------------------------- */

static size_t find_category(const struct policy *policy, const char *name)
{
	size_t i = 0;

	while (i < policy->category_count && strcmp(policy->categories[i].name, name) != 0)
		i++;
	return i;
}

static bool speaks_of(const struct policy_demand *demand, const struct rules_tier *tier)
{
	return strcmp(demand->tier, tier->name.text) == 0 ||
	    strcmp(demand->tier, tier->base) == 0;
}

static enum err build_demands(
    struct build *b, struct tier *tier, const struct rules_tier *from)
{
	struct policy *policy = b->policy;

	tier->required_by = arena_array(
	    &policy->arena, policy->category_count + 1, sizeof *tier->required_by);
	if (tier->required_by == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < b->department->demand_count; i++) {
		const struct policy_demand *demand = &b->department->demands[i];
		size_t category = find_category(policy, demand->category);
		if (category == policy->category_count || !speaks_of(demand, from) ||
		    (!demand->mandatory && from->block_given))
			continue;
		tier->shown.block |= bit(category);
		if (!demand->mandatory || (policy->locked & bit(category)) != 0 ||
		    tier->required_by[category] != NULL)
			continue;
		tier->shown.required |= bit(category);
		tier->required_by[category] = build_copy_text(b, demand->from);
		if (tier->required_by[category] == NULL)
			return ERR_MEMORY;
	}
	return OK;
}

static enum err build_tier(
    struct build *b, struct tier *tier, const struct rules_tier *from)
{
	/* AdGuard's own words: a list that is meant for children says user_child. */
	static const char *const pupils[] = {"user_child", NULL};
	static const char *const others[] = {"user_regular", NULL};

	tier->shown.name = build_copy_text(b, from->name.text);
	if (tier->shown.name == NULL)
		return ERR_MEMORY;
	tier->shown.pupils = from->pupils;
	tier->shown.block = from->block | b->policy->locked;
	tier->tags = from->pupils ? pupils : others;
	tier->allow_only = from->allow_only;
	tier->safe_search = from->safe_search;
	tier->youtube = from->youtube;
	tier->services = from->services;
	enum err rc = build_demands(b, tier, from);
	if (rc != OK)
		return rc;
	b->policy->blocked_somewhere |= tier->shown.block;
	return build_windows(b, tier, &from->schedules);
}

enum err build_tiers(struct build *b)
{
	struct policy *policy = b->policy;
	const struct rules_tiers *from = &b->config->tiers;
	enum err rc = OK;

	if (from->count > POLICY_TIERS_MAX) {
		diags_error(b->all, from->mark.file, from->mark.line, from->mark.column,
		    _("%zu tiers are too many (%d at most)"), from->count,
		    POLICY_TIERS_MAX);
		return ERR_CONFIG;
	}
	policy->tiers = arena_array(&policy->arena, from->count + 1, sizeof *policy->tiers);
	if (policy->tiers == NULL)
		return ERR_MEMORY;
	policy->tier_count = from->count;
	policy->default_tier = (uint8_t)b->config->default_tier;
	for (size_t i = 0; rc == OK && i < from->count; i++) {
		uint8_t tier = (uint8_t)i; /* < POLICY_TIERS_MAX */
		rc = build_tier(b, &policy->tiers[i], &from->items[i]);
		if (rc == OK)
			rc = build_lists(b, &from->items[i], tier);
		if (rc == OK)
			tier_state_make(&policy->plain[i], policy, tier, 0);
	}
	return rc;
}
