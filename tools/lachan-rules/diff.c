/* lachan-rules diff: what a new database changes.
 *
 * Counts of feeds and categories are always there. Names are fingerprints under a key of each
 * database's own, so which names are new is told from the lists' texts, where the stored copy
 * is still the one that was compiled. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/words.h"
#include "feed/feed.h"
#include "json.h"
#include "rules.h"
#include "source.h"

enum {
	EXAMPLES = 12
};

/* The names of one side that the other does not have. */
struct news {
	const struct ruledb *other;
	uint64_t *seen; /* their hashes, with repeats until counted */
	size_t count, capacity;
	struct name_buf examples[EXAMPLES];
	size_t example_count;
	bool whole; /* every list's text was there, unchanged */
	struct feed_parser *parser;
};

static bool is_example(const struct news *n, struct dname name)
{
	for (size_t i = 0; i < n->example_count; i++) {
		if (name_equal(name_of(&n->examples[i]), name))
			return true;
	}
	return false;
}

static enum err note_new(void *arg, const struct feed_rule *rule)
{
	struct news *n = arg;
	struct name_hashes hashes;

	name_hash_all(&hashes, rule->rule.name, ruledb_key(n->other));
	if (ruledb_has(n->other, &hashes))
		return OK;
	if (n->count == n->capacity) {
		size_t capacity = n->capacity * 2 + 1024;
		uint64_t *seen = reallocarray(n->seen, capacity, sizeof *seen);
		if (seen == NULL)
			return ERR_MEMORY;
		n->seen = seen;
		n->capacity = capacity;
	}
	n->seen[n->count++] = hashes.at[hashes.count - 1];
	if (n->example_count < EXAMPLES && !is_example(n, rule->rule.name))
		name_copy(&n->examples[n->example_count++], rule->rule.name);
	return OK;
}

static enum err take_piece(void *arg, struct slice bytes, struct diag *why)
{
	struct news *n = arg;
	return feed_parser_push(n->parser, bytes, why);
}

/* Keeps out what the compiler kept out: a name the own database does not hold. */
struct own {
	struct news *news;
	const struct ruledb *db;
};

static enum err note_own(void *arg, const struct feed_rule *rule)
{
	const struct own *own = arg;
	struct name_hashes hashes;

	if (rule->rule.subject != RULE_OF_NAME)
		return OK; /* patterns and networks are counted feed by feed */
	name_hash_all(&hashes, rule->rule.name, ruledb_key(own->db));
	return ruledb_has(own->db, &hashes) ? note_new(own->news, rule) : OK;
}

static enum err read_feed(
    struct news *n, const struct ruledb *db, const struct ruledb_feed *feed)
{
	char sha256[SOURCE_SHA256_BYTES] = "";
	struct own own = {n, db};
	struct feed_options options = {.format = feed_format_find(feed->format),
	    .exact = feed->exact,
	    .on_rule = note_own,
	    .arg = &own};
	struct diag why;

	enum err rc = feed_parser_new(&n->parser, &options);
	if (rc != OK)
		return rc;
	rc = feed->source[0] == '\0'
	    ? ERR_NOT_FOUND
	    : source_read(feed->source, take_piece, n, sha256, &why);
	if (rc == OK)
		rc = feed_parser_finish(n->parser, &why);
	feed_parser_free(n->parser);
	n->parser = NULL;
	if (rc == ERR_MEMORY)
		return rc;
	if (rc != OK || strcmp(sha256, feed->sha256) != 0)
		n->whole = false;
	return OK;
}

static int compare_hashes(const void *a, const void *b)
{
	uint64_t x, y;
	memcpy(&x, a, sizeof x);
	memcpy(&y, b, sizeof y);
	return x < y ? -1 : x > y;
}

/* Fills `n` with what `db` has and `other` has not. */
static enum err news_find(
    struct news *n, const struct ruledb *db, const struct ruledb *other)
{
	struct ruledb_feed feed;
	enum err rc = OK;

