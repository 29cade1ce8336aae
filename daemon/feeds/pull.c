#include "feeds/pull.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/words.h"
#include "feed/feed.h"
#include "feeds/backoff.h"
#include "feeds/gzip.h"
#include "feeds/judge.h"
#include "kit/log.h"

enum {
	COPY_MODE = 0640
};

struct pull {
	struct pull_options options;
	const char *urls[FETCH_URLS_MAX];
	bool is_allow; /* category `allow` */

	/* Of the body under way. */
	struct atomic_file file;
	gzFile gz;
	EVP_MD_CTX *sum;
	struct feed_parser *parser;
	uint64_t bytes;
};

struct feed_options pull_feed_options(const struct config_feed *config)
{
	static const char *const formats[] = {
	    [FEED_FORMAT_AUTO] = "auto",
	    [FEED_FORMAT_DOMAINS] = "domains",
	    [FEED_FORMAT_HOSTS] = "hosts",
	    [FEED_FORMAT_WILDCARD] = "wildcard",
	    [FEED_FORMAT_ADBLOCK] = "adblock",
	    [FEED_FORMAT_DNSMASQ] = "dnsmasq",
	    [FEED_FORMAT_UNBOUND] = "unbound",
	    [FEED_FORMAT_RPZ] = "rpz",
	    [FEED_FORMAT_REGEX] = "regex",
	    [FEED_FORMAT_SQUIDGUARD] = "squidguard",
	};
	return (struct feed_options){
	    .format = feed_format_find(formats[config->format]),
	    .exact = config->match == FEED_MATCH_EXACT,
	};
}

/* ---- the sink ---- */

static void drop_body(struct pull *p)
{
	gzip_abandon(&p->gz);
	atomic_file_abandon(&p->file);
	digest_end(&p->sum, NULL);
	feed_parser_free(p->parser);
	p->parser = NULL;
	p->bytes = 0;
}

/* Only the counts are wanted here; compile reads the copy again. */
static enum err count_rule(void *arg UNUSED, const struct feed_rule *rule UNUSED)
{
	return OK;
}

static bool is_protected(void *arg, const struct feed_rule *rule)
{
	const struct pull *p = arg;
	return p->is_allow ? protect_opens_too_much(p->options.protect, rule)
	                   : protect_covers(p->options.protect, rule);
}

static enum err sink_begin(void *context, struct diag *why)
{
	struct pull *p = context;
	const struct feed *feed = p->options.feed;
	struct feed_options how = pull_feed_options(feed->config);

	drop_body(p);
	how.on_rule = count_rule;
	how.is_protected = is_protected;
	how.arg = p;
	enum err rc = digest_begin(&p->sum);
	if (rc == OK)
		rc = feed_parser_new(&p->parser, &how);
	if (rc != OK)
		diag_set(why, "%s", err_text(rc));
	return rc;
}

/* Not before there is something to write: most visits end with 304. */
static enum err write_copy(struct pull *p, struct slice bytes)
{
	enum err rc = OK;

	if (p->gz == NULL) {
		rc = atomic_file_begin(&p->file, p->options.feed->copy_path, COPY_MODE);
		if (rc == OK)
			rc = gzip_begin(&p->gz, p->file.fd);
	}
	return rc == OK ? gzip_write(p->gz, bytes) : rc;
}

static enum err sink_write(void *context, struct slice bytes, struct diag *why)
{
	struct pull *p = context;

	p->bytes += bytes.len;
	digest_add(p->sum, bytes);
	enum err rc = feed_parser_push(p->parser, bytes, why);
	if (rc != OK)
		return rc;
	rc = write_copy(p, bytes);
	if (rc != OK)
		diag_set(why, "%s: %s", p->options.feed->copy_path, err_text(rc));
	return rc;
}

/* Everything that can be wrong with a body that came whole. */
static enum err judge(struct pull *p, const char *sha256, struct diag *why)
{
	const struct feed *feed = p->options.feed;
	const struct config_feed *config = feed->config;
	uint64_t before = feed->meta.fetched_s > 0 ? feed->meta.rules : 0;

	if (p->bytes == 0) {
		diag_set(why, N_("the body is empty"));
		return ERR_FORMAT;
	}
	if (config->sha256.text[0] != 0 &&
	    !slice_equal_nocase(slice_of(config->sha256.text), slice_of(sha256))) {
		diag_set(why, N_("its SHA-256 is %s, not the one that is pinned"), sha256);
		return ERR_FORMAT;
	}
	enum err rc = feed_parser_finish(p->parser, why);
	if (rc != OK)
		return rc;
	const struct feed_stats *stats = feed_parser_stats(p->parser);
	rc = feed_judge(stats, feed_parser_format(p->parser), why);
	if (rc == OK)
		rc = judge_count(config, stats->rules, before, why);
	return rc;
}

/* The copy first, then what is known of it: killed between the two, the next run asks with
 * the old validators, is sent the body again and all is well. */
