/* explain: why is a name blocked, or open? */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/words.h"
#include "dns/idn.h"
#include "dns/text.h"
#include "kit/local_time.h"
#include "lachanctl/explain_offline.h"
#include "lachanctl/explain_words.h"
#include "lachanctl/say.h"
#include "lachanctl/table.h"
#include "net/addr.h"
#include "policy/policy.h"

static const char *text(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value != NULL ? value : "";
}

static bool is(const json_t *object, const char *key, const char *value)
{
	return strcmp(text(object, key), value) == 0;
}

/* A time of the object as seen from the moment the object speaks of. */
static void say_moment(char out[SAY_BYTES], const json_t *e, const char *rfc3339)
{
	int64_t at_s = (int64_t)time(NULL);

	(void)say_parse_time(text(e, "at"), &at_s);
	say_time(out, rfc3339, at_s);
}

static void say_verdict(const struct ctl *c, const json_t *e)
{
	const char *category = text(e, "category");
	bool blocked = is(e, "verdict", "block");

	if (c->at != NULL) {
		char at[SAY_BYTES];
		say_time(at, text(e, "at"), (int64_t)time(NULL));
		printf(_("At %s:\n"), at);
	}
	printf(blocked ? _("%s is BLOCKED for %s: %s.\n") : _("%s is OPEN for %s: %s.\n"),
	    text(e, "name"), ctl_tier_words(c, text(e, "tier")),
	    explain_reason_words(text(e, "reason"), !blocked));
	if (*category != 0) {
		/* What allow-only blocks belongs to no category of itself. */
		printf(is(e, "reason", "allow-only") ? _("Counted as: %s (%s)\n")
		                                     : _("Category: %s (%s)\n"),
		    ctl_category_words(c, category), category);
	}
	const json_t *service = json_object_get(e, "service");
	if (json_is_object(service))
		printf(
		    _("Service: %s (%s)\n"), text(service, "title"), text(service, "name"));
	if (blocked)
		printf(_("Answered with: %s\n"), explain_answer_words(text(e, "answer")));
}

/* Open itself, but what its answer leads to is not. */
static void say_through(const json_t *e)
{
	const json_t *through = json_object_get(e, "through");
	const char *reason = explain_reason_words(text(through, "reason"), false);

	if (!json_is_object(through))
		return;
	if (*text(through, "name") == 0) {
		printf(_("Its answer holds an address that is blocked: %s\n"), reason);
	} else {
		printf(_("Its answer leads to %s: %s\n"), text(through, "name"), reason);
	}
}

static void say_window(const json_t *e)
{
	const json_t *window = json_object_get(e, "window");
	const char *opens = text(window, "opens_at"), *closes = text(window, "closes_at");
	char at[SAY_BYTES];

	if (*text(window, "name") != 0)
		printf(_("Window of the timetable: %s\n"), text(window, "name"));
	if (*opens != 0) {
		say_moment(at, e, opens);
		printf(_("By the timetable it opens again at %s.\n"), at);
	}
	if (*closes != 0) {
		say_moment(at, e, closes);
		printf(_("By the timetable it closes again at %s.\n"), at);
	}
}

static void say_lease(const json_t *e)
{
	const char *until = text(e, "staff_until");
	char at[SAY_BYTES];

	if (*until == 0)
		return;
	say_time(at, until, (int64_t)time(NULL));
	printf(_("Staff's until %s: somebody has signed in at this device.\n"), at);
}

static void say_grant(const json_t *e)
{
	const json_t *grant = json_object_get(e, "grant");
	const char *until = text(grant, "until"), *reason = text(grant, "reason");
	char at[SAY_BYTES];

	if (grant == NULL || json_is_null(grant))
		return;
	say_moment(at, e, until);
	printf(_("Grant %lld, by %s, until %s%s%s\n"),
	    (long long)json_integer_value(json_object_get(grant, "id")), text(grant, "by"),
	    strcmp(until, "always") == 0 ? _("somebody revokes it") : at,
	    *reason != 0 ? ": " : "", reason);
}

static void say_rewrite(const json_t *e)
{
	const json_t *safe = json_object_get(e, "safe_search");
	const char *leads = text(safe, "leads_to");

	if (*leads == 0)
		return;
	printf(json_is_true(json_object_get(safe, "youtube"))
	        ? _("YouTube's restricted mode: it leads to %s\n")
	        : _("Safe search: it leads to %s\n"),
	    leads);
}

/* How one that is open is answered, where the school itself knows. */
static void say_local(const json_t *e)
{
	const json_t *local = json_object_get(e, "local");
	const char *zone = text(local, "zone");

	if (!json_is_object(local) || is(e, "verdict", "block"))
		return;
	printf("%s: %s\n", explain_local_words(text(local, "of"), text(local, "answer")),
	    zone);
	if (json_is_true(json_object_get(local, "wildcard")))
		puts(_("  (by the record of all names that are not written: *)"));
	if (json_is_true(json_object_get(local, "synthesised")))
		puts(_("  (it follows from the address of a record)"));
}

