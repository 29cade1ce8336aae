/* status: is the gateway well? */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/words.h"
#include "lachanctl/bundle_words.h"
#include "lachanctl/diagnose_words.h"
#include "lachanctl/feeds_json.h"
#include "lachanctl/say.h"
#include "lachanctl/share_status.h"
#include "lachanctl/table.h"

static int64_t number(const json_t *object, const char *key)
{
	return (int64_t)json_integer_value(json_object_get(object, key));
}

static const char *text(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value != NULL ? value : "";
}

static void row(struct table *t, const char *label, const char *value)
{
	table_cell(t, "%s", label);
	table_cell(t, "%s", value);
}

static const char *source_words(const char *source)
{
	if (strcmp(source, "packaged") == 0)
		return _("the small rules that ship; no list has been pulled yet");
	if (strcmp(source, "previous") == 0)
		return _("the rules before the last ones, which could not be read");
	if (strcmp(source, "none") == 0)
		return _("NONE: nothing is blocked by lists");
	return _("pulled lists");
}

static void say_rules(struct table *t, const json_t *rules)
{
	char names[SAY_BYTES], age[SAY_BYTES], line[256];

	say_count(names, number(rules, "names"));
	say_duration(age, number(rules, "age_s"));
	(void)snprintf(line, sizeof line, _("%s names, %s old (%s)"), names, age,
	    source_words(text(rules, "source")));
	row(t, _("Rules"), line);
}

static void say_queries(struct table *t, const json_t *queries)
{
	char all[SAY_BYTES], blocked[SAY_BYTES], cached[SAY_BYTES], line[256];

	say_count(all, number(queries, "udp") + number(queries, "tcp"));
	say_count(blocked, number(queries, "blocked"));
	say_count(cached, number(queries, "cached"));
	(void)snprintf(line, sizeof line, _("%s; %s blocked, %s answered from the cache"),
	    all, blocked, cached);
	row(t, _("Questions"), line);
}

static void say_cache(struct table *t, const json_t *cache)
{
	char entries[SAY_BYTES], bytes[SAY_BYTES], limit[SAY_BYTES], line[256];

	say_count(entries, number(cache, "entries"));
	say_size(bytes, number(cache, "bytes"));
	say_size(limit, number(cache, "limit_bytes"));
	(void)snprintf(line, sizeof line, _("%s answers, %s of %s"), entries, bytes, limit);
	row(t, _("Cache"), line);
}

/* Up until it is found silent; but nobody knows of one that was never asked. */
static void say_upstream(char *line, size_t size, const json_t *one)
{
	const char *address = text(one, "address");

	if (strcmp(text(one, "state"), "loop") == 0)
		(void)snprintf(
		    line, size, _("%s LEADS BACK TO US and is left out"), address);
	else if (strcmp(text(one, "state"), "up") != 0)
		(void)snprintf(line, size, _("%s DOES NOT ANSWER"), address);
	else if (number(one, "queries") == 0)
		(void)snprintf(line, size, _("%s, not asked yet"), address);
	else if (number(one, "rtt_us") == 0)
		(void)snprintf(line, size, _("%s has not answered yet"), address);
	else
		(void)snprintf(line, size, _("%s answers, %lld ms"), address,
		    (long long)number(one, "rtt_ms"));
}

static void say_upstreams(struct table *t, const json_t *upstreams)
{
	const json_t *one;
	size_t i;

	json_array_foreach(upstreams, i, one)
	{
		char line[256];
		const char *zone = json_string_value(json_object_get(one, "zone"));
		say_upstream(line, sizeof line, one);
		size_t len = strlen(line);
		if (zone != NULL)
			(void)snprintf(line + len, sizeof line - len, " (%s)", zone);
		row(t, i == 0 ? _("Asks") : "", line);
	}
}

static const char *state_words(const char *state)
{
	if (strcmp(state, "ready") == 0)
		return _("runs");
	if (strcmp(state, "starting") == 0)
		return _("is starting");
	if (strcmp(state, "waiting") == 0)
		return _("WAITS for its restart");
	return _("HAS ENDED");
}

