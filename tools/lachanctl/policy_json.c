#include "lachanctl/policy_json.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kit/department.h"
#include "kit/explain_json.h"
#include "lachanctl/offline.h"
#include "lachanctl/window.h"

static const char *text(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value != NULL ? value : "";
}

/* What stands beside the configuration: of the running filter, else of the disk. */
struct facts {
	bool running;
	bool newer;                   /* the file is newer than what runs */
	json_t *paused;               /* [{"tier","until"}] */
	json_t *grants;               /* [{"scope","who",…}] */
	json_t *empty;                /* categories without names */
	json_t *tiers;                /* [{"tier","windows":[NAME]}]: what is in force */
	struct department department; /* what its bundles require, as they lie here */
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

/* The names of the windows in force. */
static json_t *windows_in_force(const struct rules_tier *tier, uint64_t windows)
{
	json_t *list = json_array();

	for (size_t i = 0; i < tier->schedules.count; i++) {
		if ((windows >> i & 1) != 0)
			(void)json_array_append_new(
			    list, json_string(tier->schedules.items[i].name.text));
	}
	return list;
}

static void put_tiers(const struct config *config, const struct policy *policy,
    const struct policy_state *state, json_t *out)
{
	for (size_t i = 0; i < config->tiers.count; i++) {
		const struct rules_tier *tier = &config->tiers.items[i];
		uint8_t index;
		if (policy_find_tier(policy, tier->name.text, &index))
			(void)json_array_append_new(out,
			    json_pack("{s:s, s:o}", "tier", tier->name.text, "windows",
			        windows_in_force(tier, state->tiers[index].windows)));
	}
}

static void put_grants(const struct grants *grants, struct moment now, json_t *out)
{
	for (size_t i = 0; i < grants_count(grants); i++) {
		const struct grant *one = grants_at(grants, i);
		if (grant_is_live(one, now))
			(void)json_array_append_new(out, explain_grant_to_json(one));
	}
}

static enum ctl_status gather_offline(const struct ctl *c, struct facts *out)
{
	struct ruledb *rules = offline_rules(c->config);
	struct policy_state *state = calloc(1, sizeof *state);
	struct policy *policy = NULL;
	struct grants *grants = NULL;
	enum ctl_status status =
	    state == NULL ? CTL_FAILED : offline_policy(c, rules, &policy);

	if (status == CTL_DONE)
		status = offline_grants(c, policy, &grants);
	if (status == CTL_DONE) {
		offline_state(state, c, policy, grants, (int64_t)time(NULL));
		out->empty = categories_to_json(c->config, policy_empty_categories(policy));
		out->tiers = json_array();
		out->grants = json_array();
		put_tiers(c->config, policy, state, out->tiers);
		put_grants(grants, state->made, out->grants);
	}
	grants_free(grants);
	policy_free(policy);
	ruledb_close(rules);
	free(state);
	return status;
}

static enum ctl_status gather(const struct ctl *c, struct facts *out)
{
	json_t *status = ctl_peek(c->control_path, "status");
	json_t *grants = ctl_peek(c->control_path, "grants");

