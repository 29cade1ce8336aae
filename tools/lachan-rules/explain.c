/* lachan-rules explain: why a name is or is not listed. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "ask.h"
#include "base/text.h"
#include "base/words.h"
#include "json.h"
#include "rules.h"

struct batch {
	struct question *items;
	size_t count, capacity;
};

struct explaining {
	struct ruledb *db;
	struct ruledb_scratch *scratch;
};

static void batch_deinit(struct batch *b)
{
	for (size_t i = 0; i < b->count; i++)
		ask_deinit(&b->items[i]);
	free(b->items);
}

/* Takes what *q owns, also on failure. */
static enum err batch_take(struct batch *b, struct question *q)
{
	if (b->count == b->capacity) {
		size_t capacity = b->capacity == 0 ? 16 : b->capacity * 2;
		struct question *items = reallocarray(b->items, capacity, sizeof *items);
		if (items == NULL) {
			ask_deinit(q);
			return ERR_MEMORY;
		}
		b->items = items;
		b->capacity = capacity;
	}
	b->items[b->count++] = *q;
	return OK;
}

static enum err batch_add(struct batch *b, struct slice line, struct diag *why)
{
	struct question q;

	if (b->count == ASK_NAMES_MAX) {
		diag_set(why, _("more than %d names in one batch"), ASK_NAMES_MAX);
		return ERR_FULL;
	}
	enum err rc = ask_read(&q, line, why);
	return rc == OK ? batch_take(b, &q) : rc;
}

static struct dname matched_name(const struct question *q)
{
	struct dname name = name_of(&q->name);
	for (size_t labels = name_label_count(name); labels > q->depth; labels--)
		name = name_parent(name);
	return name;
}

/* The name that the deciding rule is of, whatever its reach, or its pattern. */
static void write_match(struct buf *out, const struct ruledb *db, const struct question *q)
{
	struct rule_terms terms;
	char text[NAME_TEXT_MAX];

	if (q->feed < 0)
		return;
	if (q->depth > 0) {
		name_to_text(text, matched_name(q));
		buf_text(out, text);
	} else if (ruledb_rule_terms(db, q->rule_number, &terms)) {
		buf_append(out, terms.pattern);
	}
}

static json_t *json_rewrite(const struct ruledb *db, const struct question *q)
{
	struct buf data = BUF_INIT(1 << 16);
	json_t *rewrite = json_null();
	char type[16];

	if (ask_rewrite(db, q, type, &data)) {
		rewrite =
		    json_pack("{ss so}", "type", type, "data", json_text(buf_slice(&data)));
	}
	buf_deinit(&data);
	return rewrite;
}

static int print_json(const struct ruledb *db, const struct question *q)
{
	struct buf match = BUF_INIT(RULE_PATTERN_MAX_BYTES + NAME_TEXT_MAX);
	struct ruledb_feed feed = {.name = ""};
	char name[NAME_TEXT_MAX];

	name_to_text(name, name_of(&q->name));
	if (q->feed >= 0)
		(void)ruledb_feed_at(db, (unsigned)q->feed, &feed);
	write_match(&match, db, q);
	const char *asked = q->bad_name != NULL ? q->bad_name : name;
	int status = json_print(json_pack("{ss ss ss so so so so sI so}", "name", asked,
	    "type", q->type, "verdict", ask_verdict_text(q->verdict), "categories",
	    json_category_names(db, q->categories), "match", json_text(buf_slice(&match)),
	    "rule", json_text((struct slice){(const uint8_t *)q->rule, q->rule_len}),
	    "feed", json_text(slice_of(feed.name)), "line", (json_int_t)q->line, "rewrite",
	    json_rewrite(db, q)));
	buf_deinit(&match);
	return status;
}

static void print_bytes(const char *sentence, struct slice bytes)
{
	char text[ASK_RULE_BYTES * 4];

	text_printable(text, sizeof text, bytes);
	(void)printf("  %s: %s\n", sentence, text);
}

