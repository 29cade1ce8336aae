/* What allow, deny, open and revoke share. */
#include "filter/granting.h"

#include <libpsl.h>
#include <stdio.h>
#include <string.h>

#include "base/words.h"
#include "dns/codes.h"
#include "dns/text.h"
#include "filter/clock.h"

enum {
	DEVICE_BITS_4 = 32, /* a prefix as long as this is one device */
	DEVICE_BITS_6 = 64,
	DETAIL_BYTES = 512
};

#define ONE_DEVICE "one device"

struct moment granting_now(const struct command *c)
{
	return clock_moment(
	    atomic_load_explicit(&c->program->filter->wall_trusted, memory_order_relaxed));
}

const struct snapshot *granting_snapshot(const struct command *c)
{
	return publisher_now(c->program->publisher);
}

/* ---- what may be granted ---- */

bool granting_is_suffix(struct dname name, enum suffix_kind kind)
{
	char text[NAME_TEXT_MAX];
	const psl_ctx_t *suffixes = psl_builtin();
	int kinds = PSL_TYPE_NO_STAR_RULE |
	    (kind == SUFFIX_OF_REGISTRY ? PSL_TYPE_ICANN : PSL_TYPE_ANY);

	if (name_label_count(name) < 2)
		return true;
	name_to_text(text, name);
	return suffixes != NULL && psl_is_public_suffix2(suffixes, text, kinds) != 0;
}

const struct config_group *granting_find_group(
    const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->filter.groups.count; i++) {
		if (strcmp(config->filter.groups.items[i].name.text, name) == 0)
			return &config->filter.groups.items[i];
	}
	return NULL;
}

/* The tier that has this room among its clients, else the default one. */
static size_t tier_of_group(const struct config *config, const char *group)
{
	for (size_t t = 0; t < config->tiers.count; t++) {
		const struct config_clients *clients = &config->tiers.items[t].clients;
		for (size_t i = 0; i < clients->count; i++) {
			const char *of = clients->items[i].group;
			if (of != NULL && strcmp(of, group) == 0)
				return t;
		}
	}
	return config->default_tier;
}

bool granting_is_required(const struct command *c, const struct grant_record *g)
{
	const struct snapshot *s = granting_snapshot(c);
	size_t tier = s->config->tiers.count;
	struct name_hashes hashes;

	if (g->scope == SCOPE_GROUP)
		tier = tier_of_group(s->config, g->who);
	else if (g->scope == SCOPE_TIER && !config_find_tier(s->config, g->who, &tier))
		return false;
	if (tier >= s->config->tiers.count)
		return false;
	const struct policy_who who = policy_member(s->policy, (uint8_t)tier);
	name_hash_all(&hashes, name_of(&g->name), policy_hash_key(s->policy));
	const struct policy_question question = {.name = name_of(&g->name),
	    .hashes = &hashes,
	    .qtype = TYPE_A,
	    .scratch = c->program->scratch};
	return policy_decide(s->policy, &who, &question, NULL, granting_now(c)).required;
}

bool granting_read_reason(struct command *c, struct grant_record *g)
{
	const char *reason = command_text(c, "reason");

	if (reason == NULL)
		return true;
	if (!grant_text_is_sound(reason, sizeof g->reason)) {
		command_refuse(c, "wrong", N_("a reason is one line of at most 255 bytes"));
		return false;
	}
	(void)snprintf(g->reason, sizeof g->reason, "%s", reason);
	return true;
}

const char *granting_failure(enum err rc)
{
	switch (rc) {
	case ERR_FULL:
		return N_("there are 1000 grants already (lachanctl revoke ends one)");
	case ERR_DENIED:
		return N_(
		    "the file of the grants cannot be read, so nothing is written over it "
		    "(the log says why)");
	case ERR_NOT_FOUND:
		return N_("there is no such grant");
	case ERR_IO:
		return N_("the grant could not be written to disk, so nothing has changed");
	default:
		return err_text(rc);
	}
}

/* ---- the record: the name and what it was done for, never one device ---- */

