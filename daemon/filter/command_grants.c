#include <errno.h>
#include <libpsl.h>
#include <stdio.h>
#include <string.h>

#include "base/words.h"
#include "dns/codes.h"
#include "dns/text.h"
#include "filter/clock.h"
#include "filter/command.h"
#include "kit/local_time.h"
#include "kit/log.h"
#include "policy/grants.h"

enum {
	FOR_DEFAULT_MS = 45 * 60 * 1000,
	FOR_MIN_MS = 1000,
	DEVICE_BITS_4 = 32, /* a prefix as long as this is one device */
	DEVICE_BITS_6 = 64,
	DETAIL_BYTES = 512
};

#define FOR_MAX_MS (366ll * 24 * 60 * 60 * 1000) /* longer: always */
#define ONE_DEVICE "one device"

static struct moment now_of(const struct command *c)
{
	return clock_moment(
	    atomic_load_explicit(&c->program->filter->wall_trusted, memory_order_relaxed));
}

static const struct snapshot *snapshot_of(const struct command *c)
{
	return publisher_now(c->program->publisher);
}

/* ---- what may be granted ---- */

static bool is_public_suffix(struct dname name)
{
	char text[NAME_TEXT_MAX];
	const psl_ctx_t *suffixes = psl_builtin();

	if (name_label_count(name) < 2)
		return true;
	name_to_text(text, name);
	return suffixes != NULL &&
	    psl_is_public_suffix2(suffixes, text, PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE) !=
	    0;
}

/* Whether a locked category lists the name: the same for every tier. */
static bool is_locked(const struct command *c, const struct name_buf *name)
{
	const struct snapshot *s = snapshot_of(c);
	const struct policy_who who = policy_member(s->policy, 0);
	struct name_hashes hashes;

	name_hash_all(&hashes, name_of(name), policy_hash_key(s->policy));
	const struct policy_question question = {.name = name_of(name),
	    .hashes = &hashes,
	    .qtype = TYPE_A,
	    .scratch = c->program->scratch};
	struct verdict v = policy_decide(s->policy, &who, &question, NULL, now_of(c));
	return v.reason == REASON_LOCKED;
}

static bool check_name(struct command *c, const struct grant_record *g)
{
	const struct snapshot *s = snapshot_of(c);

	if (is_public_suffix(name_of(&g->name))) {
		command_fail(c,
		    N_("that name is a whole top-level domain or public suffix: it would "
		       "reach every site below it (write one site's name)"));
	} else if (name_equal(name_of(&g->name), s->config->pages.portal.name.name)) {
		command_fail(
		    c, N_("that is the portal's own name, which is always answered"));
	} else if (!g->deny && is_locked(c, &g->name)) {
		command_fail(c,
		    N_("a locked category lists that name: nobody at the school opens it "
		       "(a wrong entry is for the list's author to mend)"));
	}
	return c->error[0] == 0;
}

/* ---- for whom, how long, why ---- */

static const struct config_group *find_group(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->filter.groups.count; i++) {
		if (strcmp(config->filter.groups.items[i].name.text, name) == 0)
			return &config->filter.groups.items[i];
	}
	return NULL;
}

static bool set_who(
    struct command *c, struct grant_record *g, enum grant_scope scope, const char *who)
{
	if (strlen(who) >= sizeof g->who) {
		command_fail(c, N_("that name is too long"));
		return false;
	}
	(void)snprintf(g->who, sizeof g->who, "%s", who);
	g->scope = scope;
	return true;
}

/* Without a scope it is for everybody: staff and guests, too. */
static bool read_scope(struct command *c, struct grant_record *g)
{
	const struct snapshot *s = snapshot_of(c);
	const char *tier = command_text(c, "tier");
	const char *group = command_text(c, "group");
	const char *client = command_text(c, "client");
	char text[PREFIX_TEXT_MAX];
	struct prefix prefix;
	uint8_t index;

	if ((tier != NULL) + (group != NULL) + (client != NULL) > 1) {
		command_fail(c, N_("a grant is for one tier, one group or one prefix"));
		return false;
	}
	if (tier != NULL) {
		if (policy_find_tier(s->policy, tier, &index))
			return set_who(c, g, SCOPE_TIER, tier);
		command_fail(c, N_("there is no such tier"));
		return false;
	}
	if (group != NULL) {
		if (find_group(s->config, group) != NULL)
			return set_who(c, g, SCOPE_GROUP, group);
		command_fail(c, N_("there is no such group (see filter.groups)"));
		return false;
	}
	if (client == NULL)
		return set_who(c, g, SCOPE_ALL, "");
	if (prefix_from_text(&prefix, slice_of(client), NULL) != OK) {
		command_fail(c, N_("that is not an address or prefix"));
		return false;
	}
	prefix_to_text(text, &prefix);
	return set_who(c, g, SCOPE_CLIENTS, text);
}

static bool read_duration(struct command *c, struct moment now, struct grant_record *g)
{
	const json_t *given = json_object_get(c->request, "for_ms");
	const char *word = command_text(c, "for");
	bool always = word != NULL && strcmp(word, "always") == 0;
	json_int_t for_ms = given != NULL ? json_integer_value(given) : FOR_DEFAULT_MS;

	/* The calendar alone could end it, and says nothing now. */
	if (!now.wall_trusted && !(g->deny && always)) {
		command_fail(c,
		    N_("the clock is not trusted, so no grant would count: set the time "
		       "first (deny --for always works)"));
		return false;
	}
	if ((word != NULL && !always) || for_ms < FOR_MIN_MS || for_ms > FOR_MAX_MS) {
		command_fail(c, N_("a grant lasts from 1 second to 366 days, or always"));
		return false;
	}
	g->made_s = now.wall_s;
	/* It ends with a second of the calendar, and not before its time is over. */
	for_ms += (json_int_t)(clock_mono_ms() - now.mono_ms);
	g->until_s = always ? 0 : now.wall_s + (for_ms + 999) / 1000;
	return true;
}

