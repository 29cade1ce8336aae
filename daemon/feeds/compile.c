#include "feeds/compile.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/text.h"
#include "feed/feed.h"
#include "feeds/body.h"
#include "feeds/bundle.h"
#include "feeds/gzip.h"
#include "kit/log.h"
#include "ruledb/builder.h"
#include "ruledb/ruledb.h"

enum {
	RULES_MODE = 0644,
	BUILDER_MIN_BYTES = 32 << 20,
	BUILDER_MAX_BYTES = 1 << 30
};

/* One copy on its way through the parser. */
struct reading {
	struct ruledb_builder *builder;
	const struct protect *protect;
	const struct config_feed *feed;
	struct feed_parser *parser;
	EVP_MD_CTX *sum;
	int64_t now_s;
	struct diag why;
	/* Of a bundle: the list under way. */
	const struct config *config;
	const struct meta *meta;
	const char *copy_path;
	unsigned lists; /* begun in the builder */
	bool skipped;   /* of a category that is unknown here */
	uint64_t list_rules;
};

static enum err on_rule(void *arg, const struct feed_rule *rule)
{
	struct reading *r = arg;
	const struct rule *made = &rule->rule;

	if (r->skipped)
		return OK;
	r->list_rules++;
	if (made->subject == RULE_OF_NAME && made->terms == NULL)
		return ruledb_builder_add(r->builder, made->name, made->kind);
	return ruledb_builder_add_rule(r->builder, made);
}

static bool is_protected(void *arg, const struct feed_rule *rule)
{
	const struct reading *r = arg;
	return protect_ignores(r->protect, r->feed, &rule->rule);
}

static enum err on_piece(void *context, struct slice bytes)
{
	struct reading *r = context;

	digest_add(r->sum, bytes);
	return feed_parser_push(r->parser, bytes, &r->why);
}

/* ---- one feed ---- */

/* What the copy says of itself now, under today's rules and options. */
static void note_counts(struct feed *feed, const struct reading *r, const char *sha256)
{
	const struct feed_stats *stats = feed_parser_stats(r->parser);
	const struct feed_format *format = feed_parser_format(r->parser);
	struct meta *m = &feed->meta;

	if (strcmp(m->sha256, sha256) != 0) {
		/* Killed between copy and meta: the validators speak of another body. */
		(void)snprintf(m->sha256, sizeof m->sha256, "%s", sha256);
		m->etag[0] = 0;
		m->last_modified[0] = 0;
		m->bytes = stats->bytes;
	}
	if (m->fetched_s == 0)
		m->fetched_s = r->now_s; /* its meta file was lost */
	(void)snprintf(m->category, sizeof m->category, "%s", feed->config->category.text);
	(void)snprintf(m->format, sizeof m->format, "%s",
	    format != NULL ? feed_format_name(format) : "");
	m->rules = stats->rules;
	m->protected_names = stats->refused[FEED_PROTECTED];
	m->refused_count = 0;
	for (unsigned i = 0; i < FEED_REASONS; i++) {
		if (stats->refused[i] > 0) {
			meta_refuse(
			    m, feed_reason_text((enum feed_reason)i), stats->refused[i]);
		}
	}
}

/* What was understood and kept out: somebody should know that the list is not as it was. */
static void log_ignored(const struct feed *feed, const struct feed_stats *stats)
{
	for (unsigned i = 0; i < FEED_REASONS; i++) {
		if (stats->refused[i] == 0 || feed_reason_class(i) != FEED_CLASS_IGNORED)
			continue;
		log_warn("feeds",
		    "%s: rules ignored: %s: %" PRIu64 " (the first in line %" PRIu64
		    " of its copy)",
		    feed->config->name.text, feed_reason_text(i), stats->refused[i],
		    stats->first_lines[i][0]);
	}
}

static enum err add_provenance(const struct feed *feed, const struct reading *r)
{
	const struct feed_stats *stats = feed_parser_stats(r->parser);
	const struct meta *m = &feed->meta;
	struct ruledb_provenance from = {
	    .url = m->url,
	    .source = feed->copy_path,
	    .format = m->format,
	    .sha256 = m->sha256,
	    .exact = feed->config->match == FEED_MATCH_EXACT,
	    .fetched_s = m->fetched_s,
	    .rules = stats->rules,
	    .idle = stats->idle,
	};

