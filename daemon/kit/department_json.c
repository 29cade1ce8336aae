#include "kit/department.h"

static json_t *tiers_to_json(const struct bundle_tier *tiers, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++) {
		json_t *categories = json_array();
		for (size_t k = 0; k < tiers[i].count; k++)
			(void)json_array_append_new(
			    categories, json_string(tiers[i].categories[k]));
		(void)json_array_append_new(list,
		    json_pack(
		        "{s:s, s:o}", "tier", tiers[i].tier, "categories", categories));
	}
	return list;
}

static json_t *lists_to_json(const struct bundle *b)
{
	json_t *list = json_array();

	for (size_t i = 0; i < b->list_count; i++)
		(void)json_array_append_new(list,
		    json_pack("{s:s, s:s, s:I}", "name", b->lists[i].name, "category",
		        b->lists[i].category, "entries", (json_int_t)b->lists[i].entries));
	return list;
}

static json_t *feeds_to_json(const struct bundle *b)
{
	json_t *list = json_array();

	for (size_t i = 0; i < b->feed_count; i++)
		(void)json_array_append_new(list,
		    json_pack("{s:s, s:s, s:b, s:s}", "name", b->feeds[i].name, "category",
		        b->feeds[i].category, "required", b->feeds[i].required ? 1 : 0,
		        "url", b->feeds[i].url));
	return list;
}

json_t *department_to_json(const struct department_bundle *one, int64_t now_s)
{
	const struct bundle *b = &one->bundle;
	char created[BUNDLE_TIME_BYTES], expires[BUNDLE_TIME_BYTES];
	const char *name = one->feed->name.text;

	if (!one->in_force) {
		return json_pack(
		    "{s:s, s:b, s:s}", "feed", name, "in_force", 0, "why", one->why.text);
	}
	bundle_time_text(created, b->created_s);
	bundle_time_text(expires, b->expires_s);
	return json_pack(
	    "{s:s, s:b, s:s, s:s, s:s, s:I, s:s, s:s, s:b, s:o, s:o, s:I, s:o, "
	    "s:o}",
	    "feed", name, "in_force", 1, "why", "", "name", b->name, "title", b->title,
	    "serial", (json_int_t)b->serial, "created", created, "expires", expires,
	    "expired", b->expires_s <= now_s ? 1 : 0, "mandatory",
	    tiers_to_json(b->mandatory, b->mandatory_count), "block",
	    tiers_to_json(b->block, b->block_count), "never_block",
	    (json_int_t)b->never_block_count, "lists", lists_to_json(b), "feeds",
	    feeds_to_json(b));
}
