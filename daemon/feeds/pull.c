#include "feeds/pull.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/words.h"
#include "feed/feed.h"
#include "feeds/backoff.h"
#include "feeds/body.h"
#include "feeds/bundle.h"
#include "feeds/judge.h"
#include "kit/log.h"

struct pull {
	struct pull_options options;
	const char *urls[FETCH_URLS_MAX];
	struct body *body; /* under way */
};

static void copy_text(char *out, size_t size, const char *text)
{
	(void)snprintf(out, size, "%s", text);
}

static void drop_body(struct pull *p)
{
	body_free(p->body);
	p->body = NULL;
}

/* ---- is it believed? ---- */

/* Everything that can be wrong with a body that came whole. */
static enum err judge(
    const struct pull *p, const struct body_facts *facts, struct diag *why)
{
	const struct meta *m = &p->options.feed->meta;
	const struct config_feed *config = p->options.feed->config;
	const char *pin = config->sha256.text;

	if (pin[0] != 0 &&
	    !slice_equal_nocase(slice_of(pin), slice_of(facts->body_sha256))) {
		diag_set(why, N_("its SHA-256 is %s, not the one that is pinned"),
		    facts->body_sha256);
		return ERR_FORMAT;
	}
	/* Whole by its digest, and true by its signature: how many names it has is its own. */
	if (bundle_is_one(p->options.feed))
		return bundle_believe(p->options.feed, body_bundle(p->body), facts->sha256,
		    p->options.now_s, why);
	enum err rc = feed_judge(facts->stats, facts->format, why);
	if (rc == OK)
		rc = judge_count(
		    config, facts->stats->rules, m->fetched_s > 0 ? m->rules : 0, why);
	return rc;
}

/* What must be asked of a person first, if anything: names in *held. */
static enum err look_for_holds(struct pull *p, const struct body_facts *facts,
    struct meta_held *held, struct diag *why)
{
	const struct feed *feed = p->options.feed;
	const struct cover *cover;

	if (feed->meta.fetched_s == 0 || strcmp(facts->sha256, feed->meta.accepted) == 0)
		return OK;
	enum err rc = body_cover(p->body, &cover);
	if (rc == OK) {
		rc = cover_compare(
		    cover, feed, p->options.protect, p->options.rules_path, held);
	}
	if (rc != OK)
		diag_set(why, "%s", err_text(rc));
	return rc;
}

/* ---- what is kept of it ---- */

static enum err keep_held(struct pull *p, const struct fetch_answer *answer,
    const struct body_facts *facts, struct meta_held *held, struct diag *why)
{
	struct feed *feed = p->options.feed;
	struct meta *m = &feed->meta;

	/* The one that waits already is not written every day. */
	bool known = m->held.since_s > 0 && strcmp(m->held.sha256, facts->sha256) == 0;
	enum err rc = known ? OK : body_keep(p->body, feed->held_path, why);
	if (rc != OK)
		return rc;
	held->since_s = known ? m->held.since_s : p->options.now_s;
	copy_text(held->url, sizeof held->url, answer->url);
	copy_text(held->etag, sizeof held->etag, answer->etag);
	copy_text(held->last_modified, sizeof held->last_modified, answer->last_modified);
	copy_text(held->sha256, sizeof held->sha256, facts->sha256);
	copy_text(held->body_sha256, sizeof held->body_sha256, facts->body_sha256);
	held->bytes = facts->bytes;
	held->rules = facts->stats->rules;
	m->held = *held;
	m->result = META_HELD;
	return OK;
}

static enum err keep(struct pull *p, const struct fetch_answer *answer,
    const struct body_facts *facts, struct diag *why)
{
	struct feed *feed = p->options.feed;
	struct meta *m = &feed->meta;
	bool same = m->fetched_s > 0 && strcmp(facts->sha256, m->sha256) == 0;

	/* The copy first, then what is known of it: killed between the two, the next run
	 * asks with the old validators, is sent the body again and all is well. */
	enum err rc =
	    same && feed->has_copy ? OK : body_keep(p->body, feed->copy_path, why);
	if (rc != OK)
		return rc;
	store_forget_held(feed);
	copy_text(m->url, sizeof m->url, answer->url);
	copy_text(m->etag, sizeof m->etag, answer->etag);
	copy_text(m->last_modified, sizeof m->last_modified, answer->last_modified);
	copy_text(m->body_sha256, sizeof m->body_sha256, facts->body_sha256);
	feed->has_copy = true;
	m->result = same ? META_UNCHANGED : META_OK;
	if (!same) {
		copy_text(m->sha256, sizeof m->sha256, facts->sha256);
		m->fetched_s = p->options.now_s;
		m->bytes = facts->bytes;
		m->rules = facts->stats->rules;
	}
	return OK;
}

static enum err take_body(
    struct pull *p, const struct fetch_answer *answer, struct diag *why)
{
	const struct meta *m = &p->options.feed->meta;
	struct meta_held *held = calloc(1, sizeof *held);
	struct body_facts facts;

