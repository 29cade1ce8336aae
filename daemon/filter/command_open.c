/* open: a teacher's opening of a name for a room, for a lesson. */
#include <stdio.h>
#include <string.h>

#include "base/words.h"
#include "dns/codes.h"
#include "filter/clock.h"
#include "filter/granting.h"
#include "filter/openable.h"
#include "kit/log.h"
#include "policy/grants.h"

enum {
	FOR_MIN_MS = 1000
};

/* ---- what may be opened ---- */

static enum openable judge(const struct command *c, const struct name_buf *name)
{
	const struct snapshot *s = granting_snapshot(c);
	struct name_hashes hashes;

	name_hash_all(&hashes, name_of(name), policy_hash_key(s->policy));
	const struct policy_question question = {.name = name_of(name),
	    .hashes = &hashes,
	    .qtype = TYPE_A,
	    .scratch = c->program->scratch};
	return openable_judge(s, c->program->filter->cache, &question);
}

/* Somebody who steers the filter has closed it, for this room among others. */
static bool is_denied(const struct command *c, const struct grant_record *g)
{
	const struct grants *grants = granting_snapshot(c)->state.grants;
	struct moment now = granting_now(c);

	for (size_t i = 0; grants != NULL && i < grants_count(grants); i++) {
		const struct grant *one = grants_at(grants, i);
		bool here = one->scope == SCOPE_ALL || one->scope == SCOPE_TIER ||
		    (one->scope == SCOPE_GROUP && strcmp(one->subject, g->who) == 0);
		if (one->deny && here && grant_is_live(one, now) &&
		    name_is_at_or_below(name_of(&g->name), one->name))
			return true;
	}
	return false;
}

static bool check_lists(struct command *c, const struct grant_record *g)
{
	switch (judge(c, &g->name)) {
	case OPENABLE:
		return true;
	case OPENABLE_NOT_LOCKED:
		command_refuse(c, "locked",
		    N_("a locked category lists that name: nobody at the school opens it"));
		return false;
	case OPENABLE_NOT_SENSITIVE:
		command_refuse(c, "sensitive",
		    N_("a sensitive category lists that name: no teacher opens it for a "
		       "room (ask whoever runs the gateway)"));
		return false;
	case OPENABLE_NOT_SECURITY:
		command_refuse(c, "security",
		    N_("that name is listed as dangerous for the device: no teacher opens "
		       "it for a room (ask whoever runs the gateway)"));
		return false;
	case OPENABLE_NOT_BYPASS:
		command_refuse(c, "bypass",
		    N_("that name leads past the filter, and with it past what nobody "
		       "opens: no teacher opens it for a room"));
		return false;
	case OPENABLE_NOT_SAFE:
		command_refuse(c, "safe_search",
		    N_("that search engine has no safe results: no teacher opens it for a "
		       "room"));
		return false;
	}
	return false;
}

static bool check_name(struct command *c, const struct grant_record *g)
{
	const struct config *config = granting_snapshot(c)->config;

	if (granting_is_suffix(name_of(&g->name), SUFFIX_OF_ANYBODY)) {
		command_refuse(c, "public_suffix",
		    N_("that name holds the sites of many people: write one site's name"));
		return false;
	}
	if (name_equal(name_of(&g->name), config->pages.portal.name.name)) {
		command_refuse(c, "portal",
		    N_("that is the portal's own name, which is always answered"));
		return false;
	}
	if (!check_lists(c, g))
		return false;
	if (is_denied(c, g)) {
		command_refuse(c, "denied",
		    N_("the school has closed that name for a while (lachanctl grants): "
		       "ask whoever runs the gateway"));
		return false;
	}
	return true;
}

/* ---- for whom, how long ---- */

static bool read_group(struct command *c, struct grant_record *g)
{
	const char *group = command_text(c, "group");

	if (group == NULL || strlen(group) >= sizeof g->who ||
	    granting_find_group(granting_snapshot(c)->config, group) == NULL) {
		command_refuse(
		    c, "unknown_group", N_("there is no such group (see filter.groups)"));
		return false;
	}
	(void)snprintf(g->who, sizeof g->who, "%s", group);
	g->scope = SCOPE_GROUP;
	return true;
}

