/* Which names are known to be listed: those that ship for trying, which belong to nobody; where
 * the school pulls other lists instead, the first names of those. */
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "feed/feed.h"
#include "lachanctl/offline.h"
#include "lachanctl/selftest/selftest.h"

enum {
	HEAD_BYTES = 256 * 1024, /* of a list: some begin with pages of comment */
	CHUNK_BYTES = 16 * 1024,
	NAMES_PER_FEED = 3
};

static void add(json_t *list, const char *category, const char *name)
{
	(void)json_array_append_new(
	    list, json_pack("{s:s, s:s}", "category", category, "name", name));
}

json_t *names_for_trying(const struct config *config)
{
	json_t *list = json_array();

	for (size_t i = 0; i < config->categories.count; i++) {
		const char *category = config->categories.items[i].name.text;
		char name[128];
		(void)snprintf(name, sizeof name, "%s.thu.lachan.example", category);
		for (char *p = name; *p != 0; p++)
			if (*p == '_')
				*p = '-';
		add(list, category, name);
	}
	return list;
}

struct search {
	json_t *list;
	const char *category;
	unsigned found;
};

/* Plain rules alone: what else a rule needs to act is not known here. */
static enum err take_rule(void *arg, const struct feed_rule *rule)
{
	struct search *s = arg;
	char name[NAME_TEXT_MAX];
	unsigned reach = rule->rule.kind & RULE_REACH_MASK;

	if (rule->rule.subject != RULE_OF_NAME || rule->rule.terms != NULL ||
	    (rule->rule.kind & RULE_EXCEPTION) != 0 || reach == RULE_BELOW ||
	    name_label_count(rule->rule.name) < 2)
		return OK;
	name_to_text(name, rule->rule.name);
	add(s->list, s->category, name);
	return ++s->found >= NAMES_PER_FEED ? ERR_CLOSED : OK; /* ERR_CLOSED: enough */
}

static void read_head(struct feed_parser *parser, const char *path)
{
	uint8_t chunk[CHUNK_BYTES];
	gzFile file = gzopen(path, "rb"); /* plain files too */
	size_t read = 0;
	int n = 0;
	enum err rc = OK;

	if (file == NULL)
		return;
	while (
	    rc == OK && read < HEAD_BYTES && (n = gzread(file, chunk, sizeof chunk)) > 0) {
		read += (size_t)n;
		rc = feed_parser_push(parser, (struct slice){chunk, (size_t)n}, NULL);
	}
	if (rc == OK && read < HEAD_BYTES)
		(void)!feed_parser_finish(parser, NULL);
	gzclose(file);
}

static void search_feed(
    struct search *s, const struct ruledb_feed *feed, const char *state_dir)
{
	const struct feed_options options = {.format = feed_format_find(feed->format),
	    .exact = feed->exact,
	    .on_rule = take_rule,
	    .arg = s};
	struct feed_parser *parser = NULL;
	char path[FILE_PATH_BYTES];
	bool absolute = feed->source[0] == '/';

	s->found = 0;
	if (path_join(path, sizeof path, absolute ? "" : state_dir,
	        absolute ? feed->source + 1 : feed->source) == OK &&
	    feed_parser_new(&parser, &options) == OK)
		read_head(parser, path);
	feed_parser_free(parser);
}

json_t *names_of_lists(const struct config *config, const bool *wanted)
{
	struct search s = {.list = json_array()};
	struct ruledb *rules = offline_rules(config);
	struct ruledb_category category;
	struct ruledb_feed feed;
	size_t index;

	for (unsigned i = 0; rules != NULL && ruledb_feed_at(rules, i, &feed); i++) {
		if (feed.source[0] == 0 ||
		    !ruledb_category_at(rules, feed.category, &category) ||
		    !config_find_category(config, category.name, &index) || !wanted[index])
			continue;
		s.category = category.name;
		search_feed(&s, &feed, config->server.state_dir.text);
	}
	ruledb_close(rules);
	return s.list;
}
