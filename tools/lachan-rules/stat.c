/* lachan-rules stat: what a database holds. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/words.h"
#include "json.h"
#include "rules.h"

static int print_json(const struct ruledb *db, const struct ruledb_stat *stat)
{
	json_t *feeds = json_array();

	for (unsigned i = 0; i < stat->feeds; i++)
		(void)json_array_append_new(feeds, json_feed(db, i));
	return json_print(json_pack("{sI sI sI sI sI sI si si si sI so so}", "generation",
	    (json_int_t)stat->generation, "built", (json_int_t)stat->built_s, "bytes",
	    (json_int_t)stat->size_bytes, "names", (json_int_t)stat->names, "rules",
	    (json_int_t)stat->rules, "sets", (json_int_t)stat->sets, "specials",
	    (int)stat->specials, "patterns", (int)stat->patterns, "networks",
	    (int)stat->networks, "cut", (json_int_t)stat->cut, "categories",
	    json_categories(db), "feeds", feeds));
}

static void print_feed(const struct ruledb *db, unsigned i)
{
	struct ruledb_feed feed;
	uint64_t lines = 0;

	if (!ruledb_feed_at(db, i, &feed))
		return;
	(void)printf(_("%s: %s, %s: %llu names, %llu exceptions, %llu lines refused\n"),
	    feed.name, json_category_name(db, feed.category), feed.format,
	    (unsigned long long)feed.names, (unsigned long long)feed.exceptions,
	    (unsigned long long)feed.refused);
	if (feed.specials > 0) {
		(void)printf(
		    _("    %u rules with conditions, data or a pattern: %u patterns, "
		      "%u networks\n"),
		    feed.specials, feed.patterns, feed.networks);
	}
	for (unsigned k = 0; k < feed.reasons; k++) {
		const char *reason = ruledb_feed_reason(db, i, k, &lines);
		(void)printf("    %llu: %s\n", (unsigned long long)lines, reason);
	}
}

static int print_words(const struct ruledb *db, const struct ruledb_stat *stat)
{
	struct ruledb_category category;

	(void)printf(_("%llu names, %llu rules, %u feeds, %llu bytes, generation %llu\n"),
	    (unsigned long long)stat->names, (unsigned long long)stat->rules, stat->feeds,
	    (unsigned long long)stat->size_bytes, (unsigned long long)stat->generation);
	(void)printf(_("%u rules with conditions, data or a pattern: %u patterns, %u "
	               "networks\n"),
	    stat->specials, stat->patterns, stat->networks);
	for (unsigned i = 0; ruledb_category_at(db, i, &category); i++) {
		(void)printf(_("category %s: %llu names\n"), category.name,
		    (unsigned long long)category.names);
		if (category.others > 0) {
			(void)printf(_("    and %llu patterns and networks\n"),
			    (unsigned long long)category.others);
		}
	}
	for (unsigned i = 0; i < stat->feeds; i++)
		print_feed(db, i);
	return rules_end(EXIT_DONE);
}

int rules_stat(int argc, char **argv)
{
	static const struct option options[] = {
	    {"json", no_argument, NULL, 'j'}, {NULL, 0, NULL, 0}};
	struct ruledb *db = NULL;
	struct ruledb_stat stat;
	struct diag why = {0};
	bool json = false;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c != 'j')
			return rules_usage(_("stat: unknown option"));
		json = true;
	}
	if (argc - optind != 1)
		return rules_usage(_("stat: give one database"));
	if (ruledb_open(&db, argv[optind], &why) != OK)
		return rules_fail("%s: %s", argv[optind], why.text);
	ruledb_stat(db, &stat);
	int status = json ? print_json(db, &stat) : print_words(db, &stat);
	ruledb_close(db);
	return status;
}
