/* lachan-rules replay: what new rules would change for the names that people really ask for.
 *
 * Verdicts are those of the lists alone, for questions of type A by nobody in particular: which
 * categories a tier blocks is the configuration's business. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "ask.h"
#include "base/text.h"
#include "base/words.h"
#include "json.h"
#include "rules.h"
#include "seen.h"
#include "source.h"

enum {
	SHOWN_MAX = 100, /* names of each kind, in words; JSON has all */
	LINE_MAX_BYTES = 1 << 16
};

/* One name whose verdict changes; `q` is asked of the side that blocks it. */
struct change {
	struct question q;
	uint64_t count;
};

struct changes {
	struct change *items;
	size_t count, capacity;
};

struct replay {
	struct ruledb *fresh;
	struct ruledb *old; /* NULL: no rules are in force */
	struct ruledb_scratch *scratch;
	struct seen seen;
	struct changes blocked; /* would become */
	struct changes opened;
	/* reading */
	struct buf partial;
	uint64_t line;
};

static void changes_deinit(struct changes *c)
{
	for (size_t i = 0; i < c->count; i++)
		ask_deinit(&c->items[i].q);
	free(c->items);
}

static enum err changes_add(struct changes *c, const struct question *q, uint64_t count)
{
	if (c->count == c->capacity) {
		size_t capacity = c->capacity * 2 + 64;
		struct change *items = reallocarray(c->items, capacity, sizeof *items);
		if (items == NULL)
			return ERR_MEMORY;
		c->items = items;
		c->capacity = capacity;
	}
	c->items[c->count++] = (struct change){*q, count};
	return OK;
}

/* ---- the file of queries ---- */

static enum err end_line(struct replay *r, struct slice line)
{
	r->line++;
	return seen_read_line(&r->seen, line, r->line);
}

static enum err take_piece(void *arg, struct slice bytes, struct diag *why)
{
	struct replay *r = arg;
	enum err rc = OK;

	(void)why;
	while (bytes.len > 0 && rc == OK) {
		const uint8_t *end = memchr(bytes.ptr, '\n', bytes.len);
		if (end == NULL) {
			buf_append(&r->partial, bytes); /* what is too long is no name */
			return OK;
		}
		struct slice line = {bytes.ptr, (size_t)(end - bytes.ptr)};
		bytes = (struct slice){end + 1, bytes.len - line.len - 1};
		if (r->partial.len > 0) {
			buf_append(&r->partial, line);
			rc = end_line(r, buf_slice(&r->partial));
		} else {
			rc = end_line(r, line);
		}
		buf_reset(&r->partial);
	}
	return rc;
}

static enum err read_queries(struct replay *r, const char *path, struct diag *why)
{
	enum err rc = source_read(path, take_piece, r, NULL, why);
	if (rc == OK && r->partial.len > 0)
		rc = end_line(r, buf_slice(&r->partial));
	return rc;
}

/* ---- comparing ---- */

static bool is_blocked(
    const struct ruledb *db, struct ruledb_scratch *scratch, struct question *q)
{
	if (db == NULL)
		return false;
	ask_decide(db, scratch, q);
	return q->verdict == ASK_BLOCK || q->verdict == ASK_REWRITE;
}

static struct question question_of(struct dname name)
{
	struct question q = {.type = "A",
	    .qtype = 1,
	    .feed = -1,
	    .rule_number = RULEDB_NO_RULE,
	    .data = RULEDB_NO_RULE};
	name_copy(&q.name, name);
	return q;
}

static enum err compare_one(struct replay *r, size_t i)
{
	struct question now = question_of(seen_name_at(&r->seen, i));
	struct question before = now;
	uint64_t count = r->seen.items[i].count;

	bool blocks = is_blocked(r->fresh, r->scratch, &now);
	bool blocked = is_blocked(r->old, r->scratch, &before);
	if (blocks && !blocked)
		return changes_add(&r->blocked, &now, count);
	if (blocked && !blocks)
		return changes_add(&r->opened, &before, count);
	return OK;
}

/* What is asked most comes first. */
static int compare_changes(const void *left, const void *right)
{
	const struct change *a = left, *b = right;

	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	size_t least = a->q.name.len < b->q.name.len ? a->q.name.len : b->q.name.len;
	int c = memcmp(a->q.name.wire, b->q.name.wire, least);
	return c != 0 ? c : (int)a->q.name.len - (int)b->q.name.len;
}

/* ask_find_lines wants questions one behind the other. */
static enum err find_lines(const struct ruledb *db, struct changes *c)
{
	struct question *questions = calloc(c->count + 1, sizeof *questions);

	if (questions == NULL)
		return ERR_MEMORY;
	if (c->count > 0)
		qsort(c->items, c->count, sizeof *c->items, compare_changes);
	for (size_t i = 0; i < c->count; i++)
		questions[i] = c->items[i].q;
	enum err rc = db == NULL ? OK : ask_find_lines(db, questions, c->count);
	for (size_t i = 0; i < c->count; i++)
		c->items[i].q = questions[i];
	free(questions);
	return rc;
}

static enum err compare_all(struct replay *r)
{
	enum err rc = OK;

	for (size_t i = 0; rc == OK && i < r->seen.count; i++)
		rc = compare_one(r, i);
	if (rc == OK)
		rc = find_lines(r->fresh, &r->blocked);
	if (rc == OK)
		rc = find_lines(r->old, &r->opened);
	return rc;
}

/* ---- telling ---- */

static const char *feed_name(const struct ruledb *db, const struct question *q)
{
	struct ruledb_feed feed;

	if (q->feed < 0 || !ruledb_feed_at(db, (unsigned)q->feed, &feed))
		return "";
	return feed.name;
}

