/* feeds: the lists that are pulled; pulling them now, and what a person decides about them. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/words.h"
#include "kit/translate.h"
#include "lachanctl/bundle_words.h"
#include "lachanctl/feeds_json.h"
#include "lachanctl/helper.h"
#include "lachanctl/say.h"
#include "lachanctl/table.h"

static const char *text(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value != NULL ? value : "";
}

static int64_t number(const json_t *object, const char *key)
{
	return (int64_t)json_integer_value(json_object_get(object, key));
}

static bool is_on(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

/* ---- what became of each ---------------------------------------------------------------- */

static const char *result_words(const json_t *feed)
{
	const char *result = text(feed, "result");

	if (!is_on(feed, "enabled") || is_on(feed, "off"))
		return _("off");
	if (json_is_object(json_object_get(feed, "held")))
		return _("WAITS for a yes");
	if (strcmp(result, "ok") == 0)
		return _("new copy");
	if (strcmp(result, "unchanged") == 0)
		return _("unchanged");
	if (strcmp(result, "refused") == 0)
		return _("REFUSED");
	return _("never pulled");
}

static int64_t count_refused(json_t *refused)
{
	const char *reason;
	json_t *lines;
	int64_t count = 0;

	json_object_foreach((json_t *)(uintptr_t)refused, reason, lines) count +=
	    (int64_t)json_integer_value(lines);
	return count;
}

static void add_count(struct table *t, int64_t count)
{
	char said[SAY_BYTES];

	say_count(said, count);
	table_cell(t, "%s", said);
}

static void add_feed(struct table *t, const json_t *feed)
{
	const json_t *age = json_object_get(feed, "age");
	char age_words[SAY_BYTES] = "–", next[SAY_BYTES] = "–";
	const char *next_try = text(feed, "next_try");

	if (json_is_integer(age))
		say_duration(age_words, (int64_t)json_integer_value(age));
	if (*next_try != 0)
		say_time(next, next_try, (int64_t)time(NULL));
	table_cell(t, "%s", text(feed, "name"));
	table_cell(t, "%s",
	    json_is_object(json_object_get(feed, "bundle")) ? _("bundle")
	                                                    : text(feed, "category"));
	add_count(t, number(feed, "entries"));
	add_count(t, number(feed, "patterns"));
	add_count(t, count_refused(json_object_get(feed, "refused")));
	table_cell(t, "%s", age_words);
	table_cell(t, "%s", result_words(feed));
	table_cell(t, "%s", next);
}

/* A list that newly covers names which schools need keeps its old copy until a person has
 * looked: which names, and the two ways on. */
static void say_held(const json_t *feed)
{
	const json_t *held = json_object_get(feed, "held"), *one;
	const char *name = text(feed, "name");
	char since[SAY_BYTES];
	size_t i;

	if (!json_is_object(held))
		return;
	say_time(since, text(held, "since"), (int64_t)time(NULL));
	printf(_("%s: a new copy waits since %s; the old one stays. It would newly block "
	         "names that people need (%lld):"),
	    name, since, (long long)number(held, "covers_count"));
	json_array_foreach(json_object_get(held, "covers"), i, one)
	    printf("%s %s", i > 0 ? "," : "", json_string_value(one));
	puts(number(held, "covers_count") > (int64_t)i ? ", …" : "");
	printf(
	    _("  Is that right? lachanctl feeds accept %s   Else: lachanctl feeds off %s\n"),
	    name, name);
}

/* What a bundle is, beside its lists; and what it only offers. */
static void say_bundle(const json_t *feed)
{
	const json_t *bundle = json_object_get(feed, "bundle"), *one;
	const char *name = text(feed, "name");
	char line[CTL_TEXT_BYTES];
	size_t i;

	if (*text(feed, "required_by") != 0)
		printf(_("%s: required by the bundle of %s\n"), name,
		    text(feed, "required_by"));
	if (!json_is_object(bundle))
		return;
	say_bundle_line(line, sizeof line, bundle);
	printf("%s: %s\n", name, line);
	json_array_foreach(json_object_get(bundle, "feeds"), i, one)
	{
		if (!is_on(one, "required"))
			printf(_("%s offers the list %s (%s): %s\n"), name,
			    text(one, "name"), text(one, "category"), text(one, "url"));
	}
}

/* The refused lines with their reasons, and why a whole feed was refused. */
static void say_reasons(const json_t *feed)
{
	const char *name = text(feed, "name"), *why = text(feed, "reason"), *reason;
	bool held = json_is_object(json_object_get(feed, "held"));
	char words[CTL_TEXT_BYTES];
	json_t *lines;

	if (*why != 0 && !held) {
		translate_text(words, sizeof words, why);
		printf("%s: %s\n", name, words);
	}
	say_held(feed);
	say_bundle(feed);
	if (is_on(feed, "off"))
		printf(_("%s: switched off; lachanctl feeds on %s takes it in again\n"),
		    name, name);
	json_object_foreach(json_object_get(feed, "refused"), reason, lines)
	{
		translate_text(words, sizeof words, reason);
		printf(_("%s: %lld lines not used: %s\n"), name,
		    (long long)json_integer_value(lines), words);
	}
}

static enum ctl_status list_feeds(struct ctl *c)
{
	json_t *all = feeds_to_json(c);
	const json_t *feeds = json_object_get(all, "feeds"), *feed;
	size_t i;

