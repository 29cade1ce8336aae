/* From configuration and rule database to a snapshot. */
#include <stdlib.h>

#include "base/words.h"
#include "policy/internal.h"

enum {
	POLICY_MAX_BYTES = 64 * 1024 * 1024
};

/* The category in which the more specific of a never-block name and a feed's entry wins:
 * trackers live below names that schools need ("advzone.ioe.vn"). */
static const char NEAREST_WINS[] = "ads_tracking";
/* A tier that blocks ways round the filter gets no hidden server names either. */
static const char HIDES_ECH[] = "proxy_vpn_doh";
/* What the school's own `deny` is counted as. */
static const char OWN_CATEGORY[] = "custom";

struct build {
	struct policy *policy;
	const struct config *config;
	struct diags *all;
	/* Marks of one file share one copy of its name. */
	const char *file_from;
	const char *file_copy;
};

static const char *copy_text(struct build *b, const char *text)
{
	return arena_text(&b->policy->arena, slice_of(text));
}

static bool copy_mark(struct build *b, struct mark *out, const struct mark *from)
{
	if (b->file_copy == NULL || b->file_from != from->file) {
		b->file_from = from->file;
		b->file_copy = copy_text(b, from->file == NULL ? "" : from->file);
	}
	*out = (struct mark){b->file_copy, from->line, from->column};
	return b->file_copy != NULL;
}

/* ---- names ------------------------------------------------------------------------------ */

static enum err make_named(
    struct build *b, struct named *out, const struct config_name *from, enum named_as as)
{
	uint8_t *wire = arena_alloc(&b->policy->arena, from->name.len);

	if (wire == NULL || !copy_mark(b, &out->mark, &from->mark))
		return ERR_MEMORY;
	memcpy(wire, from->name.wire, from->name.len);
	out->name = (struct dname){wire, from->name.len};
	out->hash = name_hash(out->name, b->policy->key);
	out->labels = (uint8_t)name_label_count(out->name); /* <= NAME_LABELS_MAX */
	out->as = as;
	return OK;
}

static enum err add_names(struct build *b, struct name_set *set,
    const struct config_names *names, enum named_as as)
{
	for (size_t i = 0; i < names->count; i++) {
		const struct config_name *from = &names->items[i];
		struct named entry = {.as = as};
		enum err rc = make_named(b, &entry, from, as);
		if (rc != OK)
			return rc;
		if (entry.labels == 0) {
			diags_error(b->all, from->mark.file, from->mark.line,
			    from->mark.column,
			    _("\".\" covers every name (name the domains themselves)"));
			continue;
		}
		const struct named *there = name_set_add(set, &entry);
		if (there->as != as)
			diags_error(b->all, from->mark.file, from->mark.line,
			    from->mark.column,
			    _("\"%s\" is allowed and denied in one tier, see line %u (take "
			      "one of them out)"),
			    from->text, there->mark.line);
	}
	return OK;
}

/* ---- categories ------------------------------------------------------------------------- */

static enum err build_categories(struct build *b)
{
	struct policy *policy = b->policy;
	const struct rules_categories *from = &b->config->categories;

	policy->category_count = from->count; /* <= RULES_CATEGORIES_MAX */
	policy->own_category = POLICY_NO_CATEGORY;
	policy->categories =
	    arena_array(&policy->arena, from->count + 1, sizeof *policy->categories);
	if (policy->categories == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < from->count; i++) {
		const struct rules_category *c = &from->items[i];
		uint64_t bit = UINT64_C(1) << i;
		policy->categories[i] = (struct policy_category){
		    .name = copy_text(b, c->name.text),
		    .locked = c->locked,
		    .sensitive = c->sensitive,
		    .security = c->security,
		    .answer = c->answer,
		};
		if (policy->categories[i].name == NULL)
			return ERR_MEMORY;
		policy->locked |= c->locked ? bit : 0;
		policy->sensitive |= c->sensitive ? bit : 0;
		policy->security |= c->security ? bit : 0;
		if (strcmp(c->name.text, NEAREST_WINS) == 0)
			policy->nearest_wins |= bit;
		if (b->config->filter.strip_ech && strcmp(c->name.text, HIDES_ECH) == 0)
			policy->hides_ech = bit;
		if (strcmp(c->name.text, OWN_CATEGORY) == 0)
			policy->own_category = (uint8_t)i;
	}
	return OK;
}

