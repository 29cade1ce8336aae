#include "lachanctl/feeds_json.h"

#include <stdio.h>
#include <time.h>

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

json_t *feeds_to_json(const struct ctl *c)
{
	const struct config_feeds *feeds = &c->config->filter.feeds;
	json_t *list = json_array();

	for (size_t i = 0; i < feeds->count; i++)
		(void)json_array_append_new(list, feed_to_json(c, &feeds->items[i]));
	return json_pack("{s:o}", "feeds", list);
}
