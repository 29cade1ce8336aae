/* What the school's own data names: services, safe search, YouTube, bypass, never-block. */
#include "policy/internal.h"

/* ---- services, safe search, bypass --------------------------------------------------------- */

static enum err build_services(struct build *b)
{
	struct policy *policy = b->policy;
	const struct rules_services *from = &b->config->services;
	enum err rc = OK;

	policy->services =
	    arena_array(&policy->arena, from->count + 1, sizeof *policy->services);
	if (policy->services == NULL)
		return ERR_MEMORY;
	policy->service_count = from->count; /* <= RULES_SERVICES_MAX */
	for (size_t i = 0; rc == OK && i < from->count; i++) {
		const struct rules_service *s = &from->items[i];
		const struct role as = {
		    .kind = ROLE_SERVICE, .number = (uint16_t)i}; /* < RULES_SERVICES_MAX */
		policy->services[i] = (struct service){
		    .name = build_copy_text(b, s->name.text),
		    .title = build_copy_text(b, s->title.text),
		    .category = (uint8_t)s->category, /* < RULES_CATEGORIES_MAX */
		};
		if (policy->services[i].name == NULL || policy->services[i].title == NULL)
			return ERR_MEMORY;
		rc = build_add_roles(b, &s->names, &as);
	}
	return rc;
}

static enum err build_engines(struct build *b)
{
	struct policy *policy = b->policy;
	const struct rules_engines *from = &b->config->safe_search.engines;
	enum err rc = OK;

	policy->engines =
	    arena_array(&policy->arena, from->count + 1, sizeof *policy->engines);
	if (policy->engines == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; rc == OK && i < from->count && i < UINT16_MAX; i++) {
		const struct rules_engine *e = &from->items[i];
		const struct role as = {.kind = ROLE_ENGINE, .number = (uint16_t)i};
		policy->engines[i].name = build_copy_text(b, e->name.text);
		if (policy->engines[i].name == NULL)
			return ERR_MEMORY;
		if (!e->block)
			rc = build_copy_name(b, &policy->engines[i].safe, &e->safe);
		if (rc == OK)
			rc = build_add_roles(b, &e->names, &as);
	}
	return rc;
}

static enum err build_youtube(struct build *b)
{
	static const struct role page = {.kind = ROLE_YOUTUBE_PAGE};
	static const struct role domain = {.kind = ROLE_YOUTUBE};
	struct policy *policy = b->policy;
	const struct rules_safe_search *from = &b->config->safe_search;

	enum err rc =
	    build_copy_name(b, &policy->youtube_moderate, &from->youtube.moderate);
	if (rc == OK)
		rc = build_copy_name(b, &policy->youtube_strict, &from->youtube.strict);
	if (rc == OK)
		rc = build_add_roles(b, &from->youtube.names, &page);
	if (rc == OK)
		rc = build_add_roles(b, &from->youtube.domains, &domain);
	return rc;
}

static enum err build_bypass(struct build *b)
{
	struct policy *policy = b->policy;
	const struct rules_bypass *from = &b->config->bypass;
	enum err rc = OK;

	policy->bypass =
	    arena_array(&policy->arena, from->count + 1, sizeof *policy->bypass);
	if (policy->bypass == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; rc == OK && i < from->count && i < UINT16_MAX; i++) {
		const struct rules_bypass_name *n = &from->items[i];
		struct config_names one = {.items = &from->items[i].name, .count = 1};
		const struct role as = {
		    .kind = n->reach == REACH_EXACT ? ROLE_BYPASS_EXACT : ROLE_BYPASS,
		    .number = (uint16_t)i,
		};
		policy->bypass[i] = n->answer;
		rc = build_add_roles(b, &one, &as);
	}
	return rc;
}

/* Names of rules/ first, then the department's, then the school's own: what somebody keeps for
 * all is not taken for a school's word. */
static enum err build_never_block(struct build *b)
{
	static const struct role for_all = {
	    .kind = ROLE_NEVER_BLOCK, .number = KEPT_FOR_ALL};
	static const struct role own = {.kind = ROLE_NEVER_BLOCK, .number = KEPT_BY_SCHOOL};
	const struct config_names *all = &b->config->never_block;
	size_t packaged = b->config->never_block_packaged;
	const struct config_names first = {.items = all->items, .count = packaged};
	const struct config_names rest = {
	    .items = all->items + packaged, .count = all->count - packaged};

	enum err rc = build_add_roles(b, &first, &for_all);
	for (size_t i = 0; rc == OK && i < b->department->never_block_count; i++) {
		const struct policy_kept_name *kept = &b->department->never_block[i];
		struct config_name name = {
		    .name = kept->name, .mark = {.file = kept->from}};
		const struct config_names one = {.items = &name, .count = 1};
		/* A mark keeps the file's name by its address, which is not ours. */
		b->file_copy = NULL;
		rc = build_add_roles(b, &one, &for_all);
	}
	b->file_copy = NULL;
	return rc == OK ? build_add_roles(b, &rest, &own) : rc;
}

enum err build_protected(struct build *b)
{
	struct policy *policy = b->policy;
	const struct config_name *portal = &b->config->pages.portal.name;

	enum err rc = build_never_block(b);
	if (rc == OK)
		rc = build_copy_name(b, &policy->portal.name, portal);
	if (rc != OK || !build_copy_mark(b, &policy->portal.mark, &portal->mark))
		return ERR_MEMORY;
	policy->portal.hash = name_hash(policy->portal.name, policy->key);
	policy->portal.labels = name_label_count(policy->portal.name);
	return OK;
}

/* As many names as there can be. */
size_t build_count_names(const struct build *b)
{
	const struct config *config = b->config;
	const struct rules_safe_search *safe = &config->safe_search;
	size_t count = config->never_block.count + b->department->never_block_count +
	    config->bypass.count + safe->youtube.names.count + safe->youtube.domains.count;

	for (size_t i = 0; i < config->tiers.count; i++) {
		count +=
		    config->tiers.items[i].allow.count + config->tiers.items[i].deny.count;
	}
	for (size_t i = 0; i < config->services.count; i++)
		count += config->services.items[i].names.count;
	for (size_t i = 0; i < safe->engines.count; i++)
		count += safe->engines.items[i].names.count;
	return count;
}

enum err build_school(struct build *b)
{
	enum err rc = build_services(b);
	if (rc == OK)
		rc = build_engines(b);
	if (rc == OK)
		rc = build_youtube(b);
	if (rc == OK)
		rc = build_bypass(b);
	return rc;
}
