/* explain: why is a name blocked, or open? */
#include <stdio.h>
#include <string.h>

#include "base/words.h"
#include "dns/name.h"
#include "lachanctl/explain_offline.h"
#include "lachanctl/table.h"

static const char *text(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value != NULL ? value : "";
}

static bool is(const json_t *object, const char *key, const char *value)
{
	return strcmp(text(object, key), value) == 0;
}

static const char *reason_words(const char *reason)
{
	static const struct {
		const char *reason;
		const char *words;
	} all[] = {
	    {"nothing", N_("no rule in force speaks of it")},
	    {"locked", N_("its category is locked: nobody at the school opens it")},
	    {"allow", N_("the tier's own list allows it")},
	    {"deny", N_("the tier's own list denies it")},
	    {"never-block", N_("it is a never-block name: no content list blocks it")},
	    {"category", N_("the tier blocks its category")},
	    {"pause", N_("filtering is paused")},
	    {"portal", N_("it is the portal's own name")},
	    {"no-rules", N_("there are no usable rules, and without_rules says refuse")},
	};

	for (size_t i = 0; i < COUNT_OF(all); i++) {
		if (strcmp(all[i].reason, reason) == 0)
			return _(all[i].words);
	}
	return reason;
}

static const char *kind_words(const char *kind)
{
	static const struct {
		const char *kind;
		const char *words;
	} all[] = {
	    {"block", N_("blocks")},
	    {"exception", N_("exception")},
	    {"allow", N_("tier allows")},
	    {"deny", N_("tier denies")},
	    {"never-block", N_("never block")},
	    {"portal", N_("portal")},
	    {"pause", N_("pause")},
	};

	for (size_t i = 0; i < COUNT_OF(all); i++) {
		if (strcmp(all[i].kind, kind) == 0)
			return _(all[i].words);
	}
	return kind;
}

static void say_verdict(const struct ctl *c, const json_t *e)
{
	const char *category = text(e, "category");
	bool blocked = is(e, "verdict", "block");

	printf(blocked ? _("%s is BLOCKED for %s: %s.\n") : _("%s is OPEN for %s: %s.\n"),
	    text(e, "name"), ctl_tier_words(c, text(e, "tier")),
	    reason_words(text(e, "reason")));
	if (*category != 0)
		printf(_("Category: %s (%s)\n"), ctl_category_words(c, category), category);
	if (blocked)
		printf(_("Answered with: %s\n"), text(e, "answer"));
}

static void add_rule(const struct ctl *c, struct table *t, const json_t *rule)
{
	const char *place = text(rule, "feed");
	json_int_t line = json_integer_value(json_object_get(rule, "line"));
	bool idle = *text(rule, "category") != 0 && is(rule, "kind", "block") &&
	    json_is_false(json_object_get(rule, "in_force"));

	if (*place == 0)
		place = text(rule, "file");
	table_cell(t, "%s", json_is_true(json_object_get(rule, "wins")) ? "→" : "");
	table_cell(t, "%s", kind_words(text(rule, "kind")));
	table_cell(t, "%s", text(rule, "match"));
	table_cell(t, "%s%s", ctl_category_words(c, text(rule, "category")),
	    idle ? _(" (not blocked here)") : "");
	if (line > 0) {
		table_cell(t, "%s:%lld", place, (long long)line);
	} else {
		table_cell(t, "%s", place);
	}
	table_cell(t, "%s", text(rule, "text"));
}

static void say_rules(const struct ctl *c, const json_t *e)
{
	const json_t *rules = json_object_get(e, "rules");
	struct table *t = table_new(6);
	const json_t *rule;
	size_t i;

	if (json_array_size(rules) > 0)
		puts(_("Rules that took part (→ decided):"));
	json_array_foreach(rules, i, rule) add_rule(c, t, rule);
	table_print(t, 2, stdout);
	table_free(t);
	json_int_t dropped = json_integer_value(json_object_get(e, "rules_dropped"));
	if (dropped > 0)
		printf(_("  and %lld more\n"), (long long)dropped);
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
	} else if (is(e, "advice", "resume")) {
		puts(_("To block it again: lachanctl resume"));
	} else if (is(e, "advice", "block-category")) {
		printf(_("To block it: put %s into `block` of the tier %s.\n"),
		    text(e, "advice_category"), tier);
	} else if (is(e, "advice", "rules")) {
		puts(_("There are no rules: lachanctl feeds update"));
	} else if (is(e, "verdict", "block")) {
		puts(_("Nobody at the school can open it."));
	}
}

static json_t *make_arguments(const struct ctl *c, const char *name)
{
	json_t *arguments = ctl_tier_argument(c);

	(void)json_object_set_new(arguments, "name", json_string(name));
	if (c->type != NULL)
		(void)json_object_set_new(arguments, "type", json_string(c->type));
	if (c->client != NULL)
		(void)json_object_set_new(arguments, "client", json_string(c->client));
	return arguments;
}

enum ctl_status command_explain(struct ctl *c)
{
	json_t *explanation = NULL;
	bool reached;

	if (c->argc != 1 || (c->client != NULL && c->tier != NULL)) {
		return ctl_usage(
		    c, "explain NAME [--type T] [--client ADDR | --tier TIER] [--json]");
	}
	const char *name = c->argv[0];
	struct name_buf wire;
	struct diag why;
	if (name_from_text(&wire, slice_of(name), &why) != OK)
		return ctl_fail(c, CTL_USAGE, "%s: %s", name, why.text);
	enum ctl_status status = ctl_try(
	    c, c->control_path, "explain", make_arguments(c, name), &explanation, &reached);
	if (!reached && c->config == NULL) {
		return ctl_fail(c, CTL_FAILED,
		    _("the gateway is not running; say which configuration: lachanctl -c "
		      "FILE explain %s"),
		    name);
	}
	if (!reached) {
		status = explain_offline(c, name, &explanation);
		if (status == CTL_DONE && !c->json) {
			printf(
			    _("(The gateway is not running: judged by %s and the rules on "
			      "disk.)\n"),
			    c->config_path);
		}
	}
	if (status != CTL_DONE) {
		json_decref(explanation);
		return status;
	}
	if (c->json)
		return ctl_print_json(explanation);
	say_verdict(c, explanation);
	say_rules(c, explanation);
	say_advice(explanation);
	json_decref(explanation);
	return CTL_DONE;
}
