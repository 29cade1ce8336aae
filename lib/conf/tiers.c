/* Tiers: rules/tiers.yaml with the school's changes upon it. The merging is done on trees,
 * so that "not given" is simply a key that is not there; reading comes last. */
#include "base/text.h"
#include "base/words.h"
#include "conf/internal.h"

enum {
	TIERS_MAX = 32
};

struct merging {
	struct yaml_node node;
	const struct yaml_node *change; /* the school's own lines; NULL: none */
	const char *base;               /* its name among the tiers of rules/ */
	bool block_given;               /* the school wrote what it blocks */
};

struct merged_tiers {
	struct merging items[2 * TIERS_MAX];
	size_t count;
};

static struct merging *find_merging(struct merged_tiers *all, const char *name)
{
	for (size_t i = 0; i < all->count; i++)
		if (strcmp(yaml_text(&all->items[i].node, "name", ""), name) == 0)
			return &all->items[i];
	return NULL;
}

static void list_names(const struct merged_tiers *all, const char *names[2 * TIERS_MAX + 1])
{
	for (size_t i = 0; i < all->count; i++)
		names[i] = yaml_text(&all->items[i].node, "name", "");
	names[all->count] = NULL;
}

static void unknown_tier(
    struct loader *l, const struct merged_tiers *all, struct mark mark, const char *name)
{
	const char *names[2 * TIERS_MAX + 1];

	list_names(all, names);
	schema_mistake_word(&l->run, mark, _("tier"), name, names);
}

static void unknown_tier_to_change(
    struct loader *l, const struct merged_tiers *all, struct mark mark, const char *name)
{
	const char *names[2 * TIERS_MAX + 1];

	list_names(all, names);
	if (text_nearest(name, names) != NULL)
		schema_mistake_word(&l->run, mark, _("tier"), name, names);
	else
		schema_mistake(&l->run, mark,
		    _("unknown tier '%s' (a new one needs `like:` with a tier to start "
		      "from)"),
		    name);
}

/* What `change` starts from: the tier of `like`, else the one of its own name. When there
 * is none that is a mistake, and any tier stands in, so that the mistakes in the other keys
 * of `change` are found in the same run; NULL when there is not even that. */
static const struct merging *find_base(struct loader *l, struct merged_tiers *all,
    const struct yaml_node *change, const char *name)
{
	const struct yaml_node *like = yaml_find(change, "like");
	const struct yaml_node *said = like != NULL ? like : yaml_find(change, "name");
	const char *wanted = yaml_text(change, like != NULL ? "like" : "name", name);

	const struct merging *base = find_merging(all, wanted);
	if (base != NULL)
		return base;
	if (like == NULL)
		unknown_tier_to_change(l, all, said->mark, wanted);
	else
		unknown_tier(l, all, said->mark, wanted);
	return all->count > 0 ? &all->items[0] : NULL;
}

static enum err merge_change(
    struct loader *l, struct merged_tiers *all, const struct yaml_node *change)
{
	const char *name = yaml_text(change, "name", NULL);
	struct yaml_node merged;

	struct merging *mine = name != NULL ? find_merging(all, name) : NULL;
	if (name == NULL || (mine != NULL && mine->change != NULL))
		return OK; /* nameless, or twice: said elsewhere */
	const struct merging *base = find_base(l, all, change, name);
	if (base == NULL)
		return OK;
	enum err rc = yaml_merge(&merged, &base->node, change, &l->nodes);
	if (rc != OK)
		return rc;
	/* What is asked of a tier of rules/ is asked of it whatever it is made like, and of
	 * every tier that begins as it. */
	const char *began = mine != NULL ? mine->base : base->base;
	bool given = yaml_find(change, "block") != NULL || base->block_given;
	if (mine == NULL)
		mine = &all->items[all->count++];
	*mine = (struct merging){merged, change, began, given};
	return OK;
}

/* The tiers of the file of rules/; `like` names one that stands above. */
static enum err add_base_tiers(
    struct loader *l, struct merged_tiers *all, const struct yaml_node *list)
{
	for (size_t i = 0; list != NULL && i < list->count && i < TIERS_MAX; i++) {
		const struct yaml_node *item = &list->items[i];
		struct merging added = {.node = *item, .base = yaml_text(item, "name", "")};
		if (item->kind != TREE_MAP)
			continue;
		if (yaml_find(item, "like") != NULL) {
			const struct merging *base = find_base(l, all, item, "");
			enum err rc = OK;
			if (base != NULL)
				rc = yaml_merge(&added.node, &base->node, item, &l->nodes);
			if (rc != OK)
				return rc;
		}
		all->items[all->count++] = added;
	}
	return OK;
}