	*n = (struct news){.other = other, .whole = true};
	for (unsigned i = 0; rc == OK && ruledb_feed_at(db, i, &feed); i++)
		rc = read_feed(n, db, &feed);
	if (n->count > 0)
		qsort(n->seen, n->count, sizeof *n->seen, compare_hashes);
	size_t kept = 0;
	for (size_t i = 0; i < n->count; i++) {
		if (kept == 0 || n->seen[kept - 1] != n->seen[i])
			n->seen[kept++] = n->seen[i];
	}
	n->count = kept;
	return rc;
}

static bool feed_named(const struct ruledb *db, const char *name, struct ruledb_feed *out)
{
	for (unsigned i = 0; ruledb_feed_at(db, i, out); i++) {
		if (strcmp(out->name, name) == 0)
			return true;
	}
	return false;
}

static bool category_named(
    const struct ruledb *db, const char *name, struct ruledb_category *out)
{
	int i = ruledb_category_find(db, name);
	return i >= 0 && ruledb_category_at(db, (unsigned)i, out);
}

/* A feed or category before and after; -1 where it is not. Its names, and of a feed the rules
 * that are more than a name, of a category the patterns and networks. */
struct row {
	const char *kind;
	const char *name;
	int64_t before, after;
	int64_t others_before, others_after;
};

typedef void (*row_fn)(void *arg, const struct row *row);

static struct row category_row(
    const struct ruledb *a, const struct ruledb *b, const char *name)
{
	struct row row = {"category", name, -1, -1, -1, -1};
	struct ruledb_category c;

	if (category_named(a, name, &c)) {
		row.before = (int64_t)c.names;
		row.others_before = (int64_t)c.others;
	}
	if (category_named(b, name, &c)) {
		row.after = (int64_t)c.names;
		row.others_after = (int64_t)c.others;
	}
	return row;
}

static struct row feed_row(
    const struct ruledb *a, const struct ruledb *b, const char *name, bool *same_text)
{
	struct row row = {"feed", name, -1, -1, -1, -1};
	struct ruledb_feed fa = {.sha256 = ""}, fb = {.sha256 = ""};

	if (feed_named(a, name, &fa)) {
		row.before = (int64_t)fa.names;
		row.others_before = fa.specials;
	}
	if (feed_named(b, name, &fb)) {
		row.after = (int64_t)fb.names;
		row.others_after = fb.specials;
	}
	*same_text = row.before >= 0 && row.after >= 0 && strcmp(fa.sha256, fb.sha256) == 0;
	return row;
}

static bool is_change(const struct row *row)
{
	return row->before != row->after || row->others_before != row->others_after;
}

static void category_changes(
    const struct ruledb *a, const struct ruledb *b, row_fn row, void *arg)
{
	struct ruledb_category c;

	for (unsigned i = 0; ruledb_category_at(a, i, &c); i++) {
		struct row one = category_row(a, b, c.name);
		if (is_change(&one))
			row(arg, &one);
	}
	for (unsigned i = 0; ruledb_category_at(b, i, &c); i++) {
		struct row one = category_row(a, b, c.name);
		if (one.before < 0)
			row(arg, &one);
	}
}

static void feed_changes(
    const struct ruledb *a, const struct ruledb *b, row_fn row, void *arg)
{
	struct ruledb_feed f;
	bool same_text;

	for (unsigned i = 0; ruledb_feed_at(a, i, &f); i++) {
		struct row one = feed_row(a, b, f.name, &same_text);
		if (is_change(&one) || !same_text)
			row(arg, &one);
	}
	for (unsigned i = 0; ruledb_feed_at(b, i, &f); i++) {
		struct row one = feed_row(a, b, f.name, &same_text);
		if (one.before < 0)
			row(arg, &one);
	}
}

static void each_change(
    const struct ruledb *a, const struct ruledb *b, row_fn row, void *arg)
{
	category_changes(a, b, row, arg);
	feed_changes(a, b, row, arg);
}

