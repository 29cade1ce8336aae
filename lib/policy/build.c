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
/* What YouTube belongs to where it is not restricted, and what it is to go round us. */
static const char STREAMING[] = "streaming";
static const char BYPASSING[] = "proxy_vpn_doh";
/* A tier that blocks ways round the filter gets no hidden server names either. */
static const char HIDES_ECH[] = "proxy_vpn_doh";
/* What the school's own `deny` is counted as. */
static const char OWN_CATEGORY[] = "custom";

const char *build_copy_text(struct build *b, const char *text)
{
	return arena_text(&b->policy->arena, slice_of(text));
}

bool build_copy_mark(struct build *b, struct mark *out, const struct mark *from)
{
	if (b->file_copy == NULL || b->file_from != from->file) {
		b->file_from = from->file;
		b->file_copy = build_copy_text(b, from->file == NULL ? "" : from->file);
	}
	*out = (struct mark){b->file_copy, from->line, from->column};
	return b->file_copy != NULL;
}

/* ---- names ------------------------------------------------------------------------------ */

static void say_root(struct build *b, const struct mark *mark)
{
	diags_error(b->all, mark->file, mark->line, mark->column,
	    _("\".\" covers every name (name the domains themselves)"));
}

static void say_contradiction(
    struct build *b, const struct config_name *denied, const struct mark *allowed)
{
	diags_error(b->all, denied->mark.file, denied->mark.line, denied->mark.column,
	    _("\"%s\" is allowed and denied in one tier, see line %u (take one of "
	      "them out)"),
	    denied->text, allowed->line);
}

/* Gives `from` one more role. What it is already, it is once. */
static enum err add_role(
    struct build *b, const struct config_name *from, const struct role *as)
{
	struct policy *policy = b->policy;
	struct named *named = name_map_add(
	    &policy->names, &policy->arena, from->name, name_hash(from->name, policy->key));
	struct role *role = arena_alloc(&policy->arena, sizeof *role);

	if (named == NULL || role == NULL || !build_copy_mark(b, &role->mark, &from->mark))
		return ERR_MEMORY;
	for (const struct role *r = named->roles; r != NULL; r = r->next) {
		if (r->kind == as->kind && r->tier == as->tier && r->number == as->number)
			return OK;
		if (as->kind == ROLE_DENY && r->kind == ROLE_ALLOW && r->tier == as->tier)
			say_contradiction(b, from, &r->mark);
	}
	role->next = named->roles;
	role->kind = as->kind;
	role->tier = as->tier;
	role->number = as->number;
	role->labels = (uint8_t)name_label_count(from->name); /* <= NAME_LABELS_MAX */
	named->roles = role;
	return OK;
}

enum err build_add_roles(
    struct build *b, const struct config_names *names, const struct role *as)
{
	for (size_t i = 0; i < names->count; i++) {
		const struct config_name *from = &names->items[i];
		if (name_label_count(from->name) == 0) {
			say_root(b, &from->mark);
			continue;
		}
		enum err rc = add_role(b, from, as);
		if (rc != OK)
			return rc;
	}
	return OK;
}

enum err build_copy_name(struct build *b, struct dname *out, const struct config_name *from)
{
	uint8_t *wire;

	*out = (struct dname){NULL, 0};
	if (from->name.wire == NULL)
		return OK;
	wire = arena_alloc(&b->policy->arena, from->name.len);
	if (wire == NULL)
		return ERR_MEMORY;
	memcpy(wire, from->name.wire, from->name.len);
	*out = (struct dname){wire, from->name.len};
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
		uint64_t this = bit((unsigned)i);
		policy->categories[i] = (struct policy_category){
		    .name = build_copy_text(b, c->name.text),
		    .locked = c->locked,
		    .sensitive = c->sensitive,
		    .security = c->security,
		    .bypass = strcmp(c->name.text, BYPASSING) == 0,
		    .answer = c->answer,
		};
		if (policy->categories[i].name == NULL)
			return ERR_MEMORY;
		policy->locked |= c->locked ? this : 0;
		policy->sensitive |= c->sensitive ? this : 0;
		policy->security |= c->security ? this : 0;
		if (strcmp(c->name.text, NEAREST_WINS) == 0)
			policy->nearest_wins |= this;
		if (b->config->filter.strip_ech && strcmp(c->name.text, HIDES_ECH) == 0)
			policy->hides_ech = this;
		if (strcmp(c->name.text, STREAMING) == 0)
			policy->streaming |= this;
		policy->bypassing |= policy->categories[i].bypass ? this : 0;
		if (strcmp(c->name.text, OWN_CATEGORY) == 0)
			policy->own_category = (uint8_t)i;
	}
	policy->guarded =
	    policy->locked | policy->sensitive | policy->security | policy->bypassing;
	return OK;
}

static void map_categories(struct policy *policy)
{
	struct ruledb_category theirs;

	memset(policy->from_rules, POLICY_NO_CATEGORY, sizeof policy->from_rules);
	memset(policy->to_rules, 0, sizeof policy->to_rules);
	if (policy->rules == NULL)
		return;
	for (unsigned i = 0; ruledb_category_at(policy->rules, i, &theirs); i++) {
		for (size_t k = 0; k < policy->category_count; k++) {
			if (strcmp(theirs.name, policy->categories[k].name) != 0)
				continue;
			policy->from_rules[i] = (uint8_t)k;
			policy->to_rules[k] = (uint8_t)i;
		}
	}
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
		policy->groups[i] = build_copy_text(b, from->items[i].name.text);
		if (policy->groups[i] == NULL)
			return ERR_MEMORY;
	}
	policy->group_count = from->count;
	return OK;
}

/* ---- the whole -------------------------------------------------------------------------- */

static enum err build_all(struct build *b, const struct policy_sources *from)
{
	struct policy *policy = b->policy;

	policy->enforce = b->config->filter.enforce;
	enum err rc = name_map_init(&policy->names, &policy->arena, build_count_names(b));
	if (rc == OK)
		rc = build_categories(b);
	if (rc == OK)
		rc = build_school(b);
	if (rc == OK)
		rc = build_tiers(b);
	if (rc == OK)
		rc = build_groups(b);
	if (rc == OK)
		rc = build_protected(b);
	if (rc == OK)
		rc = client_map_build(&policy->clients, from, b->all);
	if (rc == OK)
		map_categories(policy);
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
	static const struct policy_department none = {.demand_count = 0};
	struct build b = {.policy = policy,
	    .config = from->config,
	    .department = from->department != NULL ? from->department : &none,
	    .all = all};
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
