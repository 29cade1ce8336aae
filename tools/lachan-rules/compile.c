/* lachan-rules compile: lists to one database. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "base/file.h"
#include "base/words.h"
#include "feed/feed.h"
#include "json.h"
#include "ruledb/builder.h"
#include "rules.h"
#include "source.h"
#include "suffix.h"

#define RULES_MAX_BYTES ((size_t)1 << 30)

struct job {
	const char *out_path;
	const struct feed_format *format; /* NULL: recognised */
	bool json;
	struct ruledb_builder *builder;
	unsigned refused_files;
	/* the file at hand */
	struct feed_parser *parser;
	bool allow;
};

static enum err take_rule(void *arg, const struct feed_rule *rule)
{
	struct job *job = arg;
	return ruledb_builder_add_rule(job->builder, &rule->rule);
}

static bool is_protected(void *arg, const struct feed_rule *rule)
{
	const struct job *job = arg;
	return suffix_covers(rule, job->allow);
}

static enum err take_piece(void *arg, struct slice bytes, struct diag *why)
{
	struct job *job = arg;
	return feed_parser_push(job->parser, bytes, why);
}

static enum err note_provenance(struct job *job, const char *path, const char *sha256)
{
	const struct feed_stats *stats = feed_parser_stats(job->parser);
	char *source = source_place(path);
	struct ruledb_provenance from = {
	    .source = source != NULL ? source : path,
	    .format = feed_format_name(feed_parser_format(job->parser)),
	    .sha256 = sha256,
	    .fetched_s = (int64_t)time(NULL),
	    .rules = stats->rules,
	    .idle = stats->idle,
	};
	/* Data always show here: there is no configuration that could say `rewrite`. */
	ruledb_builder_feed_options(job->builder,
	    feed_format_judging(feed_parser_format(job->parser)) == FEED_JUDGED_LONGEST,
	    true);
	enum err rc = ruledb_builder_provenance(job->builder, &from);
	for (unsigned i = 0; rc == OK && i < FEED_REASONS; i++) {
		if (stats->refused[i] > 0) {
			rc = ruledb_builder_refused(job->builder,
			    feed_reason_text((enum feed_reason)i), stats->refused[i]);
		}
	}
	free(source);
	return rc;
}

/* Where the refused lines are, for the person who mends the list. */
static void tell_refused(const char *path, const struct feed_stats *stats)
{
	for (unsigned i = 0; i < FEED_REASONS; i++) {
		if (stats->refused[i] == 0)
			continue;
		(void)fprintf(stderr, "%s:%llu: %s (%llu)\n", path,
		    (unsigned long long)stats->first_lines[i][0],
		    _(feed_reason_text((enum feed_reason)i)),
		    (unsigned long long)stats->refused[i]);
	}
}

/* One file into the builder. A body that is no list at all is left out and said. */
static enum err add_file(struct job *job, const char *path, struct diag *why)
{
	char sha256[SOURCE_SHA256_BYTES];
	/* Files of a folder or an archive together are squidGuard's, whatever each looks like. */
	const struct feed_format *format = job->format;
	if (format == NULL && source_has_members(path))
		format = feed_format_find("squidguard");
	struct feed_options options = {.format = format,
	    .wide_exceptions = !job->allow,
	    .on_rule = take_rule,
	    .is_protected = is_protected,
	    .arg = job};

	enum err rc = feed_parser_new(&job->parser, &options);
	if (rc != OK)
		return rc;
	rc = source_read(path, take_piece, job, sha256, why);
	if (rc == OK)
		rc = feed_parser_finish(job->parser, why);
	if (rc == ERR_FORMAT) {
		ruledb_builder_drop_feed(job->builder);
		(void)rules_fail(_("%s: left out: %s"), path, why->text);
		job->refused_files++;
		rc = OK;
	} else if (rc == OK) {
		struct diag doubt = {0};
		rc = note_provenance(job, path, sha256);
		if (feed_judge(feed_parser_stats(job->parser),
		        feed_parser_format(job->parser), &doubt) != OK)
			(void)fprintf(stderr, "%s: %s\n", path, doubt.text);
		if (!job->json)
			tell_refused(path, feed_parser_stats(job->parser));
	}
	feed_parser_free(job->parser);
	job->parser = NULL;
	return rc;
}

static enum err add_pair(struct job *job, const char *pair, struct diag *why)
{
	struct slice path = slice_of(pair);
	struct slice category = slice_cut(&path, '=');
	char name[64];
	unsigned index;

	if (category.len >= sizeof name) {
		diag_set(why, _("the category's name is too long"));
		return ERR_RANGE;
	}
	memcpy(name, category.ptr, category.len);
	name[category.len] = '\0';
	job->allow = strcmp(name, RULEDB_ALLOW_NAME) == 0;
	const char *file = pair + category.len + 1;
	enum err rc = ruledb_builder_feed(job->builder, file, name, &index);
	if (rc == ERR_FULL) {
		diag_set(why, _("too many categories (%d) or files (%d)"),
		    RULEDB_CATEGORIES_MAX, RULEDB_FEEDS_MAX);
	}
	return rc == OK ? add_file(job, file, why) : rc;
}