	enum err rc = ruledb_builder_provenance(r->builder, &from);
	for (size_t i = 0; rc == OK && i < m->refused_count; i++) {
		rc = ruledb_builder_refused(
		    r->builder, m->refused[i].reason, m->refused[i].lines);
	}
	return rc;
}

/* The format may be known only now. */
static void set_judging(const struct reading *r)
{
	const struct feed_format *format = feed_parser_format(r->parser);
	bool longest = format != NULL && feed_format_judging(format) == FEED_JUDGED_LONGEST;

	ruledb_builder_feed_options(r->builder, longest, r->feed->rewrite);
}

/* ---- the lists of a bundle: each becomes a feed of its own in the rules ---- */

static enum err end_list(struct reading *r)
{
	struct ruledb_provenance from = {
	    .url = r->meta->url,
	    .source = r->copy_path,
	    .format = "bundle",
	    .sha256 = r->meta->sha256,
	    .fetched_s = r->meta->fetched_s,
	    .rules = r->list_rules,
	};

	if (r->lists == 0 || r->skipped)
		return OK;
	ruledb_builder_feed_options(r->builder, false, false);
	return ruledb_builder_provenance(r->builder, &from);
}

static enum err on_list(void *arg, struct slice name, struct slice category)
{
	struct reading *r = arg;
	char list[BUNDLE_NAME_MAX + 1], of[BUNDLE_NAME_MAX + 1];
	char full[DEPARTMENT_NAME_BYTES];
	size_t known;
	unsigned index;

	enum err rc = end_list(r);
	if (rc != OK)
		return rc;
	text_printable(list, sizeof list, name);
	text_printable(of, sizeof of, category);
	r->skipped = !config_find_category(r->config, of, &known);
	r->list_rules = 0;
	if (r->skipped) {
		log_warn("feeds",
		    "%s: the list %s is of the category %s, which is unknown here: "
		    "left out",
		    r->feed->name.text, list, of);
		return OK;
	}
	department_name(full, r->feed->name.text, DEPARTMENT_LIST, list);
	r->lists++;
	return ruledb_builder_feed(r->builder, full, of, &index);
}

static enum err read_copy(struct feed *feed, struct reading *r)
{
	char sha256[DIGEST_TEXT_BYTES];

	enum err rc = gzip_read(feed->copy_path, on_piece, r);
	if (rc == OK)
		rc = feed_parser_finish(r->parser, &r->why);
	if (rc != OK)
		return rc;
	if (!bundle_is_one(feed))
		set_judging(r);
	digest_end(&r->sum, sha256);
	note_counts(feed, r, sha256);
	log_ignored(feed, feed_parser_stats(r->parser));
	return bundle_is_one(feed) ? end_list(r) : add_provenance(feed, r);
}

/* What went wrong with this copy, not with the builder or the machine. */
static bool is_damage(enum err rc)
{
	return rc == ERR_FORMAT || rc == ERR_IO || rc == ERR_NOT_FOUND;
}

/* What is known of it stays but for the validators: it must come whole again. */
static void drop_damaged(struct feed *feed, const char *why)
{
	log_error("feeds", "%s: its copy is damaged (%s), it must be fetched anew",
	    feed->config->name.text, why);
	(void)unlink(feed->copy_path);
	feed->has_copy = false;
	feed->meta.url[0] = 0;
}

static enum err add_feed(struct ruledb_builder *b, const struct compile_options *options,
    struct feed *feed, struct compile_summary *summary)
{
	const struct config_feed *config = feed->config;
	struct reading r = {.builder = b,
	    .protect = options->protect,
	    .feed = config,
	    .now_s = options->now_s,
	    .config = options->config,
	    .meta = &feed->meta,
	    .copy_path = feed->copy_path};
	struct feed_options how = body_feed_options(config);
	unsigned index;
	enum err rc = OK;

	how.on_rule = on_rule;
	how.is_protected = is_protected;
	how.on_list = on_list;
	how.arg = &r;
	if (!bundle_is_one(feed))
		rc = ruledb_builder_feed(
		    b, config->name.text, config->category.text, &index);
	if (rc != OK)
		return rc;
	rc = feed_parser_new(&r.parser, &how);
	if (rc == OK)
		rc = digest_begin(&r.sum);
	if (rc == OK)
		rc = read_copy(feed, &r);
	digest_end(&r.sum, NULL);
	feed_parser_free(r.parser);
	feed->lists = bundle_is_one(feed) ? r.lists : 1;
	if (is_damage(rc)) {
		if (feed->lists > 0)
			ruledb_builder_drop_feed(b);
		/* Of a bundle the lists before it are whole, and stay. */
		drop_damaged(feed, r.why.text[0] != 0 ? r.why.text : err_text(rc));
		summary->damaged++;
		return OK;
	}
	summary->feeds += rc == OK ? 1 : 0;
	return rc;
}