static void print_changes(
    const struct ruledb *db, const struct changes *c, const char *sentence, char sign)
{
	char name[NAME_TEXT_MAX], rule[ASK_RULE_BYTES * 4];

	(void)printf("%s: %zu\n", sentence, c->count);
	for (size_t i = 0; i < c->count && i < SHOWN_MAX; i++) {
		const struct question *q = &c->items[i].q;
		name_to_text(name, name_of(&q->name));
		(void)printf(
		    "%c   %llu  %s ", sign, (unsigned long long)c->items[i].count, name);
		for (uint64_t rest = q->categories; rest != 0; rest &= rest - 1) {
			(void)printf(
			    " %s", json_category_name(db, (unsigned)__builtin_ctzll(rest)));
		}
		text_printable(rule, sizeof rule,
		    (struct slice){(const uint8_t *)q->rule, q->rule_len});
		(void)printf("  %s:%llu %s\n", feed_name(db, q),
		    (unsigned long long)q->line, q->rule == NULL ? "" : rule);
	}
	if (c->count > SHOWN_MAX)
		(void)printf(_("    and %zu more\n"), c->count - SHOWN_MAX);
}

static int tell(const struct replay *r)
{
	(void)printf(_("%zu names in use, %llu queries\n"), r->seen.count,
	    (unsigned long long)r->seen.queries);
	if (r->seen.skipped > 0) {
		(void)printf(_("%llu lines skipped, the first is line %llu\n"),
		    (unsigned long long)r->seen.skipped,
		    (unsigned long long)r->seen.first_skip);
	}
	print_changes(
	    r->fresh, &r->blocked, _("names in use that would become blocked"), '+');
	print_changes(r->old, &r->opened, _("names in use that would open"), '-');
	return rules_end(EXIT_DONE);
}

static json_t *json_changes(const struct ruledb *db, const struct changes *c)
{
	json_t *all = json_array();
	char name[NAME_TEXT_MAX];

	for (size_t i = 0; i < c->count; i++) {
		const struct question *q = &c->items[i].q;
		name_to_text(name, name_of(&q->name));
		(void)json_array_append_new(all,
		    json_pack("{ss sI so so so sI}", "name", name, "count",
		        (json_int_t)c->items[i].count, "categories",
		        json_category_names(db, q->categories), "feed",
		        json_text(slice_of(feed_name(db, q))), "rule",
		        json_text((struct slice){(const uint8_t *)q->rule, q->rule_len}),
		        "line", (json_int_t)q->line));
	}
	return all;
}

static int tell_json(const struct replay *r)
{
	return json_print(json_pack("{sI sI sI so so}", "names", (json_int_t)r->seen.count,
	    "queries", (json_int_t)r->seen.queries, "skipped", (json_int_t)r->seen.skipped,
	    "blocked", json_changes(r->fresh, &r->blocked), "opened",
	    json_changes(r->old, &r->opened)));
}

/* ---- the command ---- */

struct replay_paths {
	const char *fresh, *old, *queries;
};

static int open_all(struct replay *r, const struct replay_paths *paths)
{
	struct diag why = {0};

	if (ruledb_open(&r->fresh, paths->fresh, &why) != OK)
		return rules_fail("%s: %s", paths->fresh, why.text);
	if (paths->old != NULL && ruledb_open(&r->old, paths->old, &why) != OK)
		return rules_fail("%s: %s", paths->old, why.text);
	if (ruledb_scratch_new(&r->scratch) != OK)
		return rules_fail("replay: %s", err_text(ERR_MEMORY));
	enum err rc = read_queries(r, paths->queries, &why);
	if (rc != OK) {
		return rules_fail("%s: %s", paths->queries,
		    why.text[0] != '\0' ? why.text : err_text(rc));
	}
	return EXIT_DONE;
}

static int run(const struct replay_paths *paths, bool json)
{
	struct replay r = {.seen = SEEN_NONE, .partial = BUF_INIT(LINE_MAX_BYTES)};

	int status = open_all(&r, paths);
	if (status == EXIT_DONE) {
		enum err rc = compare_all(&r);
		if (rc != OK)
			status = rules_fail("replay: %s", err_text(rc));
		else
			status = json ? tell_json(&r) : tell(&r);
	}
	changes_deinit(&r.blocked);
	changes_deinit(&r.opened);
	seen_deinit(&r.seen);
	buf_deinit(&r.partial);
	ruledb_scratch_free(r.scratch);
	ruledb_close(r.fresh);
	ruledb_close(r.old);
	return status;
}

int rules_replay(int argc, char **argv)
{
	static const struct option options[] = {{"database", required_argument, NULL, 'd'},
	    {"old", required_argument, NULL, 'o'}, {"json", no_argument, NULL, 'j'},
	    {NULL, 0, NULL, 0}};
	struct replay_paths paths = {NULL, NULL, NULL};
	bool json = false;
	int c;

	while ((c = getopt_long(argc, argv, "d:o:", options, NULL)) != -1) {
		if (c == 'd') {
			paths.fresh = optarg;
		} else if (c == 'o') {
			paths.old = optarg;
		} else if (c == 'j') {
			json = true;
		} else {
			return rules_usage(_("replay: unknown option"));
		}
	}
	if (paths.fresh == NULL)
		return rules_usage(_("replay: -d NEW.db is missing"));
	if (argc - optind != 1)
		return rules_usage(_("replay: give one file of queries"));
	paths.queries = argv[optind];
	return run(&paths, json);
}