static void print_rewrite(const struct ruledb *db, const struct question *q)
{
	struct buf data = BUF_INIT(1 << 16);
	char type[16];

	if (ask_rewrite(db, q, type, &data)) {
		buf_byte(&data, 0);
		(void)printf(_("  answered with: %s "), type);
		(void)printf("%s\n", data.len > 0 ? (const char *)data.ptr : "");
	}
	buf_deinit(&data);
}

static void print_words(const struct ruledb *db, const struct question *q)
{
	struct buf match = BUF_INIT(RULE_PATTERN_MAX_BYTES + NAME_TEXT_MAX);
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
	write_match(&match, db, q);
	print_bytes(
	    q->depth > 0 ? _("listed as") : _("listed by the pattern"), buf_slice(&match));
	buf_deinit(&match);
	print_rewrite(db, q);
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

/* What the arguments ask, as one line. */
static enum err add_arguments(struct batch *b, int argc, char **argv, struct diag *why)
{
	struct buf line = BUF_INIT(8192);

	for (int i = 0; i < argc; i++) {
		buf_text(&line, argv[i]);
		buf_byte(&line, ' ');
	}
	enum err rc = buf_status(&line);
	if (rc == OK)
		rc = batch_add(b, buf_slice(&line), why);
	buf_deinit(&line);
	return rc;
}

static int explain_one(struct explaining *e, int argc, char **argv, bool json)
{
	struct batch b = {0};
	struct diag why = {0};
	int status;

	enum err rc = add_arguments(&b, argc, argv, &why);
	if (rc != OK) {
		batch_deinit(&b);
		return rules_usage(
		    "explain: %s", why.text[0] != '\0' ? why.text : err_text(rc));
	}
	ask_decide(e->db, e->scratch, &b.items[0]);
	rc = ask_find_lines(e->db, b.items, b.count);
	if (rc != OK) {
		status = rules_fail("explain: %s", err_text(rc));
	} else if (json) {
		status = print_json(e->db, &b.items[0]);
	} else {
		print_words(e->db, &b.items[0]);
		status = rules_end(EXIT_DONE);
	}
	batch_deinit(&b);
	return status;
}

static enum err add_line(struct batch *b, struct slice line, struct diag *why, bool *bad)
{
	struct question q;

	enum err rc = batch_add(b, line, why);
	*bad = rc == ERR_FORMAT || rc == ERR_RANGE;
	if (!*bad)
		return rc;
	rc = ask_read_bad(&q, line);
	return rc == OK ? batch_take(b, &q) : rc;
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

static int explain_batch(struct explaining *e)
{
	struct batch b = {0};
	unsigned bad = 0;
	int status = EXIT_DONE;

	enum err rc = read_batch(&b, &bad);
	for (size_t i = 0; rc == OK && i < b.count; i++) {
		if (b.items[i].bad_name == NULL)
			ask_decide(e->db, e->scratch, &b.items[i]);
	}
	if (rc == OK)
		rc = ask_find_lines(e->db, b.items, b.count);
	if (rc != OK)
		status = rules_fail("explain: %s", err_text(rc));
	for (size_t i = 0; status == EXIT_DONE && i < b.count; i++)
		status = print_json(e->db, &b.items[i]);
	batch_deinit(&b);
	return status == EXIT_DONE && bad > 0 ? EXIT_FAILED : status;
}

int rules_explain(int argc, char **argv)
{
	static const struct option options[] = {{"database", required_argument, NULL, 'd'},
	    {"json", no_argument, NULL, 'j'}, {NULL, 0, NULL, 0}};
	const char *path = NULL;
	struct explaining e = {.db = NULL};
	struct diag why = {0};
	bool json = false;
	int c, status;

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
	if (argc < 1)
		return rules_usage(_("explain: give NAME [TYPE [CLIENT]], or -"));
	if (ruledb_open(&e.db, path, &why) != OK)
		return rules_fail("%s: %s", path, why.text);
	if (ruledb_scratch_new(&e.scratch) != OK)
		status = rules_fail("explain: %s", err_text(ERR_MEMORY));
	else if (strcmp(argv[0], "-") == 0)
		status = explain_batch(&e);
	else
		status = explain_one(&e, argc, argv, json);
	ruledb_scratch_free(e.scratch);
	ruledb_close(e.db);
	return status;
}