static bool is_one_client(const struct config_client *client)
{
	bool four = client->first.family == AF_INET;

	if (mac_is_known(client->mac))
		return true;
	if (client->kind == CLIENT_RANGE)
		return addr_equal(&client->first, &client->last);
	return client->kind == CLIENT_PREFIX &&
	    client->length >= (four ? DEVICE_BITS_4 : DEVICE_BITS_6);
}

/* A device has a MAC, and an address of each family: two of a kind are two devices. None at all
 * (the default tier) is everybody else. */
static bool are_one_device(const struct config_clients *clients)
{
	unsigned fours = 0, sixes = 0;
	struct mac mac = MAC_NONE;

	for (size_t i = 0; i < clients->count; i++) {
		const struct config_client *one = &clients->items[i];
		if (!is_one_client(one))
			return false;
		if (mac_is_known(one->mac) && mac_is_known(mac) &&
		    !mac_equal(one->mac, mac))
			return false;
		if (mac_is_known(one->mac))
			mac = one->mac;
		fours += one->first.family == AF_INET;
		sixes += one->first.family == AF_INET6;
	}
	return clients->count > 0 && fours <= 1 && sixes <= 1;
}

/* A room or tier that is gone could have been one device. */
static bool is_one_device(const struct config *config, const struct grant_record *g)
{
	struct prefix prefix;
	size_t tier;

	if (g->scope == SCOPE_GROUP) {
		const struct config_group *group = granting_find_group(config, g->who);
		return group == NULL || are_one_device(&group->clients);
	}
	if (g->scope == SCOPE_TIER) {
		return !config_find_tier(config, g->who, &tier) ||
		    are_one_device(&config->tiers.items[tier].clients);
	}
	if (g->scope != SCOPE_CLIENTS)
		return false;
	if (prefix_from_text(&prefix, slice_of(g->who), NULL) != OK)
		return true;
	return prefix.length >=
	    (prefix.base.family == AF_INET ? DEVICE_BITS_4 : DEVICE_BITS_6);
}

static bool names_one_device(const struct config *config, struct slice word)
{
	char text[sizeof((struct grant_record *)NULL)->who];
	const struct config_group *group;
	size_t tier;

	if (word.len == 0 || word.len >= sizeof text)
		return false;
	memcpy(text, word.ptr, word.len);
	text[word.len] = 0;
	group = granting_find_group(config, text);
	return (group != NULL && are_one_device(&group->clients)) ||
	    (config_find_tier(config, text, &tier) &&
	        are_one_device(&config->tiers.items[tier].clients));
}

const char *granting_scope(const struct config *config, const char *scope)
{
	struct slice rest = slice_of(scope);

	while (rest.len > 0) {
		if (names_one_device(config, slice_cut(&rest, ',')))
			return ONE_DEVICE;
	}
	return scope;
}

void granting_record(struct command *c, const struct granted *what)
{
	const struct grant_record *g = what->grant;
	char name[NAME_TEXT_MAX], detail[DETAIL_BYTES], lasts[32] = "always";
	const char *scope = g->scope == SCOPE_ALL            ? "all"
	    : is_one_device(granting_snapshot(c)->config, g) ? ONE_DEVICE
	                                                     : g->who;
	struct audit_entry entry = {.actor = what->actor,
	    .action = what->action,
	    .name = name,
	    .scope = scope,
	    .detail = detail};
	struct audit *audit = c->program->audit;

	name_to_text(name, name_of(&g->name));
	if (g->until_s != 0)
		(void)snprintf(
		    lasts, sizeof lasts, "%lld s", (long long)(g->until_s - g->made_s));
	(void)snprintf(detail, sizeof detail, "grant %u, %s%s%s", (unsigned)g->id, lasts,
	    g->reason[0] != 0 ? ": " : "", g->reason);
	if (audit != NULL && audit_append(audit, granting_now(c).wall_s, &entry) == OK)
		return;
	/* A reason with a device's address in it would tie the name to the device. */
	(void)snprintf(detail, sizeof detail, "grant %u, %s (reason left out)",
	    (unsigned)g->id, lasts);
	(void)command_append(c->program, &entry);
}