static void say_children(struct table *t, const json_t *children)
{
	const json_t *one;
	size_t i;

	json_array_foreach(children, i, one)
	{
		char line[256], up[SAY_BYTES];
		say_duration(up, number(one, "uptime_s"));
		(void)snprintf(line, sizeof line, _("%s: %s for %s, restarted %lld times"),
		    text(one, "name"), state_words(text(one, "state")), up,
		    (long long)number(one, "restarts"));
		row(t, i == 0 ? _("Programs") : "", line);
	}
}

static void say_empty(const struct ctl *c, const json_t *status)
{
	const json_t *empty =
	    json_object_get(json_object_get(status, "rules"), "empty_categories");
	const json_t *one;
	size_t i;

	if (json_array_size(empty) == 0)
		return;
	printf("%s", _("Blocked, but with 0 names (0 names is not protection):"));
	json_array_foreach(empty, i, one) printf(
	    "%s %s", i > 0 ? ";" : "", ctl_category_words(c, json_string_value(one)));
	puts("");
}

static void say_pauses(const struct ctl *c, const json_t *status)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(status, "paused"), i, one)
	{
		char until[SAY_BYTES];
		say_time(until, text(one, "until"), (int64_t)time(NULL));
		printf(_("PAUSED until %s: %s (lachanctl resume ends it)\n"), until,
		    ctl_tier_words(c, text(one, "tier")));
	}
}

/* What the timetable does just now, tier by tier. */
static void say_windows(const struct ctl *c, const json_t *status)
{
	const json_t *tier, *window;
	size_t i, k;

	json_array_foreach(json_object_get(status, "tiers"), i, tier)
	{
		char until[SAY_BYTES];
		if (json_array_size(json_object_get(tier, "windows")) == 0 ||
		    !ctl_tier_is_used(c, text(tier, "tier")))
			continue;
		say_time(until, text(tier, "changes_at"), (int64_t)time(NULL));
		printf(_("Timetable of %s:"), ctl_tier_words(c, text(tier, "tier")));
		json_array_foreach(json_object_get(tier, "windows"), k, window)
		    printf("%s %s", k > 0 ? "," : "", json_string_value(window));
		printf(_(" in force; changes at %s\n"), until);
	}
}

static void say_grants(const json_t *status)
{
	const json_t *grants = json_object_get(status, "grants");
	int64_t count = number(grants, "count");

	if (json_is_null(grants)) {
		puts(_(
		    "The file of the grants cannot be read: none counts (the journal says "
		    "why)."));
	}
	if (count > 0)
		printf(_("Names opened or blocked for a while: %lld (lachanctl grants)\n"),
		    (long long)count);
}

static void say_leases(const json_t *status)
{
	int64_t count = number(json_object_get(status, "leases"), "count");

	if (count > 0)
		printf(
		    _("Devices that are staff's by a sign-in: %lld (each until its time)\n"),
		    (long long)count);
}

static void say_patterns(const json_t *status)
{
	const json_t *patterns = json_object_get(status, "patterns"), *one;
	size_t i;

	json_array_foreach(json_object_get(patterns, "worst"), i, one)
	    printf(_("A pattern of %s costs too much and was cut short %lld times: %s\n"),
	        text(one, "feed"), (long long)number(one, "cut"), text(one, "pattern"));
}

static void say_held(const json_t *status)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(status, "held_feeds"), i, one)
	    printf(_("The list %s waits for a yes: it newly covers names that people need "
	             "(lachanctl feeds)\n"),
	        json_string_value(one));
}

/* The department's bundles; one that has expired is told below again. */
static void say_bundles(struct table *t, const json_t *bundles)
{
	const json_t *one;
	size_t i;

	json_array_foreach(bundles, i, one)
	{
		char said[512], line[640];
		say_bundle_line(said, sizeof said, one);
		(void)snprintf(line, sizeof line, "%s: %s", text(one, "feed"), said);
		row(t, i == 0 ? _("Department") : "", line);
	}
}

