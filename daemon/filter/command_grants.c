#include <stdio.h>
#include <string.h>

#include "base/words.h"
#include "dns/codes.h"
#include "dns/text.h"
#include "filter/clock.h"
#include "filter/granting.h"
#include "kit/local_time.h"
#include "kit/log.h"
#include "policy/grants.h"

enum {
	FOR_DEFAULT_MS = 45 * 60 * 1000,
	FOR_MIN_MS = 1000
};

#define FOR_MAX_MS (366ll * 24 * 60 * 60 * 1000) /* longer: always */

/* ---- what may be granted ---- */

/* Whether a locked category lists the name: the same for every tier. */
static bool is_locked(const struct command *c, const struct name_buf *name)
{
	const struct snapshot *s = granting_snapshot(c);
	const struct policy_who who = policy_member(s->policy, 0);
	struct name_hashes hashes;

	name_hash_all(&hashes, name_of(name), policy_hash_key(s->policy));
	const struct policy_question question = {.name = name_of(name),
	    .hashes = &hashes,
	    .qtype = TYPE_A,
	    .scratch = c->program->scratch};
	struct verdict v = policy_decide(s->policy, &who, &question, NULL, granting_now(c));
	return v.reason == REASON_LOCKED;
}

static bool check_name(struct command *c, const struct grant_record *g)
{
	const struct snapshot *s = granting_snapshot(c);

	if (granting_is_suffix(name_of(&g->name), SUFFIX_OF_REGISTRY)) {
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
	const struct snapshot *s = granting_snapshot(c);
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
		if (granting_find_group(s->config, group) != NULL)
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

static bool check_required(struct command *c, const struct grant_record *g)
{
	if (g->deny || !granting_is_required(c, g))
		return true;
	command_fail(c,
	    N_("the education department requires that name's category to be closed: nobody "
	       "at the school opens it (the department can put the name among its "
	       "never-block names)"));
	return false;
}

static bool read_grant(struct command *c, struct grant_record *g)
{
	return command_read_actor(c, g->by, sizeof g->by) &&
	    command_read_name(c, &g->name) && check_name(c, g) && read_scope(c, g) &&
	    check_required(c, g) && read_duration(c, granting_now(c), g) &&
	    granting_read_reason(c, g);
}

/* ---- the commands ---- */

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
		command_fail(c, granting_failure(rc));
		return;
	}
	log_info("grants", "grant %u: %s, by %s", (unsigned)g.id, action, g.by);
	granting_record(c, &(struct granted){g.by, action, &g});
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
	const struct grants *live = granting_snapshot(c)->state.grants;
	struct moment now = granting_now(c);

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
	json_t *one = json_pack("{s:I, s:b, s:b, s:s, s:s, s:s, s:s, s:s, s:s, s:b}", "id",
	    (json_int_t)g->id, "deny", g->deny ? 1 : 0, "content_only",
	    g->content_only ? 1 : 0, "name", name, "scope", grant_scope_word(g->scope),
	    "who", g->who, "made", made, "by", g->by, "reason", g->reason, "applies",
	    applies(c, g) ? 1 : 0);
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
		command_fail(c, granting_failure(ERR_DENIED));
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
	char name[NAME_TEXT_MAX], actor[32];
	enum err rc = ERR_NOT_FOUND;

	if (id > 0 && id <= UINT32_MAX)
		rc = publisher_revoke(c->program->publisher, (uint32_t)id, &gone);
	if (rc != OK) {
		command_fail(c, granting_failure(rc));
		return;
	}
	log_info("grants", "grant %u is revoked", (unsigned)id);
	command_actor(c, actor, sizeof actor);
	granting_record(c, &(struct granted){actor, "revoke", &gone});
	name_to_text(name, name_of(&gone.name));
	c->reply = json_pack("{s:b, s:s}", "ok", 1, "name", name);
}