static void print_row(void *arg, const struct row *row)
{
	(void)arg;
	if (row->before < 0) {
		(void)printf(_("+ %s %s: %lld names\n"), row->kind, row->name,
		    (long long)row->after);
	} else if (row->after < 0) {
		(void)printf(_("- %s %s: %lld names\n"), row->kind, row->name,
		    (long long)row->before);
	} else {
		(void)printf(_("  %s %s: %lld names, was %lld\n"), row->kind, row->name,
		    (long long)row->after, (long long)row->before);
	}
	if (row->others_before > 0 || row->others_after > 0) {
		(void)printf(
		    _("      and %lld rules that are more than a name, was %lld\n"),
		    (long long)(row->others_after < 0 ? 0 : row->others_after),
		    (long long)(row->others_before < 0 ? 0 : row->others_before));
	}
}

static json_t *json_count(int64_t count)
{
	return count < 0 ? json_null() : json_integer((json_int_t)count);
}

static void collect_row(void *arg, const struct row *row)
{
	json_t *made = json_pack("{ss so so so}", "kind", row->kind, "name",
	    json_text(slice_of(row->name)), "before", json_count(row->before), "after",
	    json_count(row->after));

	if (row->others_before > 0 || row->others_after > 0) {
		(void)json_object_set_new(made, "others",
		    json_pack("{so so}", "before", json_count(row->others_before), "after",
		        json_count(row->others_after)));
	}
	(void)json_array_append_new(arg, made);
}

static void print_news(const struct news *n, char sign, const char *sentence)
{
	char text[NAME_TEXT_MAX];

	(void)printf("%s: %zu%s\n", sentence, n->count,
	    n->whole ? "" : _(" or more (the text of some list is gone or has changed)"));
	for (size_t i = 0; i < n->example_count; i++) {
		name_to_text(text, name_of(&n->examples[i]));
		(void)printf("%c   %s\n", sign, text);
	}
}

static json_t *news_json(const struct news *n)
{
	char text[NAME_TEXT_MAX];
	json_t *examples = json_array();

	for (size_t i = 0; i < n->example_count; i++) {
		name_to_text(text, name_of(&n->examples[i]));
		(void)json_array_append_new(examples, json_string(text));
	}
	return json_pack("{sI sb so}", "names", (json_int_t)n->count, "whole", n->whole,
	    "examples", examples);
}

static int print_diff(const struct ruledb *a, const struct ruledb *b, bool json)
{
	struct news added = {0}, removed = {0};
	struct ruledb_stat before, after;
	int status;

	enum err rc = news_find(&added, b, a);
	if (rc == OK)
		rc = news_find(&removed, a, b);
	ruledb_stat(a, &before);
	ruledb_stat(b, &after);
	if (rc != OK) {
		status = rules_fail("diff: %s", err_text(rc));
	} else if (json) {
		json_t *changes = json_array();
		each_change(a, b, collect_row, changes);
		status = json_print(json_pack("{s{sI sI} so so so}", "names", "before",
		    (json_int_t)before.names, "after", (json_int_t)after.names, "changes",
		    changes, "added", news_json(&added), "removed", news_json(&removed)));
	} else {
		(void)printf(_("%llu names, was %llu\n"), (unsigned long long)after.names,
		    (unsigned long long)before.names);
		each_change(a, b, print_row, NULL);
		print_news(&added, '+', _("names that are new"));
		print_news(&removed, '-', _("names that are gone"));
		status = rules_end(EXIT_DONE);
	}
	free(added.seen);
	free(removed.seen);
	return status;
}

int rules_diff(int argc, char **argv)
{
	static const struct option options[] = {
	    {"json", no_argument, NULL, 'j'}, {NULL, 0, NULL, 0}};
	struct ruledb *dbs[2] = {NULL, NULL};
	bool json = false;
	int c, status = EXIT_DONE;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c != 'j')
			return rules_usage(_("diff: unknown option"));
		json = true;
	}
	if (argc - optind != 2)
		return rules_usage(_("diff: give two databases"));
	for (int i = 0; i < 2 && status == EXIT_DONE; i++) {
		struct diag why = {0};
		if (ruledb_open(&dbs[i], argv[optind + i], &why) != OK)
			status = rules_fail("%s: %s", argv[optind + i], why.text);
	}
	if (status == EXIT_DONE)
		status = print_diff(dbs[0], dbs[1], json);
	ruledb_close(dbs[0]);
	ruledb_close(dbs[1]);
	return status;
}