/* ---- the database ---- */

/* A quarter of memory for the rules under way: twelve bytes each. */
static size_t builder_ceiling(void)
{
	long pages = sysconf(_SC_PHYS_PAGES);
	long page_bytes = sysconf(_SC_PAGESIZE);
	uint64_t quarter = pages > 0 && page_bytes > 0
	    ? (uint64_t)pages * (uint64_t)page_bytes / 4
	    : BUILDER_MIN_BYTES;

	if (quarter < BUILDER_MIN_BYTES)
		return BUILDER_MIN_BYTES;
	return quarter < BUILDER_MAX_BYTES ? (size_t)quarter : BUILDER_MAX_BYTES;
}

/* Grows from one database to the next, also when the clock does not. */
static uint64_t next_generation(const char *rules_path, int64_t now_s)
{
	struct ruledb *before = NULL;
	struct ruledb_stat stat = {.generation = 0};

	if (ruledb_open(&before, rules_path, NULL) == OK) {
		ruledb_stat(before, &stat);
		ruledb_close(before);
	}
	return stat.generation >= (uint64_t)now_s ? stat.generation + 1 : (uint64_t)now_s;
}

static enum err new_builder(
    struct ruledb_builder **out, const struct compile_options *options)
{
	const struct rules_categories *categories = &options->config->categories;
	struct ruledb_builder_options how = {
	    .generation = next_generation(options->rules_path, options->now_s),
	    .built_s = options->now_s,
	    .max_bytes = builder_ceiling(),
	};
	struct ruledb_builder *b = NULL;
	unsigned index;

	if (getrandom(&how.key, sizeof how.key, 0) != (ssize_t)sizeof how.key)
		return ERR_IO;
	enum err rc = ruledb_builder_new(&b, &how);
	for (size_t i = 0; rc == OK && i < categories->count; i++)
		rc = ruledb_builder_category(b, categories->items[i].name.text, &index);
	if (rc != OK) {
		ruledb_builder_free(b);
		return rc;
	}
	*out = b;
	return OK;
}

static enum err add_feeds(struct ruledb_builder *b, struct store *s,
    const struct compile_options *options, struct compile_summary *summary)
{
	for (size_t i = 0; i < s->count; i++) {
		if (!s->feeds[i].has_copy || s->feeds[i].meta.off)
			continue;
		enum err rc = add_feed(b, options, &s->feeds[i], summary);
		if (rc != OK)
			return rc;
	}
	return OK;
}

/* Distinct names are known only once duplicates have been united, and the database has had
 * its own say about patterns. Lists of a bundle, `count` from `at` on, are told as one. */
static void note_feed(struct meta *m, const struct ruledb *db, unsigned at, unsigned count)
{
	struct ruledb_feed from;
	uint64_t lines = 0;

	m->patterns = m->entries = 0;
	if (count == 1)
		m->refused_count = 0;
	for (unsigned i = at; i < at + count && ruledb_feed_at(db, i, &from); i++) {
		m->patterns += (uint64_t)from.patterns + from.networks;
		m->entries += from.names + (uint64_t)from.patterns + from.networks;
		for (unsigned k = 0; k < from.reasons; k++) {
			const char *reason = ruledb_feed_reason(db, i, k, &lines);
			if (reason != NULL)
				meta_refuse(m, reason, lines);
		}
	}
}

static void note_names(
    struct store *s, const struct ruledb *db, struct compile_summary *sum)
{
	struct ruledb_stat stat;
	unsigned at = 0;

	ruledb_stat(db, &stat);
	sum->names = stat.names;
	sum->rules = stat.rules;
	for (size_t i = 0; i < s->count; i++) {
		struct feed *feed = &s->feeds[i];
		if (!feed->has_copy || feed->meta.off)
			continue;
		note_feed(&feed->meta, db, at, feed->lists);
		at += feed->lists;
	}
}