static enum err merge_trees(struct loader *l, struct merged_tiers *all)
{
	const struct yaml_node *changes =
	    yaml_find(yaml_find(&l->merged, "filter"), "tiers");

	if (l->parsed[BUNDLE_TIERS]) {
		const struct yaml_node *list = yaml_find(&l->trees[BUNDLE_TIERS], "tiers");
		enum err rc = add_base_tiers(l, all, list);
		if (rc != OK)
			return rc;
	}
	if (changes == NULL || changes->kind != TREE_LIST)
		return OK;
	for (size_t i = 0; i < changes->count && i < TIERS_MAX; i++) {
		enum err rc = merge_change(l, all, &changes->items[i]);
		if (rc != OK)
			return rc;
	}
	return OK;
}

/* ---- one tier --------------------------------------------------------------------------- */

static void resolve_block(
    struct loader *l, const struct tier_entry *entry, struct rules_tier *tier)
{
	const struct rules_categories *all = &l->config->categories;
	const char *const *names =
	    loader_names(l, all->items, all->count, sizeof *all->items);

	for (size_t i = 0; i < all->count; i++)
		if (all->items[i].locked)
			tier->block |= UINT64_C(1) << i;
	for (size_t b = 0; b < entry->block.count; b++) {
		const struct conf_text *word = &entry->block.items[b];
		size_t i =
		    loader_find(all->items, all->count, sizeof *all->items, word->text);
		if (i < all->count)
			tier->block |= UINT64_C(1) << i;
		else if (names != NULL && l->parsed[BUNDLE_CATEGORIES] &&
		    !loader_is_told(l, word->mark))
			schema_mistake_word(
			    &l->run, word->mark, _("category"), word->text, names);
	}
}

static void resolve_services(
    struct loader *l, const struct tier_entry *entry, struct rules_tier *tier)
{
	const struct rules_services *all = &l->config->services;
	const char *const *names =
	    loader_names(l, all->items, all->count, sizeof *all->items);
	size_t i;

	for (size_t s = 0; s < entry->block_services.count; s++) {
		const struct conf_text *word = &entry->block_services.items[s];
		if (config_find_service(l->config, word->text, &i))
			rules_services_add(&tier->services, i);
		else if (names != NULL && l->parsed[BUNDLE_SERVICES] &&
		    !loader_is_told(l, word->mark))
			schema_mistake_word(
			    &l->run, word->mark, _("service"), word->text, names);
	}
}

static const struct config_group *find_group(struct loader *l, const char *name)
{
	const struct config_groups *groups = &l->config->filter.groups;
	size_t i = loader_find(groups->items, groups->count, sizeof *groups->items, name);
	return i < groups->count ? &groups->items[i] : NULL;
}

static void unknown_group(struct loader *l, const struct config_client *client)
{
	const struct config_groups *groups = &l->config->filter.groups;
	const char *const *names =
	    loader_names(l, groups->items, groups->count, sizeof *groups->items);

	if (names == NULL || groups->count > 0) {
		if (names != NULL)
			schema_mistake_word(
			    &l->run, client->mark, _("group"), client->text, names);
		return;
	}
	schema_mistake(&l->run, client->mark,
	    _("unknown group '%s' (add it to filter.groups, or write an address)"),
	    client->text);
}

static size_t expanded_count(struct loader *l, const struct config_clients *clients)
{
	size_t count = 0;

	for (size_t i = 0; i < clients->count; i++) {
		const struct config_group *group = find_group(l, clients->items[i].text);
		bool is_group = clients->items[i].kind == CLIENT_GROUP;
		count += is_group && group != NULL ? group->clients.count : 1;
	}
	return count;
}

/* Groups give way to their clients, which stand where the tier names the group. */
static enum err expand_groups(struct loader *l, struct config_clients *clients)
{
	struct config_clients all = {.mark = clients->mark};

