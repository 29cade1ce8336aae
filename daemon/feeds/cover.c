#include "feeds/cover.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "feeds/body.h"
#include "feeds/gzip.h"
#include "feeds/sieve.h"
#include "policy/hold.h"
#include "ruledb/builder.h"
#include "ruledb/ruledb.h"

enum {
	SIEVE_BITS = 1 << 20,
	BUILDER_MAX_BYTES = 64 << 20
};

struct watch {
	struct config_names names;      /* borrowed one by one */
	struct sieve sieve;             /* every name at or above a watched one */
	uint64_t bits[SIEVE_BITS / 64]; /* the sieve's */
};

struct cover {
	const struct watch *watch;
	const struct config_feed *feed;
	struct ruledb_builder *builder;
	struct ruledb *db; /* once closed */
};

/* ---- the names ---- */

static void add_names(struct watch *w, const struct config_names *more)
{
	size_t before = w->names.count;

	for (size_t i = 0; i < more->count; i++) {
		size_t k = 0;
		/* Against the few of never-block; within one list the file has no doubles. */
		while (
		    k < before && !name_equal(w->names.items[k].name, more->items[i].name))
			k++;
		if (k < before)
			continue;
		w->names.items[w->names.count++] = more->items[i];
		sieve_add(&w->sieve, more->items[i].name);
	}
}

enum err watch_new(struct watch **out, const struct config *config)
{
	size_t max = config->never_block.count + config->popular.count;
	struct watch *w = calloc(1, sizeof *w);

	if (w != NULL)
		w->names.items = calloc(max + 1, sizeof *w->names.items);
	if (w == NULL || w->names.items == NULL) {
		watch_free(w);
		return ERR_MEMORY;
	}
	w->sieve = (struct sieve){w->bits, SIEVE_BITS};
	add_names(w, &config->never_block);
	add_names(w, &config->popular);
	*out = w;
	return OK;
}

void watch_free(struct watch *w)
{
	if (w == NULL)
		return;
	free(w->names.items);
	free(w);
}

/* ---- one feed's rules ---- */

/* Here only what is covered counts, not as what: the lists of a bundle are one. */
static const char *category_of(const struct config_feed *feed)
{
	return feed->category.text[0] != 0 ? feed->category.text : "bundle";
}

enum err cover_new(
    struct cover **out, const struct watch *w, const struct config_feed *feed)
{
	const struct ruledb_builder_options how = {
	    .key = {5, 6}, /* nobody asks it but us */
	    .generation = 1,
	    .max_bytes = BUILDER_MAX_BYTES,
	};
	struct cover *c = calloc(1, sizeof *c);
	unsigned index;

	if (c == NULL)
		return ERR_MEMORY;
	c->watch = w;
	c->feed = feed;
	enum err rc = ruledb_builder_new(&c->builder, &how);
	if (rc == OK)
		rc = ruledb_builder_feed(
		    c->builder, feed->name.text, category_of(feed), &index);
	if (rc != OK) {
		cover_free(c);
		return rc;
	}
	*out = c;
	return OK;
}

void cover_free(struct cover *c)
{
	if (c == NULL)
		return;
	ruledb_builder_free(c->builder);
	ruledb_close(c->db);
	free(c);
}

enum err cover_add(struct cover *c, const struct rule *rule)
{
	if (rule->subject == RULE_OF_NETWORK ||
	    (rule->subject == RULE_OF_NAME && !sieve_holds(&c->watch->sieve, rule->name)))
		return OK;
	return ruledb_builder_add_rule(c->builder, rule);
}

enum err cover_close(struct cover *c, const struct feed_format *format)
{
	int fd = memfd_create("lachan-cover", MFD_CLOEXEC);
	bool longest = format != NULL && feed_format_judging(format) == FEED_JUDGED_LONGEST;

	if (fd < 0)
		return ERR_IO;
	ruledb_builder_feed_options(c->builder, longest, false);
	enum err rc = ruledb_builder_write(c->builder, fd);
	if (rc == OK)
		rc = ruledb_open_fd(&c->db, fd, NULL);
	(void)close(fd);
	return rc;
}

