#include "lachanctl/policy_json.h"

#include <string.h>

#include "lachanctl/offline.h"
#include "lachanctl/window.h"

static const char *text(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value != NULL ? value : "";
}

/* What stands beside the configuration. */
struct facts {
	json_t *status; /* of the running filter, or NULL */
	json_t *grants; /* likewise */
	json_t *empty;  /* categories without names */
};

static bool is_named(const json_t *list, const char *word)
{
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		if (json_is_string(one) && strcmp(json_string_value(one), word) == 0)
			return true;
	}
	return false;
}

/* Of the rules on disk, for when nobody runs. */
static enum ctl_status find_empty(const struct ctl *c, json_t **out)
{
	struct ruledb *rules = offline_rules(c->config);
	struct policy *policy = NULL;
	enum ctl_status status = offline_policy(c, rules, &policy);

	if (status == CTL_DONE)
		*out = categories_to_json(c->config, policy_empty_categories(policy));
	policy_free(policy);
	ruledb_close(rules);
	return status;
}

static enum ctl_status gather(const struct ctl *c, struct facts *out)
{
	out->status = ctl_peek(c->control_path, "status");
	out->grants = ctl_peek(c->control_path, "grants");
	if (out->status == NULL)
		return find_empty(c, &out->empty);
	out->empty = json_incref(
	    json_object_get(json_object_get(out->status, "rules"), "empty_categories"));
	return CTL_DONE;
}

static void forget(struct facts *facts)
{
	json_decref(facts->status);
	json_decref(facts->grants);
	json_decref(facts->empty);
}

/* Rooms once each by name, and what was written for the tier itself. */
static json_t *members_to_json(const struct rules_tier *tier)
{
	json_t *list = json_array();

	for (size_t i = 0; i < tier->clients.count; i++) {
		const struct config_client *one = &tier->clients.items[i];
		const char *word = one->group[0] != 0 ? one->group : one->text;
		if (!is_named(list, word))
			(void)json_array_append_new(list, json_string(word));
	}
	return list;
}

static uint64_t blocked_ever(const struct rules_tier *tier)
{
	uint64_t all = tier->block;

	for (size_t i = 0; i < tier->schedules.count; i++)
		all |= tier->schedules.items[i].block;
	return all;
}

static json_t *empty_to_json(
    const struct config *config, const struct rules_tier *tier, const json_t *empty)
{
	json_t *blocked = categories_to_json(config, blocked_ever(tier));
	json_t *list = json_array();
	json_t *one;
	size_t i;

	json_array_foreach(blocked, i, one)
	{
		if (is_named(empty, json_string_value(one)))
			(void)json_array_append(list, one);
	}
	json_decref(blocked);
	return list;
}

static bool is_level(const struct config *config, const char *tier)
{
	for (size_t i = 0; i < config->school.levels.count; i++) {
		if (strcmp(config->school.levels.items[i].text, tier) == 0)
			return true;
	}
	return false;
}

/* Is this window in force, as the running filter has it? */
static bool is_in_force(const struct facts *facts, const char *tier, const char *window)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(facts->status, "windows"), i, one)
	{
		if (strcmp(text(one, "tier"), tier) == 0 &&
		    strcmp(text(one, "window"), window) == 0)
			return true;
	}
	return false;
}

static json_t *windows_to_json(
    const struct config *config, const struct rules_tier *tier, const struct facts *facts)
{
	json_t *list = json_array();

	for (size_t i = 0; i < tier->schedules.count; i++) {
		const struct rules_schedule *window = &tier->schedules.items[i];
		json_t *one = window_to_json(config, window);
		(void)json_object_set_new(one, "in_force",
		    json_boolean(is_in_force(facts, tier->name.text, window->name.text)));
		(void)json_array_append_new(list, one);
	}
	return list;
}

static json_t *pause_to_json(const struct facts *facts, const char *tier)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(facts->status, "paused"), i, one)
	{
		if (strcmp(text(one, "tier"), tier) == 0)
			return json_string(text(one, "until"));
	}
	return json_null();
}

static json_int_t count_grants(const struct facts *facts, const char *tier)
{
	json_int_t count = 0;
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(facts->grants, "grants"), i, one)
	{
		if (strcmp(text(one, "scope"), "tier") == 0 &&
		    strcmp(text(one, "who"), tier) == 0)
			count++;
	}
	return count;
}

static const char *youtube_word(enum rules_youtube youtube)
{
	return youtube == YOUTUBE_STRICT  ? "strict"
	    : youtube == YOUTUBE_MODERATE ? "moderate"
	                                  : "off";
}

static json_t *tier_to_json(const struct ctl *c, size_t index, const struct facts *facts)
{
	const struct config *config = c->config;
	const struct rules_tier *tier = &config->tiers.items[index];
	bool is_default = index == config->default_tier;
	json_t *made = json_pack("{s:s, s:s, s:b, s:b, s:b, s:o, s:o, s:o, s:o}", "tier",
	    tier->name.text, "name", ctl_tier_words(c, tier->name.text), "pupils",
	    tier->pupils, "default", is_default, "used",
	    is_default || tier->clients.count > 0 || is_level(config, tier->name.text),
	    "members", members_to_json(tier), "block",
	    categories_to_json(config, tier->block), "empty",
	    empty_to_json(config, tier, facts->empty), "services",
	    services_to_json(config, &tier->services));
	json_t *rest = json_pack("{s:b, s:s, s:b, s:I, s:I, s:o, s:o, s:I}", "safe_search",
	    tier->safe_search, "youtube", youtube_word(tier->youtube), "allow_only",
	    tier->allow_only, "allow", (json_int_t)tier->allow.count, "deny",
	    (json_int_t)tier->deny.count, "windows", windows_to_json(config, tier, facts),
	    "paused_until", pause_to_json(facts, tier->name.text), "grants",
	    count_grants(facts, tier->name.text));

	(void)json_object_update(made, rest);
	json_decref(rest);
	return made;
}

static json_t *locked_to_json(const struct config *config)
{
	uint64_t locked = 0;

	for (size_t i = 0; i < config->categories.count; i++)
		locked |= (uint64_t)config->categories.items[i].locked << i;
	return categories_to_json(config, locked);
}

enum ctl_status policy_to_json(struct ctl *c, json_t **out)
{
	const struct config *config = c->config;
	struct facts facts = {.status = NULL};
	enum ctl_status status = gather(c, &facts);

	if (status == CTL_DONE) {
		json_t *tiers = json_array();
		for (size_t i = 0; i < config->tiers.count; i++) {
			const char *name = config->tiers.items[i].name.text;
			if (c->tier == NULL || strcmp(c->tier, name) == 0)
				(void)json_array_append_new(
				    tiers, tier_to_json(c, i, &facts));
		}
		*out = json_pack("{s:s, s:b, s:b, s:s, s:o, s:o, s:I, s:I}", "school",
		    config->school.name.text, "running", facts.status != NULL, "trial",
		    !config->filter.enforce, "default_tier",
		    config->tiers.items[config->default_tier].name.text, "locked",
		    locked_to_json(config), "tiers", tiers, "grants",
		    (json_int_t)json_array_size(json_object_get(facts.grants, "grants")),
		    "never_block", (json_int_t)config->never_block.count);
		if (*out == NULL)
			status = ctl_fail(c, CTL_FAILED, "%s", err_text(ERR_MEMORY));
	}
	forget(&facts);
	return status;
}