static bool is_empty(const struct ruledb *db, const char *category)
{
	struct ruledb_category found = {.names = 0};
	int at = ruledb_category_find(db, category);

	if (at >= 0)
		(void)ruledb_category_at(db, (unsigned)at, &found);
	return found.names + found.others == 0;
}

/* A category that some tier blocks must not be empty in silence. One line for all: the log
 * limits lines of one kind. */
static void warn_empty(const struct config *config, const struct ruledb *db)
{
	struct buf list = BUF_INIT(4096);
	uint64_t blocked = 0;

	for (size_t i = 0; i < config->tiers.count; i++)
		blocked |= config->tiers.items[i].block;
	for (size_t i = 0; i < config->categories.count; i++) {
		const char *name = config->categories.items[i].name.text;
		if ((blocked >> i & 1) != 0 && is_empty(db, name))
			buf_printf(&list, "%s%s", list.len > 0 ? ", " : "", name);
	}
	if (list.len > 0) {
		log_warn("feeds",
		    "blocked by a tier but filled by no feed: %s; 0 names protect nobody",
		    buf_cstr(&list));
	}
	buf_deinit(&list);
}

/* Writes into the temporary file and reads it back as the filter will. */
static enum err write_verified(
    struct ruledb_builder *b, int fd, struct ruledb **out, struct diag *why)
{
	enum err rc = ruledb_builder_write(b, fd);

	if (rc != OK) {
		diag_set(why, "writing the rules: %s",
		    rc == ERR_IO ? strerror(errno) : err_text(rc));
		return rc;
	}
	return ruledb_open_fd(out, fd, why);
}

enum err compile_publish(struct store *s, const struct compile_options *options,
    struct compile_summary *summary, struct diag *why)
{
	struct atomic_file file = ATOMIC_FILE_NONE;
	struct ruledb_builder *b = NULL;
	struct ruledb *db = NULL;

	*summary = (struct compile_summary){.feeds = 0};
	enum err rc = new_builder(&b, options);
	if (rc == OK)
		rc = add_feeds(b, s, options, summary);
	if (rc != OK) {
		diag_set(why, "compiling the rules: %s", err_text(rc));
		goto done;
	}
	if (summary->damaged > 0 && options->damaged == COMPILE_NOT_WITHOUT) {
		diag_set(why, "a copy is damaged");
		rc = ERR_AGAIN;
		goto done;
	}
	rc = atomic_file_begin(&file, options->rules_path, RULES_MODE);
	if (rc != OK) {
		diag_set(why, "%s: %s", options->rules_path, strerror(errno));
		goto done;
	}
	rc = write_verified(b, file.fd, &db, why);
	if (rc != OK)
		goto done;
	note_names(s, db, summary);
	warn_empty(options->config, db);
	rc = atomic_file_commit_keeping(&file, ".prev");
	if (rc != OK)
		diag_set(why, "%s: %s", options->rules_path, strerror(errno));
done:
	ruledb_close(db);
	atomic_file_abandon(&file);
	ruledb_builder_free(b);
	return rc;
}

/* ---- what it depends on ---- */

static void digest_feed(EVP_MD_CTX *sum, const struct feed *feed)
{
	char line[128];

	digest_add_text(sum, feed->config->name.text);
	digest_add_text(sum, feed->config->category.text);
	(void)snprintf(line, sizeof line, "%d %d %d", (int)feed->config->format,
	    (int)feed->config->match, (int)feed->config->rewrite);
	digest_add_text(sum, line);
	digest_add_text(sum, feed->meta.sha256);
}

enum err compile_digest(const struct store *s, const struct compile_options *options,
    char out[DIGEST_TEXT_BYTES])
{
	const struct rules_categories *categories = &options->config->categories;
	EVP_MD_CTX *sum = NULL;

	enum err rc = digest_begin(&sum);
	if (rc != OK)
		return rc;
	/* Another version may read the same lines differently. */
	digest_add_text(sum, LACHAN_VERSION);
	for (size_t i = 0; i < categories->count; i++)
		digest_add_text(sum, categories->items[i].name.text);
	for (size_t i = 0; i < s->count; i++) {
		const struct feed *feed = &s->feeds[i];
		if (!feed->meta.off && (feed->has_copy || feed->meta.fetched_s > 0))
			digest_feed(sum, feed);
	}
	protect_digest(options->protect, sum);
	digest_end(&sum, out);
	return OK;
}