static void say_bundle_worries(const json_t *status)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(status, "bundles"), i, one)
	{
		if (json_is_false(json_object_get(one, "in_force")))
			printf(
			    _("The department's bundle %s is NOT IN FORCE: what it requires is "
			      "not kept (lachanctl feeds)\n"),
			    text(one, "feed"));
		else if (json_is_true(json_object_get(one, "expired")))
			printf(
			    _("The department's bundle %s HAS EXPIRED; it stays in force until a "
			      "newer one comes (lachanctl feeds)\n"),
			    text(one, "feed"));
	}
}

/* What needs a person, below the table. */
static void say_worries(const struct ctl *c, const json_t *status)
{
	if (ctl_config_is_newer(c, status)) {
		puts(_(
		    "The configuration's file is newer than what runs: lachanctl reload takes "
		    "it into use."));
	}
	if (json_is_false(json_object_get(status, "enforce"))) {
		puts(
		    _("THIS IS A TRIAL: only locked and security categories are blocked."));
	}
	say_empty(c, status);
	say_held(status);
	say_bundle_worries(status);
	say_pauses(c, status);
	say_windows(c, status);
	say_grants(status);
	say_leases(status);
	say_patterns(status);
	say_diagnosis(json_object_get(status, "diagnose"));
	if (json_is_false(json_object_get(status, "clock_trusted")))
		puts(_("The clock is not trusted: set the time, or wait until it is set."));
	if (json_is_true(json_object_get(status, "partial")))
		puts(_("Today's counts are incomplete (lower bounds)."));
}

/* The lists that wait for a person, where the configuration says which there are. */
static json_t *find_held(const struct ctl *c)
{
	json_t *held = json_array(), *all, *feed;
	size_t i;

	if (c->config == NULL)
		return held;
	all = feeds_to_json(c);
	json_array_foreach(json_object_get(all, "feeds"), i, feed)
	{
		if (json_is_object(json_object_get(feed, "held")))
			(void)json_array_append_new(held, json_string(text(feed, "name")));
	}
	json_decref(all);
	return held;
}

static void say_status(const struct ctl *c, const json_t *status)
{
	char up[SAY_BYTES], line[128];
	struct table *t = table_new(2);

	say_duration(up, number(status, "uptime_s"));
	(void)snprintf(
	    line, sizeof line, _("%s, running for %s"), text(status, "version"), up);
	row(t, "Lá Chắn", line);
	say_rules(t, json_object_get(status, "rules"));
	say_bundles(t, json_object_get(status, "bundles"));
	say_queries(t, json_object_get(status, "queries"));
	say_upstreams(t, json_object_get(status, "upstreams"));
	say_cache(t, json_object_get(status, "cache"));
	say_children(t, json_object_get(status, "children"));
	share_status_say(t, json_object_get(status, "sharing"));
	table_print(t, 0, stdout);
	table_free(t);
	say_worries(c, status);
}

enum ctl_status command_status(struct ctl *c)
{
	json_t *status = NULL, *supervisor = NULL;
	bool reached = false;

	if (c->argc > 0)
		return ctl_usage(c, "status [--json]");
	enum ctl_status rc = ctl_ask(c, c->control_path, "status", NULL, &status);
	if (rc != CTL_DONE)
		return rc;
	/* The filter may run by hand, without a supervisor: then there are no children. */
	if (ctl_try(c, c->lachand_path, "children", NULL, &supervisor, &reached) ==
	    CTL_DONE)
		(void)json_object_update_missing(status, supervisor);
	json_decref(supervisor);
	(void)json_object_set_new(status, "held_feeds", find_held(c));
	(void)json_object_set_new(status, "sharing", share_status_find(c));
	if (c->json)
		return ctl_print_json(status);
	say_status(c, status);
	json_decref(status);
	return CTL_DONE;
}