static void say_rebound(const json_t *e)
{
	if (!json_is_true(json_object_get(e, "rebound")))
		return;
	puts(_("Its answer holds private addresses, which no public name needs: they are "
	       "withheld."));
	printf(_("If it is the school's own: upstream: {zones: [{zone: %s}]}\n"),
	    text(e, "name"));
}

/* Where a rule stands: the feed or file, and the line where that is known. */
static void add_place(struct table *t, const json_t *rule)
{
	json_int_t line = json_integer_value(json_object_get(rule, "line"));
	const char *place = text(rule, "feed");

	if (*place == 0)
		place = text(rule, "file");
	if (line > 0) {
		table_cell(t, "%s:%lld", place, (long long)line);
	} else {
		table_cell(t, "%s", place);
	}
}

static void add_date(struct table *t, const json_t *rule)
{
	time_t at = (time_t)json_integer_value(json_object_get(rule, "fetched_s"));
	struct tm tm;
	char day[SAY_BYTES] = "";

	if (at > 0 && localtime_r(&at, &tm) != NULL)
		(void)strftime(day, sizeof day, "%d/%m/%Y", &tm);
	table_cell(t, "%s", day);
}

/* What the rule speaks of: a name, a window or a service. */
static const char *subject_of(const json_t *rule)
{
	const char *match = text(rule, "match");

	if (*text(rule, "window") != 0)
		return text(rule, "window");
	if (*text(rule, "service") != 0)
		return text(rule, "service");
	return *match == 0 && is(rule, "kind", "block") ? _("(pattern)") : match;
}

/* A rule that blocks where its category or service is blocked. */
static bool is_block(const json_t *rule)
{
	return is(rule, "kind", "block") || is(rule, "kind", "service") ||
	    is(rule, "kind", "youtube");
}

static void add_rule(const struct ctl *c, struct table *t, const json_t *rule)
{
	bool idle = *text(rule, "category") != 0 && is_block(rule) &&
	    json_is_false(json_object_get(rule, "in_force"));

	table_cell(t, "%s", json_is_true(json_object_get(rule, "wins")) ? "→" : "");
	table_cell(t, "%s", explain_kind_words(text(rule, "kind")));
	table_cell(t, "%s", subject_of(rule));
	table_cell(t, "%s%s", ctl_category_words(c, text(rule, "category")),
	    idle ? _(" (not blocked here)") : "");
	add_place(t, rule);
	add_date(t, rule);
	table_cell(t, "%s", *text(rule, "feed") != 0 ? text(rule, "text") : "");
}

/* A window that is in force took part only where there is something that it could open or
 * close. */
static bool took_part(const json_t *rules, const json_t *rule)
{
	const json_t *other;
	size_t i;

	if (!is(rule, "kind", "window") || json_is_true(json_object_get(rule, "wins")))
		return true;
	json_array_foreach(rules, i, other)
	{
		if (is_block(other))
			return true;
	}
	return false;
}

static void say_rules(const struct ctl *c, const json_t *e)
{
	const json_t *rules = json_object_get(e, "rules");
	struct table *t = table_new(7);
	size_t i, shown = 0;
	const json_t *rule;

	json_array_foreach(rules, i, rule)
	{
		if (!took_part(rules, rule))
			continue;
		add_rule(c, t, rule);
		shown++;
	}
	if (shown > 0)
		puts(_("Rules that took part (→ decided):"));
	table_print(t, 2, stdout);
	table_free(t);
	json_int_t dropped = json_integer_value(json_object_get(e, "rules_dropped"));
	if (dropped > 0)
		printf(_("  and %lld more\n"), (long long)dropped);
}

/* Advice that is no line of the tier's own lists. */
static void say_other_advice(const json_t *e, const char *tier)
{
	if (is(e, "advice", "resume")) {
		puts(_("To block it again: lachanctl resume"));
	} else if (is(e, "advice", "block-category")) {
		printf(_("To block it: put %s into `block` of the tier %s.\n"),
		    text(e, "advice_category"), tier);
	} else if (is(e, "advice", "revoke")) {
		printf(is(e, "verdict", "block")
		        ? _("To open it: lachanctl revoke %lld\n")
		        : _("To block it: lachanctl revoke %lld\n"),
		    (long long)json_integer_value(
		        json_object_get(json_object_get(e, "grant"), "id")));
	} else if (is(e, "advice", "drop-service")) {
		printf(_("To open it: take %s out of `block_services` of the tier %s.\n"),
		    text(json_object_get(e, "service"), "name"), tier);
	} else if (is(e, "advice", "window")) {
		printf(_("To change that: the window %s in `schedules` of the tier %s.\n"),
		    text(json_object_get(e, "window"), "name"), tier);
	} else if (is(e, "advice", "enforce")) {
		puts(_("To block it: end the trial, `enforce: on` of `filter`."));
	} else if (is(e, "advice", "rules")) {
		puts(_("There are no rules: lachanctl feeds update"));
	} else if (is(e, "advice", "department")) {
		puts(_(
		    "Nobody at the school can open it; the department can, by a never-block "
		    "name in its bundle."));
	} else if (is(e, "verdict", "block")) {
		puts(_("Nobody at the school can open it."));
	}
}

