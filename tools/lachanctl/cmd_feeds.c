/* feeds: the lists that are pulled, and pulling them now. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/words.h"
#include "kit/translate.h"
#include "lachanctl/helper.h"
#include "lachanctl/say.h"
#include "lachanctl/table.h"

enum {
	META_MAX_BYTES = 64 * 1024
};

/* state_dir/feeds/NAME.meta; NULL when there is none that can be read. */
static json_t *read_meta(const struct ctl *c, const char *name)
{
	char file[128], folder[FILE_PATH_BYTES], path[FILE_PATH_BYTES];
	struct buf text = BUF_INIT(META_MAX_BYTES);
	json_t *meta = NULL;

	int n = snprintf(file, sizeof file, "%s.meta", name);
	if (n > 0 && (size_t)n < sizeof file &&
	    path_join(folder, sizeof folder, c->config->server.state_dir.text, "feeds") ==
	        OK &&
	    path_join(path, sizeof path, folder, file) == OK &&
	    file_read(path, &text) == OK)
		meta = json_loadb((const char *)text.ptr, text.len, 0, NULL);
	buf_deinit(&text);
	return meta;
}

static const char *text_or(const json_t *object, const char *key, const char *otherwise)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value != NULL ? value : otherwise;
}

/* Seconds since the last good copy came; null when there is none. */
static json_t *age_of(const json_t *meta)
{
	int64_t fetched_s;

	if (!say_parse_time(text_or(meta, "fetched", ""), &fetched_s))
		return json_null();
	int64_t age_s = (int64_t)time(NULL) - fetched_s;
	return json_integer((json_int_t)(age_s > 0 ? age_s : 0));
}

/* A member of the meta file, or what stands for "not known". */
static json_t *member_or(const json_t *meta, const char *key, json_t *otherwise)
{
	json_t *value = json_object_get(meta, key);

	if (value == NULL)
		return otherwise;
	json_decref(otherwise);
	return json_incref(value);
}

static json_t *feed_to_json(const struct ctl *c, const struct config_feed *feed)
{
	json_t *meta = read_meta(c, feed->name.text);
	const char *url = feed->url.count > 0 ? feed->url.items[0].text : "";
	json_t *made = json_pack("{s:s, s:s, s:b, s:o, s:o, s:o, s:s, s:s, s:o, s:s}",
	    "name", feed->name.text, "category", feed->category.text, "enabled",
	    feed->enabled, "entries", member_or(meta, "entries", json_integer(0)),
	    "refused", member_or(meta, "refused", json_object()), "age", age_of(meta),
	    "result", text_or(meta, "result", "never"), "reason",
	    text_or(meta, "reason", ""), "next_try",
	    member_or(meta, "next_try", json_null()), "url", text_or(meta, "url", url));

	json_decref(meta);
	return made;
}

static json_t *feeds_to_json(const struct ctl *c)
{
	const struct config_feeds *feeds = &c->config->filter.feeds;
	json_t *list = json_array();

	for (size_t i = 0; i < feeds->count; i++)
		(void)json_array_append_new(list, feed_to_json(c, &feeds->items[i]));
	return json_pack("{s:o}", "feeds", list);
}

