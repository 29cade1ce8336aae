/* allow, deny, grants, revoke: names opened or blocked for a while. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "base/words.h"
#include "dns/idn.h"
#include "dns/text.h"
#include "lachanctl/ctl.h"
#include "lachanctl/say.h"
#include "lachanctl/table.h"
#include "net/prefix.h"

static const char *text(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value != NULL ? value : "";
}

static bool is_always(const char *until)
{
	return strcmp(until, "always") == 0;
}

/* The name as it can be granted, in DNS form: a site's, not a TLD. */
static enum ctl_status read_name(
    const struct ctl *c, const char *name, char out[NAME_TEXT_MAX])
{
	struct name_buf wire;
	struct diag why;

	if (name_from_people(&wire, slice_of(name), &why) != OK)
		return ctl_fail(c, CTL_USAGE, "%s: %s", name, why.text);
	name_to_text(out, name_of(&wire));
	if (name_label_count(name_of(&wire)) < 2) {
		return ctl_fail(c, CTL_USAGE,
		    _("%s would cover half the internet: write a site's name"), name);
	}
	return CTL_DONE;
}

/* Whom the grant is for: at most one of tier, room and addresses; else everybody. */
static enum ctl_status put_scope(const struct ctl *c, json_t *arguments)
{
	struct prefix prefix;
	struct diag why;
	int given = (c->tier != NULL) + (c->group != NULL) + (c->client != NULL);

	if (given > 1) {
		return ctl_fail(c, CTL_USAGE, "%s",
		    _("write only one of --tier, --group and --client"));
	}
	if (c->client != NULL && prefix_from_text(&prefix, slice_of(c->client), &why) != OK)
		return ctl_fail(c, CTL_USAGE, "--client %s: %s", c->client, why.text);
	if (c->tier != NULL)
		(void)json_object_set_new(arguments, "tier", json_string(c->tier));
	if (c->group != NULL)
		(void)json_object_set_new(arguments, "group", json_string(c->group));
	if (c->client != NULL)
		(void)json_object_set_new(arguments, "client", json_string(c->client));
	return CTL_DONE;
}

static enum ctl_status put_time(const struct ctl *c, json_t *arguments)
{
	uint64_t for_ms = 45 * 60 * 1000;

	if (c->for_time != NULL && strcmp(c->for_time, "always") == 0) {
		(void)json_object_set_new(arguments, "for", json_string("always"));
		return CTL_DONE;
	}
	if (c->for_time != NULL &&
	    (!text_to_duration_ms(slice_of(c->for_time), &for_ms) || for_ms < 1000)) {
		return ctl_fail(c, CTL_USAGE,
		    _("--for %s: write it like 45m, 2h or 7d, or always"), c->for_time);
	}
	(void)json_object_set_new(arguments, "for_ms", json_integer((json_int_t)for_ms));
	return CTL_DONE;
}

static const char *scope_words(const struct ctl *c)
{
	return c->tier != NULL  ? ctl_tier_words(c, c->tier)
	    : c->group != NULL  ? c->group
	    : c->client != NULL ? c->client
	                        : _("everybody");
}

static enum ctl_status say_made(
    const struct ctl *c, const char *name, bool deny, json_t *reply)
{
	const char *until = text(reply, "until");
	json_int_t id = json_integer_value(json_object_get(reply, "id"));
	char at[SAY_BYTES];

	if (c->json)
		return ctl_print_json(reply);
	say_time(at, until, (int64_t)time(NULL));
	if (is_always(until)) {
		printf(deny ? _("%s is blocked for %s until somebody revokes it (lachanctl "
		                "revoke %lld).\n")
		            : _("%s is open for %s until somebody revokes it (lachanctl "
		                "revoke %lld).\n"),
		    name, scope_words(c), (long long)id);
	} else {
		printf(deny
		        ? _("%s is blocked for %s until %s (lachanctl revoke %lld ends it "
		            "earlier).\n")
		        : _("%s is open for %s until %s (lachanctl revoke %lld ends it "
		            "earlier).\n"),
		    name, scope_words(c), at, (long long)id);
	}
	json_decref(reply);
	return CTL_DONE;
}

static enum ctl_status grant(struct ctl *c, const char *command)
{
	char name[NAME_TEXT_MAX];
	json_t *arguments, *reply;