static void say_advice(const json_t *e)
{
	const char *name = text(e, "advice_name");
	const char *tier = text(e, "tier");

	if (*name == 0)
		name = text(e, "name");
	if (is(e, "advice", "allow")) {
		printf(
		    _("To open it: put %s into `allow` of the tier %s in lachan.yaml.\n"),
		    name, tier);
	} else if (is(e, "advice", "deny")) {
		printf(
		    _("To block it: put %s into `deny` of the tier %s in lachan.yaml.\n"),
		    name, tier);
	} else if (is(e, "advice", "drop-deny")) {
		printf(
		    _("To open it: take %s out of `deny` of the tier %s.\n"), name, tier);
	} else if (is(e, "advice", "drop-allow")) {
		printf(
		    _("To block it: take %s out of `allow` of the tier %s.\n"), name, tier);
	} else {
		say_other_advice(e, tier);
	}
	/* What opens or closes it for an hour needs no change of the configuration. */
	if (is(e, "advice", "allow") || is(e, "advice", "window") ||
	    is(e, "advice", "drop-service"))
		printf(is(e, "verdict", "block")
		        ? _("For a while: lachanctl allow %s --tier %s --for 45m\n")
		        : _("For a while: lachanctl deny %s --tier %s --for 45m\n"),
		    name, tier);
}

/* `at`: NULL, or the moment as RFC 3339. */
static json_t *make_arguments(const struct ctl *c, const char *name, const char *at)
{
	json_t *arguments = ctl_tier_argument(c);
	const struct {
		const char *key, *value;
	} more[] = {{"name", name}, {"type", c->type}, {"client", c->client}, {"at", at}};

	for (size_t i = 0; i < COUNT_OF(more); i++) {
		if (more[i].value != NULL)
			(void)json_object_set_new(
			    arguments, more[i].key, json_string(more[i].value));
	}
	return arguments;
}

/* From the running filter; where there is none, from the disk. */
static enum ctl_status find_explanation(
    struct ctl *c, const char *name, int64_t at_s, json_t **out)
{
	char at[LOCAL_TIME_TEXT_BYTES];
	bool reached;

	local_time_text(at, at_s);
	enum ctl_status status = ctl_try(c, c->control_path, "explain",
	    make_arguments(c, name, c->at != NULL ? at : NULL), out, &reached);
	if (reached)
		return status;
	if (c->config == NULL) {
		return ctl_fail(c, CTL_FAILED,
		    _("the gateway is not running; say which configuration: lachanctl -c "
		      "FILE explain %s"),
		    name);
	}
	status = explain_offline(c, name, at_s, out);
	if (status == CTL_DONE && !c->json) {
		printf(
		    _("(The gateway is not running: judged by %s and the rules on disk.)\n"),
		    c->config_path);
	}
	return status;
}

/* What was asked can be asked, whoever answers; the name as DNS writes it. */
static enum ctl_status read_question(const struct ctl *c, char name[NAME_TEXT_MAX])
{
	struct name_buf wire;
	struct addr client;
	struct mac mac;
	struct diag why;
	uint16_t type;

	if (name_from_people(&wire, slice_of(c->argv[0]), &why) != OK)
		return ctl_fail(c, CTL_USAGE, "%s: %s", c->argv[0], why.text);
	name_to_text(name, name_of(&wire));
	if (c->type != NULL && !text_to_type(slice_of(c->type), &type))
		return ctl_fail(c, CTL_USAGE, _("%s is not a record type"), c->type);
	if (c->client != NULL &&
	    policy_read_client(&client, &mac, slice_of(c->client), &why) != OK)
		return ctl_fail(c, CTL_USAGE, "%s: %s", c->client, why.text);
	return CTL_DONE;
}

enum ctl_status command_explain(struct ctl *c)
{
	json_t *explanation = NULL;
	int64_t at_s = (int64_t)time(NULL);
	char name[NAME_TEXT_MAX];

	if (c->argc != 1 || (c->client != NULL && c->tier != NULL)) {
		return ctl_usage(c,
		    "explain NAME [--type T] [--client ADDR|MAC | --tier TIER] [--at TIME] "
		    "[--json]");
	}
	enum ctl_status status = read_question(c, name);
	if (status != CTL_DONE)
		return status;
	if (c->at != NULL && !say_read_moment(c->at, at_s, &at_s)) {
		return ctl_fail(c, CTL_USAGE,
		    _("--at %s: write it like 11:30, \"2026-12-21 09:00\" or "
		      "2026-12-21T09:00:00+07:00"),
		    c->at);
	}
	status = find_explanation(c, name, at_s, &explanation);
	if (status != CTL_DONE) {
		json_decref(explanation);
		return status;
	}
	if (c->json)
		return ctl_print_json(explanation);
	say_verdict(c, explanation);
	say_through(explanation);
	say_window(explanation);
	say_lease(explanation);
	say_grant(explanation);
	say_rewrite(explanation);
	say_local(explanation);
	say_rebound(explanation);
	say_rules(c, explanation);
	say_advice(explanation);
	json_decref(explanation);
	return CTL_DONE;
}