static void map_categories(struct policy *policy)
{
	struct ruledb_category theirs;

	memset(policy->from_rules, POLICY_NO_CATEGORY, sizeof policy->from_rules);
	memset(policy->to_rules, 0, sizeof policy->to_rules);
	if (policy->rules == NULL)
		return;
	for (unsigned i = 0; ruledb_category_at(policy->rules, i, &theirs); i++)
		for (size_t k = 0; k < policy->category_count; k++) {
			if (strcmp(theirs.name, policy->categories[k].name) != 0)
				continue;
			policy->from_rules[i] = (uint8_t)k;
			policy->to_rules[k] = (uint8_t)i;
		}
}

/* ---- tiers ------------------------------------------------------------------------------ */

static enum err build_tier(
    struct build *b, struct tier *tier, const struct rules_tier *from)
{
	tier->shown.name = copy_text(b, from->name.text);
	if (tier->shown.name == NULL)
		return ERR_MEMORY;
	tier->shown.pupils = from->pupils;
	tier->shown.block = from->block | b->policy->locked;
	b->policy->blocked_somewhere |= tier->shown.block;
	enum err rc = name_set_init(
	    &tier->lists, &b->policy->arena, from->allow.count + from->deny.count);
	if (rc == OK)
		rc = add_names(b, &tier->lists, &from->allow, NAMED_ALLOW);
	if (rc == OK)
		rc = add_names(b, &tier->lists, &from->deny, NAMED_DENY);
	return rc;
}

static enum err build_tiers(struct build *b)
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
	for (size_t i = 0; rc == OK && i < from->count; i++)
		rc = build_tier(b, &policy->tiers[i], &from->items[i]);
	return rc;
}

static enum err build_groups(struct build *b)
{
	struct policy *policy = b->policy;
	const struct config_groups *from = &b->config->filter.groups;

	policy->groups =
	    arena_array(&policy->arena, from->count + 1, sizeof *policy->groups);
	if (policy->groups == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < from->count; i++) {
		policy->groups[i] = copy_text(b, from->items[i].name.text);
		if (policy->groups[i] == NULL)
			return ERR_MEMORY;
	}
	policy->group_count = from->count;
	return OK;
}

static enum err build_protected(struct build *b)
{
	struct policy *policy = b->policy;
	const struct config_names *names = &b->config->never_block;

	enum err rc = name_set_init(&policy->never_block, &policy->arena, names->count);
	if (rc == OK)
		rc = add_names(b, &policy->never_block, names, NAMED_NEVER_BLOCK);
	if (rc == OK)
		rc = make_named(
		    b, &policy->portal, &b->config->pages.portal.name, NAMED_NEVER_BLOCK);
	return rc;
}

/* ---- the whole -------------------------------------------------------------------------- */

static enum err build_all(struct build *b, const struct policy_sources *from)
{
	enum err rc = build_categories(b);
	if (rc == OK)
		rc = build_tiers(b);
	if (rc == OK)
		rc = build_groups(b);
	if (rc == OK)
		rc = build_protected(b);
	if (rc == OK)
		rc = client_map_build(&b->policy->clients, from, b->all);
	if (rc == OK)
		map_categories(b->policy);
	return rc;
}

enum err policy_build(
    struct policy **out, const struct policy_sources *from, struct diags *all)
{
	size_t mistakes_before = all->errors;
	struct policy *policy = calloc(1, sizeof *policy);

	if (policy == NULL)
		return ERR_MEMORY;
	policy->arena = ARENA_INIT(POLICY_MAX_BYTES);
	policy->rules = from->rules;
	if (from->rules != NULL)
		policy->key = ruledb_key(from->rules);
	struct build b = {.policy = policy, .config = from->config, .all = all};
	enum err rc = build_all(&b, from);
	if (rc == OK && all->errors > mistakes_before)
		rc = ERR_CONFIG;
	if (rc != OK) {
		policy_free(policy);
		return rc;
	}
	*out = policy;
	return OK;
}

void policy_free(struct policy *policy)
{
	if (policy == NULL)
		return;
	client_map_deinit(&policy->clients);
	arena_deinit(&policy->arena);
	free(policy);
}
