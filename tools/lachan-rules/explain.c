/* lachan-rules explain: why a name is or is not listed. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "ask.h"
#include "base/text.h"
#include "base/words.h"
#include "dns/text.h"
#include "json.h"
#include "rules.h"

struct batch {
	struct question *items;
	size_t count, capacity;
};

static void batch_deinit(struct batch *b)
{
	for (size_t i = 0; i < b->count; i++) {
		free(b->items[i].rule);
		free(b->items[i].bad_name);
	}
	free(b->items);
}

static enum err batch_add(
    struct batch *b, struct slice name, struct slice type, struct diag *why)
{
	struct question q = {.feed = -1};
	uint16_t number = 1;

	if (b->count == ASK_NAMES_MAX) {
		diag_set(why, _("more than %d names in one batch"), ASK_NAMES_MAX);
		return ERR_FULL;
	}
	enum err rc = name_from_text(&q.name, name, why);
	if (rc != OK)
		return rc;
	if (type.len > 0 && !text_to_type(type, &number)) {
		diag_set(why, _("unknown record type \"%.*s\""), (int)type.len,
		    (const char *)type.ptr);
		return ERR_FORMAT;
	}
	text_from_type(q.type, number);
	if (b->count == b->capacity) {
		size_t capacity = b->capacity == 0 ? 16 : b->capacity * 2;
		struct question *items = reallocarray(b->items, capacity, sizeof *items);
		if (items == NULL)
			return ERR_MEMORY;
		b->items = items;
		b->capacity = capacity;
	}
	b->items[b->count++] = q;
	return OK;
}

/* What is no question keeps its place among the answers, with its own words and no verdict. */
static enum err batch_add_bad(struct batch *b, struct slice name, struct slice type)
{
	enum err rc = batch_add(b, SLICE_LIT("."), SLICE_EMPTY, NULL);
	if (rc != OK)
		return rc;
	struct question *q = &b->items[b->count - 1];
	char text[NAME_TEXT_MAX];
	text_printable(text, sizeof text, name);
	q->bad_name = strdup(text);
	if (type.len > 0)
		text_printable(q->type, sizeof q->type, type);
	return q->bad_name != NULL ? OK : ERR_MEMORY;
}

static struct dname matched_name(const struct question *q)
{
	struct dname name = name_of(&q->name);
	for (size_t labels = name_label_count(name); labels > q->depth; labels--)
		name = name_parent(name);
	return name;
}

static json_t *category_names(const struct ruledb *db, uint64_t categories)
{
	json_t *names = json_array();
	for (; categories != 0; categories &= categories - 1) {
		(void)json_array_append_new(names,
		    json_string(
		        json_category_name(db, (unsigned)__builtin_ctzll(categories))));
	}
	return names;
}

static int print_json(const struct ruledb *db, const struct question *q)
{
	char name[NAME_TEXT_MAX], match[NAME_TEXT_MAX] = "";
	struct ruledb_feed feed = {.name = ""};

	name_to_text(name, name_of(&q->name));
	if (q->feed >= 0 && ruledb_feed_at(db, (unsigned)q->feed, &feed))
		name_to_text(match, matched_name(q));
	const char *asked = q->bad_name != NULL ? q->bad_name : name;
	return json_print(json_pack("{ss ss ss so ss so so sI sn}", "name", asked, "type",
	    q->type, "verdict", ask_verdict_text(q->verdict), "categories",
	    category_names(db, q->categories), "match", match, "rule",
	    json_text((struct slice){(const uint8_t *)q->rule, q->rule_len}), "feed",
	    json_text(slice_of(feed.name)), "line", (json_int_t)q->line, "rewrite"));
}

static void print_words(const struct ruledb *db, const struct question *q)
{
	char text[NAME_TEXT_MAX];
	struct ruledb_feed feed;

	name_to_text(text, name_of(&q->name));
	(void)printf("%s %s: %s\n", text, q->type, ask_verdict_text(q->verdict));
	for (uint64_t rest = q->categories; rest != 0; rest &= rest - 1) {
		(void)printf(_("  category: %s\n"),
		    json_category_name(db, (unsigned)__builtin_ctzll(rest)));
	}
	if (q->feed < 0 || !ruledb_feed_at(db, (unsigned)q->feed, &feed))
		return;
	name_to_text(text, matched_name(q));
	(void)printf(_("  listed as: %s\n"), text);
	if (q->line == 0) {
		(void)printf(_("  list: %s (its text is gone, so the line is unknown)\n"),
		    feed.name);
		return;
	}
	char rule[ASK_RULE_BYTES * 4];
	text_printable(
	    rule, sizeof rule, (struct slice){(const uint8_t *)q->rule, q->rule_len});
	(void)printf(
	    _("  list: %s, line %llu: %s\n"), feed.name, (unsigned long long)q->line, rule);
}

