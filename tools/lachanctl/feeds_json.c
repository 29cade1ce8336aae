#include "lachanctl/feeds_json.h"

#include <stdio.h>
#include <time.h>

#include "kit/department.h"
#include "kit/feed_meta.h"
#include "lachanctl/say.h"

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
	json_t *meta = feed_meta_read(c->config->server.state_dir.text, feed->name.text);
	const char *url = feed->url.count > 0 ? feed->url.items[0].text : "";
	json_t *made = json_pack("{s:s, s:s, s:b, s:o, s:o, s:o, s:s, s:s, s:o, s:s}",
	    "name", feed->name.text, "category", feed->category.text, "enabled",
	    feed->enabled, "entries", member_or(meta, "entries", json_integer(0)),
	    "refused", member_or(meta, "refused", json_object()), "age", age_of(meta),
	    "result", text_or(meta, "result", "never"), "reason",
	    text_or(meta, "reason", ""), "next_try",
	    member_or(meta, "next_try", json_null()), "url", text_or(meta, "url", url));

	json_t *more = json_pack("{s:o, s:b, s:o}", "patterns",
	    member_or(meta, "patterns", json_integer(0)), "off",
	    json_is_true(json_object_get(meta, "off")), "held",
	    member_or(meta, "held", json_null()));
	(void)json_object_update(made, more);
	json_decref(more);
	json_decref(meta);
	return made;
}

/* What is known of a department's bundle; NULL is null. */
static json_t *bundle_to_json(const struct department *d, const struct config_feed *feed)
{
	for (size_t i = 0; i < d->count; i++)
		if (d->items[i].feed == feed)
			return department_to_json(&d->items[i], (int64_t)time(NULL));
	return json_null();
}

/* Lists that a bundle requires: as those of the file, with "required_by". */
static void add_required(
    const struct ctl *c, const struct department_bundle *from, json_t *list)
{
	for (size_t i = 0; i < from->bundle.feed_count; i++) {
		const struct bundle_feed *one = &from->bundle.feeds[i];
		struct config_feed feed = {
		    .enabled = true, .category = {.text = one->category}};
		struct conf_text url = {.text = one->url};
		char name[DEPARTMENT_NAME_BYTES];
		if (!one->required)
			continue;
		department_name(name, from->feed->name.text, DEPARTMENT_FEED, one->name);
		feed.name.text = name;
		feed.url = (struct conf_texts){.items = &url, .count = 1};
		json_t *made = feed_to_json(c, &feed);
		(void)json_object_set_new(
		    made, "required_by", json_string(from->feed->name.text));
		(void)json_array_append_new(list, made);
	}
}

json_t *feeds_to_json(const struct ctl *c)
{
	const struct config_feeds *feeds = &c->config->filter.feeds;
	struct department department = {.count = 0};
	json_t *list = json_array();

	(void)!department_read(&department, c->config);
	for (size_t i = 0; i < feeds->count; i++) {
		json_t *made = feed_to_json(c, &feeds->items[i]);
		(void)json_object_set_new(
		    made, "bundle", bundle_to_json(&department, &feeds->items[i]));
		(void)json_array_append_new(list, made);
	}
	for (size_t i = 0; i < department.count; i++)
		add_required(c, &department.items[i], list);
	department_deinit(&department);
	return json_pack("{s:o}", "feeds", list);
}
