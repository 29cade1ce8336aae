#include "json.h"

#include <stdlib.h>

#include "base/words.h"
#include "rules.h"

json_t *json_text(struct slice bytes)
{
	json_t *text = json_stringn((const char *)bytes.ptr, bytes.len);
	if (text != NULL || bytes.len == 0)
		return text != NULL ? text : json_string("");
	char *copy = malloc(bytes.len);
	if (copy == NULL)
		return NULL;
	for (size_t i = 0; i < bytes.len; i++)
		copy[i] = (char)(bytes.ptr[i] < 0x80 ? bytes.ptr[i] : '?');
	text = json_stringn(copy, bytes.len);
	free(copy);
	return text;
}

const char *json_category_name(const struct ruledb *db, unsigned category)
{
	struct ruledb_category c;

	if (category == RULEDB_CATEGORY_ALLOW)
		return RULEDB_ALLOW_NAME;
	return ruledb_category_at(db, category, &c) ? c.name : "";
}

json_t *json_category_names(const struct ruledb *db, uint64_t categories)
{
	json_t *names = json_array();
	for (; categories != 0; categories &= categories - 1) {
		(void)json_array_append_new(names,
		    json_string(
		        json_category_name(db, (unsigned)__builtin_ctzll(categories))));
	}
	return names;
}

static json_t *json_reasons(const struct ruledb *db, unsigned feed)
{
	json_t *reasons = json_object();
	uint64_t lines = 0;

	for (unsigned k = 0;; k++) {
		const char *text = ruledb_feed_reason(db, feed, k, &lines);
		if (text == NULL)
			return reasons;
		(void)json_object_set_new(reasons, text, json_integer((json_int_t)lines));
	}
}

json_t *json_feed(const struct ruledb *db, unsigned i)
{
	struct ruledb_feed f;

	if (!ruledb_feed_at(db, i, &f))
		return NULL;
	return json_pack("{so ss ss so so ss sb sI sI sI sI sI sI si si si ss so}", "feed",
	    json_text(slice_of(f.name)), "category", json_category_name(db, f.category),
	    "format", f.format, "url", json_text(slice_of(f.url)), "source",
	    json_text(slice_of(f.source)), "sha256", f.sha256, "exact", f.exact, "fetched",
	    (json_int_t)f.fetched_s, "names", (json_int_t)f.names, "exceptions",
	    (json_int_t)f.exceptions, "rules", (json_int_t)f.rules, "idle",
	    (json_int_t)f.idle, "refused", (json_int_t)f.refused, "specials",
	    (int)f.specials, "patterns", (int)f.patterns, "networks", (int)f.networks,
	    "judging", f.longest ? "longest" : "rank", "reasons", json_reasons(db, i));
}

json_t *json_categories(const struct ruledb *db)
{
	json_t *all = json_array();
	struct ruledb_category c;

	for (unsigned i = 0; ruledb_category_at(db, i, &c); i++) {
		json_t *row =
		    json_pack("{ss sI}", "name", c.name, "names", (json_int_t)c.names);
		if (c.others > 0) {
			(void)json_object_set_new(
			    row, "others", json_integer((json_int_t)c.others));
		}
		(void)json_array_append_new(all, row);
	}
	return all;
}

int json_print(json_t *value_take)
{
	int rc = value_take == NULL
	    ? -1
	    : json_dumpf(value_take, stdout, JSON_PRESERVE_ORDER | JSON_COMPACT);
	json_decref(value_take);
	if (rc != 0)
		return rules_fail(_("cannot write the output"));
	(void)putchar('\n');
	return rules_end(EXIT_DONE);
}