	if (held == NULL) {
		diag_set(why, N_("out of memory"));
		return ERR_MEMORY;
	}
	enum err rc = body_finish(p->body, answer->member, why);
	body_facts(&facts, p->body);
	bool same = m->fetched_s > 0 && strcmp(facts.sha256, m->sha256) == 0;
	if (rc == OK && !same)
		rc = judge(p, &facts, why);
	if (rc == OK && !same)
		rc = look_for_holds(p, &facts, held, why);
	if (rc == OK && !same && bundle_is_one(p->options.feed))
		rc = bundle_remember(
		    p->options.feed, body_bundle(p->body), facts.sha256, why);
	if (rc == OK) {
		rc = held->covers_count > 0 ? keep_held(p, answer, &facts, held, why)
		                            : keep(p, answer, &facts, why);
	}
	free(held);
	return rc;
}

/* ---- the sink ---- */

static enum err sink_begin(void *context, struct diag *why)
{
	struct pull *p = context;
	const struct body_options how = {
	    .feed = p->options.feed,
	    .protect = p->options.protect,
	    .watch = p->options.watch,
	};

	drop_body(p);
	enum err rc = body_new(&p->body, &how);
	if (rc != OK)
		diag_set(why, "%s", err_text(rc));
	return rc;
}

static enum err sink_write(void *context, struct slice bytes, struct diag *why)
{
	const struct pull *p = context;
	return body_write(p->body, bytes, why);
}

static enum err sink_folder(
    void *context, const char *path, const char *member, struct diag *why)
{
	const struct pull *p = context;
	return body_read_folder(p->body, path, member, why);
}

static enum err sink_end(void *context, const struct fetch_answer *answer, struct diag *why)
{
	struct pull *p = context;
	struct meta *m = &p->options.feed->meta;
	enum err rc = OK;

	if (answer->not_modified) {
		m->result = m->held.since_s > 0 ? META_HELD : META_UNCHANGED;
	} else {
		rc = take_body(p, answer, why);
	}
	drop_body(p);
	return rc;
}

/* "newly covers google.com, moet.gov.vn and 3 more names that many need: …" */
static void describe_hold(struct meta *m)
{
	char names[META_REASON_BYTES / 2] = "";
	const struct meta_held *held = &m->held;
	size_t shown = 0, at = 0;

	for (; shown < held->kept && shown < 3; shown++) {
		int n = snprintf(names + at, sizeof names - at, "%s%s",
		    shown > 0 ? ", " : "", held->covers[shown]);
		if (n < 0 || (size_t)n >= sizeof names - at) {
			names[at] = 0;
			break;
		}
		at += (size_t)n;
	}
	(void)snprintf(m->reason, sizeof m->reason,
	    N_("it newly covers %llu names that many need (%s); lachanctl feeds accept takes "
	       "it"),
	    (unsigned long long)held->covers_count, names);
}

static void log_result(const struct feed *feed)
{
	const struct meta *m = &feed->meta;
	const char *name = feed->config->name.text;

	if (m->result == META_REFUSED) {
		log_warn("feeds", "%s: refused: %s; %s", name, m->reason,
		    m->fetched_s > 0 ? "the last good copy stays" : "there is no copy yet");
	} else if (m->result == META_HELD) {
		log_warn(
		    "feeds", "%s: held: %s; the last good copy stays", name, m->reason);
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
		if (m->result == META_HELD)
			describe_hold(m);
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
	feed->held = rc == OK && m->result == META_HELD;
	log_result(feed);
	if (store_save_meta(feed) != OK)
		log_error("feeds", "%s: cannot be written", feed->meta_path);
}

static const struct fetch_sink sink = {
    sink_begin, sink_write, sink_folder, sink_end, sink_done};

/* ---- */

/* The validators of what came last: of the body that is held, where there is one. */
static void set_validators(
    struct fetch_request *request, const struct pull_options *options)
{
	const struct meta *m = &options->feed->meta;
	bool held = m->held.since_s > 0;

	request->known_url = NULL;
	if (options->how == PULL_IF_CHANGED)
		request->known_url = held ? m->held.url : m->url;
	request->etag = held ? m->held.etag : m->etag;
	request->last_modified = held ? m->held.last_modified : m->last_modified;
}

/* The department is asked for its bundle as it is sent summaries. */
static void set_credentials(const struct pull *p, struct fetch_request *request)
{
	const struct feed_credentials *ours =
	    credentials_of(p->options.credentials, p->options.feed->config);

	if (ours == NULL)
		return;
	request->bearer = ours->token;
	request->only_anchor = buf_slice(&ours->anchor);
	request->own = ours->own.own != NULL ? &ours->own : NULL;
	if (ours->why.text[0] != 0)
		log_warn("feeds", "%s: asked for without what proves who we are: %s",
		    p->options.feed->config->name.text, ours->why.text);
}

static uint64_t max_bytes_of(const struct config_feed *config)
{
	bool small = config->format == FEED_FORMAT_BUNDLE &&
	    config->max_size_bytes > BUNDLE_TEXT_MAX;
	return small ? BUNDLE_TEXT_MAX : config->max_size_bytes;
}

enum err pull_start(
    struct pull **out, struct fetcher *fetcher, const struct pull_options *options)
{
	const struct feed *feed = options->feed;
	const struct conf_texts *urls = &feed->config->url;
	struct pull *p = calloc(1, sizeof *p);

	if (p == NULL)
		return ERR_MEMORY;
	p->options = *options;
	struct fetch_request request = {
	    .urls = p->urls,
	    .url_count = urls->count < FETCH_URLS_MAX ? urls->count : FETCH_URLS_MAX,
	    .max_bytes = max_bytes_of(feed->config),
	    .sink = &sink,
	    .context = p,
	};
	set_validators(&request, options);
	set_credentials(p, &request);
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