	if (c->json)
		return ctl_print_json(all);
	const char *const heads[] = {_("list"), _("category"), _("names"), _("patterns"),
	    _("lines not used"), _("age"), _("last try"), _("next try")};
	struct table *t = table_new(COUNT_OF(heads));
	for (i = 0; i < COUNT_OF(heads); i++)
		table_cell(t, "%s", heads[i]);
	for (i = 2; i <= 4; i++)
		table_right(t, i);
	json_array_foreach(feeds, i, feed) add_feed(t, feed);
	table_print(t, 0, stdout);
	table_free(t);
	json_array_foreach(feeds, i, feed) say_reasons(feed);
	json_decref(all);
	return CTL_DONE;
}

/* ---- orders ----------------------------------------------------------------------------- */

/* Each is a command of the supervisor, and an option of lachan-feeds where there is none. */
static const struct order {
	const char *word;
	const char *command;
	const char *option;
	bool wants_name;
} orders[] = {
    {"update", "feeds-update", "--only", false},
    {"accept", "feeds-accept", "--accept", true},
    {"off", "feeds-off", "--off", true},
    {"on", "feeds-on", "--on", true},
};

static const struct order *find_order(const char *word)
{
	for (size_t i = 0; i < COUNT_OF(orders); i++) {
		if (strcmp(orders[i].word, word) == 0)
			return &orders[i];
	}
	return NULL;
}

/* Without a supervisor the work is ours. */
static enum ctl_status run_order(
    const struct ctl *c, const struct order *order, const char *name, int *how)
{
	const char *const words[] = {
	    "-c", c->config_path, name != NULL ? order->option : NULL, name, NULL};

	if (c->config == NULL) {
		return ctl_fail(c, CTL_FAILED,
		    _("the gateway is not running; say which configuration: -c FILE"));
	}
	return helper_run(c, words, how);
}

/* By the supervisor, else by ourselves. CTL_DONE with what lachan-feeds ended with in *how;
 * else it was not run, and that was said. */
static enum ctl_status give_order(
    struct ctl *c, const struct order *order, const char *name, int *how)
{
	json_t *arguments = json_object(), *reply = NULL;
	bool reached;

	if (name != NULL)
		(void)json_object_set_new(arguments, "name", json_string(name));
	enum ctl_status status =
	    ctl_try(c, c->lachand_path, order->command, arguments, &reply, &reached);
	if (!reached)
		return run_order(c, order, name, how);
	*how = number(reply, "exit_status") != 0;
	json_decref(reply);
	return status;
}

/* The list's own object; NULL when there is no such list. Borrowed from `all`. */
static const json_t *find_feed(const json_t *all, const char *name)
{
	const json_t *feed;
	size_t i;

	json_array_foreach(json_object_get(all, "feeds"), i, feed)
	{
		if (strcmp(text(feed, "name"), name) == 0)
			return feed;
	}
	return NULL;
}

/* What can be told before anything runs. */
static enum ctl_status check_order(
    const struct ctl *c, const struct order *order, const char *name)
{
	enum ctl_status status = CTL_DONE;

	if (name == NULL || c->config == NULL)
		return CTL_DONE;
	json_t *all = feeds_to_json(c);
	const json_t *feed = find_feed(all, name);
	if (feed == NULL) {
		status = ctl_fail(
		    c, CTL_USAGE, _("there is no list %s (see lachanctl feeds)"), name);
	} else if (strcmp(order->word, "off") == 0 &&
	    (json_is_object(json_object_get(feed, "bundle")) ||
	        *text(feed, "required_by") != 0)) {
		status = ctl_fail(c, CTL_FAILED,
		    _("%s is required by the education department: it is not switched off"),
		    name);
	} else if (strcmp(order->word, "accept") == 0 &&
	    !json_is_object(json_object_get(feed, "held"))) {
		status = ctl_fail(c, CTL_FAILED,
		    _("%s holds nothing back: there is nothing to accept"), name);
	}
	json_decref(all);
	return status;
}

static enum ctl_status order_feeds(
    struct ctl *c, const struct order *order, const char *name)
{
	int how = 0;
	enum ctl_status status = check_order(c, order, name);

	if (status == CTL_DONE)
		status = give_order(c, order, name, &how);
	if (status != CTL_DONE)
		return status;
	if (how != 0 && !c->json)
		(void)fputs(
		    _("lachanctl: not every list was taken; here is why:\n"), stderr);
	if (c->config != NULL)
		(void)list_feeds(c);
	return how == 0 ? CTL_DONE : CTL_FAILED;
}

enum ctl_status command_feeds(struct ctl *c)
{
	const struct order *order = c->argc > 0 ? find_order(c->argv[0]) : NULL;

	if (order != NULL && c->argc <= 2 && (c->argc == 2 || !order->wants_name))
		return order_feeds(c, order, c->argc == 2 ? c->argv[1] : NULL);
	if (c->argc > 0) {
		return ctl_usage(
		    c, "feeds [update [NAME] | accept NAME | off NAME | on NAME] [--json]");
	}
	if (c->config == NULL) {
		return ctl_fail(c, CTL_FAILED,
		    _("the lists stand in the configuration; say which: lachanctl -c FILE "
		      "feeds"));
	}
	return list_feeds(c);
}