static const char *result_words(const char *result)
{
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

static void add_feed(struct table *t, const json_t *feed)
{
	const json_t *age = json_object_get(feed, "age");
	char entries[SAY_BYTES], refused[SAY_BYTES], age_words[SAY_BYTES] = "–";
	char next[SAY_BYTES] = "–";
	const char *next_try = text_or(feed, "next_try", "");

	say_count(entries, (int64_t)json_integer_value(json_object_get(feed, "entries")));
	say_count(refused, count_refused(json_object_get(feed, "refused")));
	if (json_is_integer(age))
		say_duration(age_words, (int64_t)json_integer_value(age));
	if (*next_try != 0)
		say_time(next, next_try, (int64_t)time(NULL));
	table_cell(t, "%s", text_or(feed, "name", ""));
	table_cell(t, "%s", text_or(feed, "category", ""));
	table_cell(t, "%s", entries);
	table_cell(t, "%s", refused);
	table_cell(t, "%s", age_words);
	table_cell(t, "%s",
	    json_is_false(json_object_get(feed, "enabled"))
	        ? _("off")
	        : result_words(text_or(feed, "result", "")));
	table_cell(t, "%s", next);
}

/* The refused lines with their reasons, and why a whole feed was refused. */
static void say_reasons(const json_t *feeds)
{
	const json_t *feed;
	char words[CTL_TEXT_BYTES];
	size_t i;

	json_array_foreach(feeds, i, feed)
	{
		const char *name = text_or(feed, "name", ""),
		           *why = text_or(feed, "reason", "");
		const char *reason;
		json_t *lines;
		if (*why != 0) {
			translate_text(words, sizeof words, why);
			printf("%s: %s\n", name, words);
		}
		json_object_foreach(json_object_get(feed, "refused"), reason, lines)
		{
			translate_text(words, sizeof words, reason);
			printf(_("%s: %lld lines not used: %s\n"), name,
			    (long long)json_integer_value(lines), words);
		}
	}
}

static enum ctl_status list_feeds(struct ctl *c)
{
	json_t *all = feeds_to_json(c);
	const json_t *feeds = json_object_get(all, "feeds"), *feed;
	size_t i;

	if (c->json)
		return ctl_print_json(all);
	struct table *t = table_new(7);
	const char *const heads[] = {_("list"), _("category"), _("names"),
	    _("lines not used"), _("age"), _("last try"), _("next try")};
	for (i = 0; i < COUNT_OF(heads); i++)
		table_cell(t, "%s", heads[i]);
	table_right(t, 2);
	table_right(t, 3);
	json_array_foreach(feeds, i, feed) add_feed(t, feed);
	table_print(t, 0, stdout);
	table_free(t);
	say_reasons(feeds);
	json_decref(all);
	return CTL_DONE;
}

/* Without a supervisor the fetch is ours. */
static enum ctl_status run_update(const struct ctl *c, const char *name)
{
	const char *const words[] = {
	    "-c", c->config_path, name != NULL ? "--only" : NULL, name, NULL};

	return helper_run(c, words);
}

/* What became of asking the supervisor. */
enum asked {
	ASKED_NOBODY,  /* there is none */
	ASKED_REFUSED, /* it refused, and that was said */
	ASKED_FAILED,  /* a list was refused */
	ASKED_DONE
};

static enum asked ask_supervisor(struct ctl *c, const char *name)
{
	json_t *arguments = json_object(), *reply = NULL;
	bool reached;

	if (name != NULL)
		(void)json_object_set_new(arguments, "name", json_string(name));
	if (ctl_try(c, c->lachand_path, "feeds-update", arguments, &reply, &reached) !=
	    CTL_DONE)
		return reached ? ASKED_REFUSED : ASKED_NOBODY;
	bool failed = json_integer_value(json_object_get(reply, "exit_status")) != 0;
	json_decref(reply);
	return failed ? ASKED_FAILED : ASKED_DONE;
}

static bool is_feed(const struct ctl *c, const char *name)
{
	for (size_t i = 0; i < c->config->filter.feeds.count; i++) {
		if (strcmp(c->config->filter.feeds.items[i].name.text, name) == 0)
			return true;
	}
	return false;
}

static enum ctl_status update(struct ctl *c, const char *name)
{
	enum ctl_status status;

	if (name != NULL && c->config != NULL && !is_feed(c, name)) {
		return ctl_fail(
		    c, CTL_USAGE, _("there is no list %s (see lachanctl feeds)"), name);
	}
	switch (ask_supervisor(c, name)) {
	case ASKED_REFUSED:
		return CTL_FAILED;
	case ASKED_NOBODY:
		if (c->config == NULL) {
			return ctl_fail(c, CTL_FAILED,
			    _("the gateway is not running; say which configuration: -c FILE"));
		}
		status = run_update(c, name);
		break;
	case ASKED_FAILED:
		if (!c->json) {
			(void)fputs(
			    _("lachanctl: a list was refused; here is why:\n"), stderr);
		}
		status = CTL_FAILED;
		break;
	case ASKED_DONE:
	default:
		status = CTL_DONE;
		break;
	}
	if (c->config != NULL)
		(void)list_feeds(c);
	return status;
}

enum ctl_status command_feeds(struct ctl *c)
{
	const char *word = c->argc > 0 ? c->argv[0] : NULL;

	if (word != NULL &&
	    (strcmp(word, "accept") == 0 || strcmp(word, "on") == 0 ||
	        strcmp(word, "off") == 0)) {
		char what[64];
		(void)snprintf(what, sizeof what, "feeds %s", word);
		return ctl_not_built(c, what);
	}
	if (word != NULL && strcmp(word, "update") == 0 && c->argc <= 2)
		return update(c, c->argc == 2 ? c->argv[1] : NULL);
	if (word != NULL)
		return ctl_usage(c, "feeds [update [NAME]] [--json]");
	if (c->config == NULL) {
		return ctl_fail(c, CTL_FAILED,
		    _("the lists stand in the configuration; say which: lachanctl -c FILE "
		      "feeds"));
	}
	return list_feeds(c);
}