static enum err new_builder(struct job *job)
{
	struct timespec now = {0};
	struct ruledb_builder_options options = {.max_bytes = RULES_MAX_BYTES};

	(void)clock_gettime(CLOCK_REALTIME, &now);
	options.built_s = (int64_t)now.tv_sec;
	options.generation = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
	if (getrandom(&options.key, sizeof options.key, 0) != sizeof options.key)
		return ERR_IO;
	return ruledb_builder_new(&job->builder, &options);
}

static int print_outcome(const struct job *job, const struct ruledb *db)
{
	struct ruledb_stat stat;
	struct ruledb_feed feed;
	uint64_t refused = 0, idle = 0;
	json_t *feeds = job->json ? json_array() : NULL;

	ruledb_stat(db, &stat);
	for (unsigned i = 0; ruledb_feed_at(db, i, &feed); i++) {
		refused += feed.refused;
		idle += feed.idle;
		if (job->json) {
			(void)json_array_append_new(feeds, json_feed(db, i));
		} else {
			(void)printf(_("%s: %s, %s: %llu names, %llu lines refused\n"),
			    feed.name, json_category_name(db, feed.category), feed.format,
			    (unsigned long long)feed.names,
			    (unsigned long long)feed.refused);
		}
	}
	if (job->json) {
		return json_print(
		    json_pack("{sI sI sI sI sI so so}", "names", (json_int_t)stat.names,
		        "rules", (json_int_t)stat.rules, "refused", (json_int_t)refused,
		        "idle", (json_int_t)idle, "bytes", (json_int_t)stat.size_bytes,
		        "categories", json_categories(db), "feeds", feeds));
	}
	(void)printf(_("%s: %llu names, %llu rules, %llu lines refused, %llu bytes\n"),
	    job->out_path, (unsigned long long)stat.names, (unsigned long long)stat.rules,
	    (unsigned long long)refused, (unsigned long long)stat.size_bytes);
	return rules_end(EXIT_DONE);
}

/* Writes beside the target, verifies by opening, and only then renames. */
static int publish(struct job *job)
{
	struct atomic_file file = ATOMIC_FILE_NONE;
	struct ruledb *db = NULL;
	struct diag why = {0};
	int status = EXIT_FAILED;

	enum err rc = atomic_file_begin(&file, job->out_path, 0644);
	if (rc == OK)
		rc = ruledb_builder_write(job->builder, file.fd);
	ruledb_builder_free(job->builder); /* before the file is mapped: half the peak */
	job->builder = NULL;
	if (rc == OK)
		rc = ruledb_open_fd(&db, file.fd, &why);
	if (rc == OK)
		rc = atomic_file_commit_keeping(&file, ".prev");
	if (rc == OK) {
		status = print_outcome(job, db);
	} else {
		status = rules_fail("%s: %s", job->out_path,
		    rc == ERR_IO           ? strerror(errno)
		        : why.text[0] != 0 ? why.text
		                           : err_text(rc));
	}
	ruledb_close(db);
	atomic_file_abandon(&file);
	return status;
}

static int run(struct job *job, int count, char **pairs)
{
	enum err rc = new_builder(job);

	if (rc != OK)
		return rules_fail("%s", err_text(rc));
	for (int i = 0; i < count; i++) {
		struct diag why = {0};
		rc = add_pair(job, pairs[i], &why);
		if (rc != OK) {
			return rules_fail("%s: %s", pairs[i],
			    why.text[0] != '\0' ? why.text : err_text(rc));
		}
	}
	int status = publish(job);
	return job->refused_files > 0 ? EXIT_FAILED : status;
}

static int check_pairs(int count, char **pairs)
{
	if (count == 0)
		return rules_usage(_("compile: CATEGORY=FILE is missing"));
	for (int i = 0; i < count; i++) {
		const char *equals = strchr(pairs[i], '=');
		if (equals == NULL || equals == pairs[i] || equals[1] == '\0') {
			return rules_usage(
			    _("compile: \"%s\" is not CATEGORY=FILE"), pairs[i]);
		}
	}
	return EXIT_DONE;
}

int rules_compile(int argc, char **argv)
{
	static const struct option options[] = {{"output", required_argument, NULL, 'o'},
	    {"format", required_argument, NULL, 'f'}, {"json", no_argument, NULL, 'j'},
	    {NULL, 0, NULL, 0}};
	struct job job = {.out_path = NULL};
	int c;

	while ((c = getopt_long(argc, argv, "o:", options, NULL)) != -1) {
		if (c == 'o') {
			job.out_path = optarg;
		} else if (c == 'j') {
			job.json = true;
		} else if (c == 'f') {
			job.format = feed_format_find(optarg);
			if (job.format == NULL && strcmp(optarg, "auto") != 0) {
				return rules_usage(
				    _("compile: unknown format \"%s\""), optarg);
			}
		} else {
			return rules_usage(_("compile: unknown option"));
		}
	}
	if (job.out_path == NULL)
		return rules_usage(_("compile: -o FILE is missing"));
	int status = check_pairs(argc - optind, argv + optind);
	if (status == EXIT_DONE)
		status = run(&job, argc - optind, argv + optind);
	ruledb_builder_free(job.builder);
	return status;
}