/* ---- the last good copy ---- */

struct reading {
	struct cover *cover;
	const struct protect *protect;
	struct feed_parser *parser;
};

static enum err on_rule(void *arg, const struct feed_rule *rule)
{
	const struct reading *r = arg;
	return cover_add(r->cover, &rule->rule);
}

static bool is_protected(void *arg, const struct feed_rule *rule)
{
	const struct reading *r = arg;
	return protect_ignores(r->protect, r->cover->feed, &rule->rule);
}

static enum err on_piece(void *context, struct slice bytes)
{
	const struct reading *r = context;
	return feed_parser_push(r->parser, bytes, NULL);
}

static enum err read_copy(struct cover *c, const struct feed *feed, struct reading *r)
{
	struct feed_options how = body_feed_options(feed->config);

	how.on_rule = on_rule;
	how.is_protected = is_protected;
	how.arg = r;
	enum err rc = feed_parser_new(&r->parser, &how);
	if (rc == OK)
		rc = gzip_read(feed->copy_path, on_piece, r);
	if (rc == OK)
		rc = feed_parser_finish(r->parser, NULL);
	if (rc == OK)
		rc = cover_close(c, feed_parser_format(r->parser));
	feed_parser_free(r->parser);
	return rc;
}

/* The rules of the last good copy that matter; NULL in *out when it cannot be read. */
static enum err open_copy(struct cover **out, const struct watch *w,
    const struct feed *feed, const struct protect *protect)
{
	struct cover *c = NULL;

	enum err rc = cover_new(&c, w, feed->config);
	if (rc != OK)
		return rc;
	struct reading r = {.cover = c, .protect = protect};
	rc = read_copy(c, feed, &r);
	if (rc != OK) {
		cover_free(c);
		return rc == ERR_MEMORY ? rc : OK;
	}
	*out = c;
	return OK;
}

/* ---- comparing ---- */

static enum err compare(
    const struct cover *fresh, const struct ruledb *old, struct meta_held *out)
{
	const struct config_names *names = &fresh->watch->names;
	struct hold_sides sides = {.fresh = fresh->db, .old = old};
	struct hold *found = calloc(names->count + 1, sizeof *found);

	enum err rc = found != NULL ? ruledb_scratch_new(&sides.scratch) : ERR_MEMORY;
	size_t count = rc == OK ? policy_hold(&sides, names, found, names->count) : 0;
	for (size_t i = 0; i < count; i++) {
		char text[NAME_TEXT_MAX];
		name_to_text(text, names->items[found[i].name].name);
		meta_hold_name(out, text);
	}
	ruledb_scratch_free(sides.scratch);
	free(found);
	return rc;
}

/* Against a feed of this name without a rule: most lists cover nothing, and their last good
 * copy need not be read again. */
static enum err covers_any(const struct cover *fresh, bool *out)
{
	struct meta_held *all = calloc(1, sizeof *all);
	struct cover *nothing = NULL;

	enum err rc =
	    all != NULL ? cover_new(&nothing, fresh->watch, fresh->feed) : ERR_MEMORY;
	if (rc == OK)
		rc = cover_close(nothing, NULL);
	if (rc == OK)
		rc = compare(fresh, nothing->db, all);
	if (rc == OK)
		*out = all->covers_count > 0;
	cover_free(nothing);
	free(all);
	return rc;
}

enum err cover_compare(const struct cover *fresh, const struct feed *feed,
    const struct protect *protect, const char *rules_path, struct meta_held *out)
{
	struct cover *copy = NULL;
	struct ruledb *rules = NULL;
	bool any = false;

	enum err rc = covers_any(fresh, &any);
	if (rc != OK || !any)
		return rc;
	if (feed->has_copy)
		rc = open_copy(&copy, fresh->watch, feed, protect);
	if (rc == OK && copy == NULL && ruledb_open(&rules, rules_path, NULL) != OK)
		rules = NULL;
	const struct ruledb *old = copy != NULL ? copy->db : rules;
	if (rc == OK && old != NULL)
		rc = compare(fresh, old, out);
	ruledb_close(rules);
	cover_free(copy);
	return rc;
}