/* One name from the arguments. */
static int explain_one(const struct ruledb *db, int argc, char **argv, bool json)
{
	struct batch b = {0};
	struct diag why = {0};
	struct slice type = argc > 1 ? slice_of(argv[1]) : SLICE_EMPTY;
	int status;

	enum err rc = batch_add(&b, slice_of(argv[0]), type, &why);
	if (rc != OK) {
		batch_deinit(&b);
		return rules_usage(
		    "explain: %s", why.text[0] != '\0' ? why.text : err_text(rc));
	}
	ask_decide(db, &b.items[0]);
	rc = ask_find_lines(db, b.items, b.count);
	if (rc != OK) {
		status = rules_fail("explain: %s", err_text(rc));
	} else if (json) {
		status = print_json(db, &b.items[0]);
	} else {
		print_words(db, &b.items[0]);
		status = rules_end(EXIT_DONE);
	}
	batch_deinit(&b);
	return status;
}

/* "NAME [TYPE [CLIENT]]": no rule of this database asks who the client is. */
static enum err add_line(struct batch *b, struct slice line, struct diag *why, bool *bad)
{
	struct slice words[3];

	for (size_t i = 0; i < 3; i++) {
		line = slice_trim(line);
		size_t n = 0;
		while (n < line.len && line.ptr[n] != ' ' && line.ptr[n] != '\t')
			n++;
		words[i] = (struct slice){line.ptr, n};
		line = (struct slice){line.ptr + n, line.len - n};
	}
	enum err rc = batch_add(b, words[0], words[1], why);
	*bad = rc == ERR_FORMAT || rc == ERR_RANGE;
	return *bad ? batch_add_bad(b, words[0], words[1]) : rc;
}

/* *bad counts lines that are no question; they are said. */
static enum err read_batch(struct batch *b, unsigned *bad)
{
	char *line = NULL;
	size_t size = 0;
	unsigned number = 0;
	enum err rc = OK;

	for (ssize_t n = getline(&line, &size, stdin); n >= 0 && rc == OK;
	     n = getline(&line, &size, stdin)) {
		struct slice text = slice_trim((struct slice){(uint8_t *)line, (size_t)n});
		struct diag why = {0};
		bool is_bad = false;
		number++;
		if (text.len == 0)
			continue;
		rc = add_line(b, text, &why, &is_bad);
		if (is_bad) {
			(void)fprintf(stderr, "-:%u: %s\n", number, why.text);
			(*bad)++;
		}
	}
	free(line);
	return rc;
}

static int explain_batch(const struct ruledb *db)
{
	struct batch b = {0};
	unsigned bad = 0;
	int status = EXIT_DONE;

	enum err rc = read_batch(&b, &bad);
	for (size_t i = 0; rc == OK && i < b.count; i++) {
		if (b.items[i].bad_name == NULL)
			ask_decide(db, &b.items[i]);
	}
	if (rc == OK)
		rc = ask_find_lines(db, b.items, b.count);
	if (rc != OK)
		status = rules_fail("explain: %s", err_text(rc));
	for (size_t i = 0; status == EXIT_DONE && i < b.count; i++)
		status = print_json(db, &b.items[i]);
	batch_deinit(&b);
	return status == EXIT_DONE && bad > 0 ? EXIT_FAILED : status;
}

int rules_explain(int argc, char **argv)
{
	static const struct option options[] = {{"database", required_argument, NULL, 'd'},
	    {"json", no_argument, NULL, 'j'}, {NULL, 0, NULL, 0}};
	const char *path = NULL;
	struct ruledb *db = NULL;
	struct diag why = {0};
	bool json = false;
	int c;

	while ((c = getopt_long(argc, argv, "d:", options, NULL)) != -1) {
		if (c == 'd') {
			path = optarg;
		} else if (c == 'j') {
			json = true;
		} else {
			return rules_usage(_("explain: unknown option"));
		}
	}
	argc -= optind;
	argv += optind;
	if (path == NULL)
		return rules_usage(_("explain: -d FILE is missing"));
	if (argc < 1 || argc > 2)
		return rules_usage(_("explain: give one NAME and at most a TYPE, or -"));
	if (ruledb_open(&db, path, &why) != OK)
		return rules_fail("%s: %s", path, why.text);
	int status = strcmp(argv[0], "-") == 0 ? explain_batch(db)
	                                       : explain_one(db, argc, argv, json);
	ruledb_close(db);
	return status;
}