static bool read_reason(struct command *c, struct grant_record *g)
{
	const char *reason = command_text(c, "reason");

	if (reason == NULL)
		return true;
	if (!grant_text_is_sound(reason, sizeof g->reason)) {
		command_fail(c, N_("a reason is one line of at most 255 bytes"));
		return false;
	}
	(void)snprintf(g->reason, sizeof g->reason, "%s", reason);
	return true;
}

static bool read_grant(struct command *c, struct grant_record *g)
{
	command_actor(c, g->by, sizeof g->by);
	return command_read_name(c, &g->name) && check_name(c, g) && read_scope(c, g) &&
	    read_duration(c, now_of(c), g) && read_reason(c, g);
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
		const struct config_group *group = find_group(config, g->who);
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

static void record(struct command *c, const char *action, const struct grant_record *g)
{
	char name[NAME_TEXT_MAX], actor[32], detail[DETAIL_BYTES], lasts[32] = "always";
	const char *scope = g->scope == SCOPE_ALL      ? "all"
	    : is_one_device(snapshot_of(c)->config, g) ? ONE_DEVICE
	                                               : g->who;
	struct audit_entry entry = {.actor = actor,
	    .action = action,
	    .name = name,
	    .scope = scope,
	    .detail = detail};
	struct audit *audit = c->program->audit;

	name_to_text(name, name_of(&g->name));
	command_actor(c, actor, sizeof actor);
	if (g->until_s != 0)
		(void)snprintf(
		    lasts, sizeof lasts, "%lld s", (long long)(g->until_s - g->made_s));
	(void)snprintf(detail, sizeof detail, "grant %u, %s%s%s", (unsigned)g->id, lasts,
	    g->reason[0] != 0 ? ": " : "", g->reason);
	if (audit != NULL && audit_append(audit, now_of(c).wall_s, &entry) == OK)
		return;
	/* A reason with a device's address in it would tie the name to the device. */
	(void)snprintf(detail, sizeof detail, "grant %u, %s (reason left out)",
	    (unsigned)g->id, lasts);
	(void)command_append(c->program, &entry);
}

/* ---- the commands ---- */

static const char *failure_of(enum err rc)
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

static void put_until(json_t *object, const struct grant_record *g)
{
	if (g->until_s == 0) {
		(void)json_object_set_new(object, "until", json_string("always"));
	} else {
		command_put_time(object, "until", g->until_s);
	}
}

static void grant(struct command *c, bool deny)
{
	struct grant_record g = {.deny = deny};
	const char *action = deny ? "deny" : "allow";

	if (!read_grant(c, &g))
		return;
	enum err rc = publisher_grant(c->program->publisher, &g, &g.id);
	if (rc != OK) {
		command_fail(c, failure_of(rc));
		return;
	}
	log_info("grants", "grant %u: %s, by %s", (unsigned)g.id, action, g.by);
	record(c, action, &g);
	c->reply = json_pack("{s:b, s:I}", "ok", 1, "id", (json_int_t)g.id);
	put_until(c->reply, &g);
}

void command_allow(struct command *c)
{
	grant(c, false);
}

void command_deny(struct command *c)
{
	grant(c, true);
}

/* A grant of a tier or room that is gone lies there without effect. */
static bool applies(const struct command *c, const struct grant_record *g)
{
	const struct grants *live = snapshot_of(c)->state.grants;
	struct moment now = now_of(c);

	for (size_t i = 0; live != NULL && i < grants_count(live); i++) {
		const struct grant *one = grants_at(live, i);
		if (one->id == g->id)
			return grant_is_live(one, now);
	}
	return false;
}

static json_t *show(const struct command *c, const struct grant_record *g)
{
	char name[NAME_TEXT_MAX], made[LOCAL_TIME_TEXT_BYTES];

	name_to_text(name, name_of(&g->name));
	local_time_text(made, g->made_s);
	json_t *one = json_pack("{s:I, s:b, s:s, s:s, s:s, s:s, s:s, s:s, s:b}", "id",
	    (json_int_t)g->id, "deny", g->deny ? 1 : 0, "name", name, "scope",
	    grant_scope_word(g->scope), "who", g->who, "made", made, "by", g->by, "reason",
	    g->reason, "applies", applies(c, g) ? 1 : 0);
	put_until(one, g);
	return one;
}

void command_grants(struct command *c)
{
	const struct grants_file *file = publisher_grants(c->program->publisher);
	json_t *list = json_array();
	size_t count = 0;

	if (file == NULL) {
		json_decref(list);
		command_fail(c, failure_of(ERR_DENIED));
		return;
	}
	const struct grant_record *items = grants_file_items(file, &count);
	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(list, show(c, &items[i]));
	c->reply = json_pack("{s:b, s:o}", "ok", 1, "grants", list);
}

void command_revoke(struct command *c)
{
	json_int_t id = json_integer_value(json_object_get(c->request, "id"));
	struct grant_record gone;
	char name[NAME_TEXT_MAX];
	enum err rc = ERR_NOT_FOUND;

	if (id > 0 && id <= UINT32_MAX)
		rc = publisher_revoke(c->program->publisher, (uint32_t)id, &gone);
	if (rc != OK) {
		command_fail(c, failure_of(rc));
		return;
	}
	log_info("grants", "grant %u is revoked", (unsigned)id);
	record(c, "revoke", &gone);
	name_to_text(name, name_of(&gone.name));
	c->reply = json_pack("{s:b, s:s}", "ok", 1, "name", name);
}