	out->running = status != NULL;
	out->newer = ctl_config_is_newer(c, status);
	out->paused = json_incref(json_object_get(status, "paused"));
	out->grants = json_incref(json_object_get(grants, "grants"));
	out->tiers = json_incref(json_object_get(status, "tiers"));
	out->empty = json_incref(
	    json_object_get(json_object_get(status, "rules"), "empty_categories"));
	json_decref(status);
	json_decref(grants);
	return out->running ? CTL_DONE : gather_offline(c, out);
}

static void forget(struct facts *facts)
{
	json_decref(facts->paused);
	json_decref(facts->grants);
	json_decref(facts->empty);
	json_decref(facts->tiers);
	department_deinit(&facts->department);
}

/* This is to be published: who reads there which device is staff knows what to copy. */
static bool is_device(const struct config_client *client)
{
	return client->group[0] == 0 && mac_is_known(client->mac);
}

static unsigned count_devices(const struct rules_tier *tier)
{
	unsigned count = 0;

	for (size_t i = 0; i < tier->clients.count; i++)
		count += is_device(&tier->clients.items[i]);
	return count;
}

/* Rooms once each by name, and what was written for the tier itself, devices apart. */
static json_t *members_to_json(const struct rules_tier *tier)
{
	json_t *list = json_array();

	for (size_t i = 0; i < tier->clients.count; i++) {
		const struct config_client *one = &tier->clients.items[i];
		const char *word = one->group[0] != 0 ? one->group : one->text;
		if (!is_device(one) && !is_named(list, word))
			(void)json_array_append_new(list, json_string(word));
	}
	return list;
}

static uint64_t blocked_ever(const struct rules_tier *tier, uint64_t block)
{
	uint64_t all = block;

	for (size_t i = 0; i < tier->schedules.count; i++)
		all |= tier->schedules.items[i].block;
	return all;
}

static json_t *empty_to_json(const struct config *config, const struct rules_tier *tier,
    uint64_t block, const json_t *empty)
{
	json_t *blocked = categories_to_json(config, blocked_ever(tier, block));
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

static bool is_in_force(const struct facts *facts, const char *tier, const char *window)
{
	const json_t *one;
	size_t i;

	json_array_foreach(facts->tiers, i, one)
	{
		if (strcmp(text(one, "tier"), tier) == 0)
			return is_named(json_object_get(one, "windows"), window);
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

	json_array_foreach(facts->paused, i, one)
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

	json_array_foreach(facts->grants, i, one)
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
	struct department_tier asked = department_tier(&facts->department, config, index);
	json_t *made = json_pack("{s:s, s:s, s:b, s:b, s:b, s:o, s:o, s:o, s:o}", "tier",
	    tier->name.text, "name", ctl_tier_words(c, tier->name.text), "pupils",
	    tier->pupils, "default", is_default, "used",
	    ctl_tier_is_used(c, tier->name.text), "members", members_to_json(tier), "block",
	    categories_to_json(config, asked.block), "empty",
	    empty_to_json(config, tier, asked.block, facts->empty), "services",
	    services_to_json(config, &tier->services));
	json_t *rest = json_pack("{s:i, s:b, s:s, s:b, s:I, s:I, s:o, s:o, s:I}", "devices",
	    (int)count_devices(tier), "safe_search", tier->safe_search, "youtube",
	    youtube_word(tier->youtube), "allow_only", tier->allow_only, "allow",
	    (json_int_t)tier->allow.count, "deny", (json_int_t)tier->deny.count, "windows",
	    windows_to_json(config, tier, facts), "paused_until",
	    pause_to_json(facts, tier->name.text), "grants",
	    count_grants(facts, tier->name.text));

	(void)json_object_set_new(
	    rest, "required", categories_to_json(config, asked.required));
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
	struct facts facts = {.running = false};
	enum ctl_status status = gather(c, &facts);

	if (status == CTL_DONE && department_read(&facts.department, config) != OK)
		status = ctl_fail(c, CTL_FAILED, "%s", err_text(ERR_MEMORY));
	if (status == CTL_DONE) {
		json_t *tiers = json_array();
		for (size_t i = 0; i < config->tiers.count; i++) {
			const char *name = config->tiers.items[i].name.text;
			if (c->tier == NULL || strcmp(c->tier, name) == 0)
				(void)json_array_append_new(
				    tiers, tier_to_json(c, i, &facts));
		}
		*out = json_pack("{s:s, s:s, s:b, s:b, s:b, s:s, s:o, s:o, s:I, s:I}",
		    "school", config->school.name.text, "version", config->version,
		    "running", facts.running, "not_in_force", facts.newer, "trial",
		    !config->filter.enforce, "default_tier",
		    config->tiers.items[config->default_tier].name.text, "locked",
		    locked_to_json(config), "tiers", tiers, "grants",
		    (json_int_t)json_array_size(facts.grants), "never_block",
		    (json_int_t)config->never_block.count);
		if (*out == NULL)
			status = ctl_fail(c, CTL_FAILED, "%s", err_text(ERR_MEMORY));
	}
	forget(&facts);
	return status;
}