	if (c->argc != 1) {
		return ctl_usage(c,
		    "allow|deny NAME [--tier T | --group G | --client PREFIX] [--for 45m | "
		    "--for always] [--reason TEXT]");
	}
	enum ctl_status status = read_name(c, c->argv[0], name);
	if (status != CTL_DONE)
		return status;
	arguments = json_object();
	(void)json_object_set_new(arguments, "name", json_string(name));
	if (c->reason != NULL)
		(void)json_object_set_new(arguments, "reason", json_string(c->reason));
	status = put_scope(c, arguments);
	if (status == CTL_DONE)
		status = put_time(c, arguments);
	if (status != CTL_DONE) {
		json_decref(arguments);
		return status;
	}
	status = ctl_ask(c, c->control_path, command, arguments, &reply);
	return status != CTL_DONE
	    ? status
	    : say_made(c, c->argv[0], strcmp(command, "deny") == 0, reply);
}

enum ctl_status command_allow(struct ctl *c)
{
	return grant(c, "allow");
}

enum ctl_status command_deny(struct ctl *c)
{
	return grant(c, "deny");
}

/* ---- what was granted ------------------------------------------------------------------- */

static void add_grant(const struct ctl *c, struct table *t, const json_t *one)
{
	const char *who = text(one, "who"), *until = text(one, "until");
	char at[SAY_BYTES];

	if (strcmp(text(one, "scope"), "tier") == 0)
		who = ctl_tier_words(c, who);
	say_time(at, until, (int64_t)time(NULL));
	table_cell(t, "%lld", (long long)json_integer_value(json_object_get(one, "id")));
	table_cell(t, "%s",
	    json_is_true(json_object_get(one, "deny"))               ? _("blocked")
	        : json_is_true(json_object_get(one, "content_only")) ? _("open (teacher)")
	                                                             : _("open"));
	table_cell(t, "%s", text(one, "name"));
	table_cell(t, "%s", *who != 0 ? who : _("everybody"));
	table_cell(t, "%s", is_always(until) ? _("it is revoked") : at);
	table_cell(t, "%s", text(one, "by"));
	table_cell(t, "%s%s",
	    json_is_false(json_object_get(one, "applies")) ? _("(without effect now) ")
	                                                   : "",
	    text(one, "reason"));
}

static void say_grants(const struct ctl *c, const json_t *reply)
{
	const json_t *grants = json_object_get(reply, "grants"), *one;
	const char *const heads[] = {
	    _("number"), _("is"), _("name"), _("for"), _("until"), _("by"), _("reason")};
	struct table *t = table_new(COUNT_OF(heads));
	size_t i;

	if (json_array_size(grants) == 0) {
		puts(_("No name is opened or blocked for a while."));
		table_free(t);
		return;
	}
	for (i = 0; i < COUNT_OF(heads); i++)
		table_cell(t, "%s", heads[i]);
	table_right(t, 0);
	json_array_foreach(grants, i, one) add_grant(c, t, one);
	table_print(t, 0, stdout);
	table_free(t);
}

enum ctl_status command_grants(struct ctl *c)
{
	json_t *reply;

	if (c->argc > 0)
		return ctl_usage(c, "grants [--json]");
	enum ctl_status status = ctl_ask(c, c->control_path, "grants", NULL, &reply);
	if (status != CTL_DONE)
		return status;
	if (c->json)
		return ctl_print_json(reply);
	say_grants(c, reply);
	json_decref(reply);
	return CTL_DONE;
}

enum ctl_status command_revoke(struct ctl *c)
{
	json_t *arguments, *reply;
	uint64_t id;

	if (c->argc != 1)
		return ctl_usage(c, "revoke ID");
	if (!slice_to_u64(slice_of(c->argv[0]), UINT32_MAX, &id) || id == 0) {
		return ctl_fail(c, CTL_USAGE,
		    _("%s is no number of a grant (see lachanctl grants)"), c->argv[0]);
	}
	arguments = json_pack("{s:I}", "id", (json_int_t)id);
	enum ctl_status status = ctl_ask(c, c->control_path, "revoke", arguments, &reply);
	if (status != CTL_DONE)
		return status;
	if (c->json)
		return ctl_print_json(reply);
	json_decref(reply);
	puts(_("Ended. Devices may remember the old answer for half a minute."));
	return CTL_DONE;
}