static bool read_duration(struct command *c, struct grant_record *g)
{
	const json_t *given = json_object_get(c->request, "for_ms");
	json_int_t longest_ms =
	    (json_int_t)granting_snapshot(c)->config->pages.teacher_open_ms;
	json_int_t for_ms = given == NULL ? longest_ms : json_integer_value(given);
	struct moment now = granting_now(c);

	if (!now.wall_trusted) {
		command_refuse(c, "clock",
		    N_("the clock is not trusted, so no grant would count: set the time "
		       "first"));
		return false;
	}
	if (for_ms < FOR_MIN_MS || for_ms > longest_ms) {
		command_refuse(c, for_ms > longest_ms ? "too_long" : "wrong",
		    N_("a teacher opens a name for a second at least, and for "
		       "pages.teacher_open at most"));
		return false;
	}
	g->made_s = now.wall_s;
	/* It ends with a second of the calendar, and not before its time is over. */
	for_ms += (json_int_t)(clock_mono_ms() - now.mono_ms);
	g->until_s = now.wall_s + (for_ms + 999) / 1000;
	return true;
}

static bool check_required(struct command *c, const struct grant_record *g)
{
	if (!granting_is_required(c, g))
		return true;
	command_refuse(c, "required",
	    N_("the education department requires that name's category to be closed: no "
	       "teacher opens it"));
	return false;
}

static bool read_opening(struct command *c, struct grant_record *g)
{
	if (!command_is_ours(c)) {
		command_refuse(c, "wrong",
		    N_("only the gateway itself may open a name for a teacher"));
		return false;
	}
	/* The record must name a person. */
	if (command_text(c, "actor") == NULL) {
		command_refuse(c, "wrong", N_("an actor is a short line"));
		return false;
	}
	if (!command_read_actor(c, g->by, sizeof g->by))
		return false;
	if (!command_read_name(c, &g->name)) {
		c->why = "wrong";
		return false;
	}
	return read_group(c, g) && check_name(c, g) && check_required(c, g) &&
	    read_duration(c, g) && granting_read_reason(c, g);
}

/* ---- the command ---- */

/* What is open for this room as long already. */
static const struct grant_record *find_longer(
    const struct command *c, const struct grant_record *g)
{
	const struct grants_file *file = publisher_grants(c->program->publisher);
	size_t count = 0;

	if (file == NULL)
		return NULL;
	const struct grant_record *items = grants_file_items(file, &count);
	for (size_t i = 0; i < count; i++) {
		const struct grant_record *one = &items[i];
		if (!one->deny && one->scope == SCOPE_GROUP &&
		    strcmp(one->who, g->who) == 0 &&
		    name_equal(name_of(&one->name), name_of(&g->name)) &&
		    (one->until_s == 0 || one->until_s >= g->until_s))
			return one;
	}
	return NULL;
}

static void say_open(struct command *c, const struct grant_record *g)
{
	c->reply = json_pack("{s:b, s:I, s:I}", "ok", 1, "id", (json_int_t)g->id, "until_s",
	    (json_int_t)g->until_s);
	if (g->until_s == 0)
		(void)json_object_set_new(c->reply, "until", json_string("always"));
	else
		command_put_time(c->reply, "until", g->until_s);
}

void command_open(struct command *c)
{
	struct grant_record g = {.content_only = true};

	if (!read_opening(c, &g))
		return;
	const struct grant_record *longer = find_longer(c, &g);
	if (longer != NULL) {
		say_open(c, longer);
		return;
	}
	enum err rc = publisher_grant(c->program->publisher, &g, &g.id);
	if (rc != OK) {
		command_refuse(c, "failed", granting_failure(rc));
		return;
	}
	log_info("grants", "grant %u: opened for a room by a teacher", (unsigned)g.id);
	granting_record(c, &(struct granted){g.by, "open", &g});
	say_open(c, &g);
}