	all.items =
	    arena_array(l->run.arena, expanded_count(l, clients) + 1, sizeof *all.items);
	if (all.items == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < clients->count; i++) {
		const struct config_client *client = &clients->items[i];
		if (client->kind != CLIENT_GROUP) {
			all.items[all.count++] = *client;
			continue;
		}
		const struct config_group *group = find_group(l, client->text);
		if (group == NULL)
			unknown_group(l, client);
		for (size_t g = 0; group != NULL && g < group->clients.count; g++) {
			struct config_client *member = &all.items[all.count++];
			*member = group->clients.items[g];
			member->group = group->name.text;
			member->mark = client->mark;
		}
	}
	*clients = all;
	return OK;
}

static enum err read_tier(
    struct loader *l, const struct merging *from, struct rules_tier *out)
{
	/* Mistakes have been told where the parts were read; here they only leave gaps. */
	struct diags unheard = DIAGS_NONE;
	struct schema_run run = {.arena = l->run.arena, .all = &unheard};
	struct schema_row one = *TIERS_FILE_ROWS;
	struct tier_entry entry = {0};

	enum err rc = schema_fill(&run, one.rows, &from->node, &entry);
	diags_deinit(&unheard);
	if (rc != OK && rc != ERR_CONFIG)
		return rc;
	*out = entry.tier;
	if (out->name_vi.text[0] == 0)
		out->name_vi = out->name;
	if (out->name_en.text[0] == 0)
		out->name_en = out->name;
	out->base = from->base;
	out->block_given = from->block_given;
	resolve_block(l, &entry, out);
	resolve_services(l, &entry, out);
	rc = schedules_resolve(l, &entry, rc == OK, &out->schedules);
	if (rc != OK)
		return rc;
	/* Devices belong to the tier that names them, never to one that is `like` it. */
	if (from->change != NULL && yaml_find(from->change, "clients") == NULL)
		out->clients = (struct config_clients){0};
	return expand_groups(l, &out->clients);
}

static enum err read_tiers(struct loader *l, const struct merged_tiers *all)
{
	struct rules_tiers tiers = {0};

	tiers.items = arena_array(l->run.arena, all->count + 1, sizeof *tiers.items);
	if (tiers.items == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < all->count; i++) {
		enum err rc = read_tier(l, &all->items[i], &tiers.items[tiers.count++]);
		if (rc != OK)
			return rc;
	}
	l->config->tiers = tiers;
	return OK;
}

/* ---- levels and the default ------------------------------------------------------------- */

static void check_levels(struct loader *l, const struct merged_tiers *all)
{
	const struct conf_texts *levels = &l->config->school.levels;
	size_t tier;

	for (size_t i = 0; i < levels->count; i++) {
		const struct conf_text *level = &levels->items[i];
		if (!config_find_tier(l->config, level->text, &tier))
			unknown_tier(l, all, level->mark, level->text);
		else if (!l->config->tiers.items[tier].pupils)
			schema_mistake(&l->run, level->mark,
			    _("'%s' is no tier of pupils (name those that learn here; it "
			      "exists anyway)"),
			    level->text);
	}
}

static void find_default_tier(struct loader *l, const struct merged_tiers *all)
{
	struct config *c = l->config;
	const struct conf_text *said = &c->filter.default_tier;
	bool any = false;
	size_t tier;

	if (strcmp(said->text, "auto") != 0) {
		if (!config_find_tier(c, said->text, &c->default_tier))
			unknown_tier(l, all, said->mark, said->text);
		return;
	}
	for (size_t i = 0; i < c->school.levels.count; i++) {
		if (!config_find_tier(c, c->school.levels.items[i].text, &tier))
			continue;
		if (!any ||
		    c->tiers.items[tier].strictness >
		        c->tiers.items[c->default_tier].strictness)
			c->default_tier = tier;
		any = true;
	}
}

enum err tiers_merge(struct loader *l)
{
	const struct conf_list *changes = &l->config->filter.tier_changes;
	struct merged_tiers all = {.count = 0};
	struct tiers_file file = {0};

	enum err rc = rules_fill_file(l, BUNDLE_TIERS, TIERS_FILE_ROWS, &file);
	if (rc != OK)
		return rc;
	loader_refuse_twice(
	    l, file.tiers.items, file.tiers.count, sizeof(struct tier_entry), _("tier"));
	loader_refuse_twice(
	    l, changes->items, changes->count, sizeof(struct tier_entry), _("tier"));
	rc = merge_trees(l, &all);
	if (rc == OK)
		rc = read_tiers(l, &all);
	if (rc != OK || !l->parsed[BUNDLE_TIERS])
		return rc;
	check_levels(l, &all);
	find_default_tier(l, &all);
	return OK;
}