static enum err commit_copy(struct pull *p, struct diag *why)
{
	enum err rc = gzip_end(&p->gz);
	if (rc == OK)
		rc = atomic_file_commit(&p->file, SLICE_EMPTY);
	if (rc != OK)
		diag_set(why, "%s: %s", p->options.feed->copy_path, err_text(rc));
	return rc;
}

static void copy_text(char *out, size_t size, const char *text)
{
	(void)snprintf(out, size, "%s", text);
}

static void note_source(struct meta *m, const struct fetch_answer *answer)
{
	copy_text(m->url, sizeof m->url, answer->url);
	copy_text(m->etag, sizeof m->etag, answer->etag);
	copy_text(m->last_modified, sizeof m->last_modified, answer->last_modified);
}

static enum err take_body(
    struct pull *p, const struct fetch_answer *answer, struct diag *why)
{
	struct feed *feed = p->options.feed;
	struct meta *m = &feed->meta;
	char sha256[DIGEST_TEXT_BYTES];

	digest_end(&p->sum, sha256);
	bool same = m->fetched_s > 0 && strcmp(sha256, m->sha256) == 0;
	enum err rc = same ? OK : judge(p, sha256, why);
	if (rc == OK && !(same && feed->has_copy))
		rc = commit_copy(p, why);
	if (rc != OK)
		return rc;
	note_source(m, answer);
	feed->has_copy = true;
	m->result = same ? META_UNCHANGED : META_OK;
	if (!same) {
		copy_text(m->sha256, sizeof m->sha256, sha256);
		m->fetched_s = p->options.now_s;
		m->bytes = p->bytes;
		m->rules = feed_parser_stats(p->parser)->rules;
	}
	return OK;
}

static enum err sink_end(void *context, const struct fetch_answer *answer, struct diag *why)
{
	struct pull *p = context;
	enum err rc = OK;

	if (answer->not_modified) {
		p->options.feed->meta.result = META_UNCHANGED;
	} else {
		rc = take_body(p, answer, why);
	}
	drop_body(p);
	return rc;
}

static void log_result(const struct feed *feed)
{
	const struct meta *m = &feed->meta;
	const char *name = feed->config->name.text;

	if (m->result == META_REFUSED) {
		log_warn("feeds", "%s: refused: %s; %s", name, m->reason,
		    m->fetched_s > 0 ? "the last good copy stays" : "there is no copy yet");
	} else {
		log_debug("feeds", "%s: %s, %" PRIu64 " rules", name,
		    m->result == META_OK ? "fetched" : "unchanged", m->rules);
	}
}

static void sink_done(
    void *context, enum err rc, const struct diag *why, uint32_t retry_after_s)
{
	struct pull *p = context;
	struct feed *feed = p->options.feed;
	struct meta *m = &feed->meta;
	uint64_t random = p->options.random;
	uint32_t wait_s;

	drop_body(p);
	if (rc == OK) {
		m->failures = 0;
		m->reason[0] = 0;
		wait_s = backoff_after_success(feed->config->refresh_ms / 1000, random);
	} else {
		m->failures++;
		m->result = META_REFUSED;
		copy_text(m->reason, sizeof m->reason, why->text);
		wait_s = backoff_after_failure(m->failures, retry_after_s, random);
	}
	m->checked_s = p->options.now_s;
	m->next_try_s = p->options.now_s + wait_s;
	feed->tried = true;
	feed->refused = rc != OK;
	log_result(feed);
	if (store_save_meta(feed) != OK)
		log_error("feeds", "%s: cannot be written", feed->meta_path);
}

static const struct fetch_sink sink = {sink_begin, sink_write, sink_end, sink_done};

/* ---- */

enum err pull_start(
    struct pull **out, struct fetcher *fetcher, const struct pull_options *options)
{
	const struct feed *feed = options->feed;
	const struct conf_texts *urls = &feed->config->url;
	struct pull *p = calloc(1, sizeof *p);

	if (p == NULL)
		return ERR_MEMORY;
	p->options = *options;
	p->file = ATOMIC_FILE_NONE;
	p->is_allow = strcmp(feed->config->category.text, "allow") == 0;
	struct fetch_request request = {
	    .urls = p->urls,
	    .url_count = urls->count < FETCH_URLS_MAX ? urls->count : FETCH_URLS_MAX,
	    .known_url = options->how == PULL_IF_CHANGED ? feed->meta.url : NULL,
	    .etag = feed->meta.etag,
	    .last_modified = feed->meta.last_modified,
	    .max_bytes = feed->config->max_size_bytes,
	    .sink = &sink,
	    .context = p,
	};
	for (size_t i = 0; i < request.url_count; i++)
		p->urls[i] = urls->items[i].text;
	enum err rc = fetcher_add(fetcher, &request);
	if (rc != OK) {
		free(p);
		return rc;
	}
	*out = p;
	return OK;
}

void pull_free(struct pull *p)
{
	if (p == NULL)
		return;
	drop_body(p);
	free(p);
}
