#include "feeds/bundle.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/words.h"
#include "feeds/body.h"
#include "feeds/gzip.h"
#include "feeds/url.h"
#include "kit/digest.h"
#include "kit/log.h"

enum {
	FILE_MODE = 0640
};

#define REQUIRED_REFRESH_MS (UINT64_C(24) * 60 * 60 * 1000)
#define REQUIRED_MAX_BYTES  (UINT64_C(256) << 20)

bool bundle_is_one(const struct feed *feed)
{
	return feed->config->format == FEED_FORMAT_BUNDLE;
}

bool bundle_requires(const struct config_feed *feed)
{
	return feed->format == FEED_FORMAT_BUNDLE ||
	    strchr(feed->name.text, DEPARTMENT_FEED) != NULL;
}

/* NAME.gz with another end. */
static void beside(char out[FILE_PATH_BYTES + 16], const struct feed *feed, const char *end)
{
	size_t stem = strlen(feed->copy_path) - strlen(".gz");

	(void)snprintf(
	    out, FILE_PATH_BYTES + 16, "%.*s%s", (int)stem, feed->copy_path, end);
}

/* ---- what was seen ---- */

static enum err on_piece(void *sum, struct slice bytes)
{
	digest_add(sum, bytes);
	return OK;
}

/* The note is lost or torn: the copy in force is the newest that is known. */
static void seen_of_copy(const struct feed *feed, struct bundle_seen *out)
{
	struct bundle b;
	struct diag why;
	EVP_MD_CTX *sum = NULL;

	if (department_read_manifest(&b, feed->copy_path, feed->config, &why) != OK)
		return;
	out->key = b.key;
	out->serial = b.serial;
	(void)snprintf(out->name, sizeof out->name, "%s", b.name);
	if (digest_begin(&sum) == OK && gzip_read(feed->copy_path, on_piece, sum) == OK)
		digest_end(&sum, out->sha256);
	digest_end(&sum, NULL);
	bundle_deinit(&b);
}

static void read_seen(const struct feed *feed, struct bundle_seen *out)
{
	char path[FILE_PATH_BYTES + 16];
	struct buf text = BUF_INIT(BUNDLE_SEEN_BYTES);

	*out = (struct bundle_seen){.serial = 0};
	beside(path, feed, ".seen");
	enum err rc = file_read(path, &text);
	if (rc == OK)
		rc = bundle_seen_read(out, buf_slice(&text));
	buf_deinit(&text);
	if (rc == OK)
		return;
	if (rc != ERR_NOT_FOUND)
		log_warn("feeds", "%s: %s; the copy in force tells the serial", path,
		    err_text(rc));
	seen_of_copy(feed, out);
}

enum err bundle_believe(const struct feed *feed, const struct bundle_reader *text,
    const char *sha256, int64_t now_s, struct diag *why)
{
	const struct bundle *b = bundle_reader_manifest(text);
	struct sign_public key;
	struct bundle_seen seen;

	if (b == NULL ||
	    sign_public_read(&key, slice_of(feed->config->public_key.text)) != OK) {
		diag_set(why,
		    b == NULL ? N_("it is no bundle")
		              : N_("public_key is no key of Ed25519"));
		return ERR_FORMAT;
	}
	enum err rc = bundle_verify(b, bundle_reader_text(text), &key, why);
	if (rc != OK)
		return rc;
	read_seen(feed, &seen);
	return bundle_judge(b, sha256, &seen, now_s, why);
}

enum err bundle_remember(const struct feed *feed, const struct bundle_reader *text,
    const char *sha256, struct diag *why)
{
	const struct bundle *b = bundle_reader_manifest(text);
	struct bundle_seen seen = {.key = b->key, .serial = b->serial}, before;
	char path[FILE_PATH_BYTES + 16], line[BUNDLE_SEEN_BYTES];

	(void)snprintf(seen.name, sizeof seen.name, "%s", b->name);
	(void)snprintf(seen.sha256, sizeof seen.sha256, "%s", sha256);
	read_seen(feed, &before);
	beside(path, feed, ".seen");
	/* What is so already is not written every day. */
	if (before.serial == seen.serial && strcmp(before.sha256, sha256) == 0 &&
	    access(path, R_OK) == 0 && sign_public_equal(&before.key, &seen.key))
		return OK;
	bundle_seen_write(line, &seen);
	enum err rc = file_write_atomic(path, slice_of(line), FILE_MODE);
	if (rc != OK)
		diag_set(why, "%s: %s", path, strerror(errno));
	return rc;
}

/* ---- the copies ---- */

static bool is_file(const char *path, struct slice content)
{
	struct buf text = BUF_INIT(BUNDLE_MANIFEST_MAX);
	bool same = file_read(path, &text) == OK && slice_equal(buf_slice(&text), content);

	buf_deinit(&text);
	return same;
}

struct head {
	struct buf text;
	size_t wanted;
};

static enum err on_head(void *context, struct slice bytes)
{
	struct head *h = context;
	size_t room = h->wanted - h->text.len;

	buf_append(
	    &h->text, (struct slice){bytes.ptr, bytes.len < room ? bytes.len : room});
	return h->text.len == h->wanted ? ERR_CLOSED : buf_status(&h->text);
}

static void write_manifest(const struct feed *feed, const struct bundle *b)
{
	struct head h = {BUF_INIT(BUNDLE_MANIFEST_MAX), b->manifest_bytes};
	char path[FILE_PATH_BYTES + 16];

	beside(path, feed, ".manifest");
	(void)!gzip_read(feed->copy_path, on_head, &h);
	if (h.text.len == h.wanted && !is_file(path, buf_slice(&h.text)) &&
	    file_write_atomic(path, buf_slice(&h.text), FILE_MODE) != OK)
		log_error("feeds", "%s: cannot be written: %s", path, strerror(errno));
	buf_deinit(&h.text);
}

static void mend(struct feed *feed)
{
	struct bundle b;
	struct diag why = {.text = ""};

	feed->meta.off = false; /* it was a list of another format then */
	if (!feed->has_copy)
		return;
	enum err rc = department_read_manifest(&b, feed->copy_path, feed->config, &why);
	if (rc == OK) {
		write_manifest(feed, &b);
		bundle_deinit(&b);
		return;
	}
	if (rc == ERR_MEMORY)
		return;
	log_error("feeds", "%s: its copy is not believed: %s; it must be fetched anew",
	    feed->config->name.text, why.text);
	(void)unlink(feed->copy_path);
	feed->has_copy = false;
	feed->meta.url[0] = 0;
	/* Signed by somebody whom the configuration does not name any more: not ours. */
	if (rc == ERR_DENIED)
		feed->meta.fetched_s = 0;
}

void bundle_mend(struct store *s)
{
	for (size_t i = 0; i < s->count; i++) {
		if (bundle_is_one(&s->feeds[i]))
			mend(&s->feeds[i]);
		else if (bundle_requires(s->feeds[i].config))
			s->feeds[i].meta.off = false;
	}
}

/* ---- lists that are required ---- */

/* What a list of the bundle would be in a file; false: this version cannot read it. */
static bool to_config(struct config_feed *out, const struct bundle_feed *from,
    const struct config *config, const char *bundle)
{
	size_t unused;

	*out = (struct config_feed){
	    .category = {.text = from->category},
	    .match = from->exact ? FEED_MATCH_EXACT : FEED_MATCH_SUBTREE,
	    .refresh_ms = REQUIRED_REFRESH_MS,
	    .max_size_bytes = REQUIRED_MAX_BYTES,
	    .min_entries = 1,
	    .max_shrink_percent = 50,
	    .sha256 = {.text = from->sha256},
	    .public_key = {.text = ""},
	    .enabled = true,
	};
	bool known = config_find_category(config, from->category, &unused) &&
	    body_find_format(from->format, &out->format);
	if (!known)
		log_warn("feeds",
		    "%s requires the list %s, whose category or format is unknown "
		    "here: left out",
		    bundle, from->name);
	return known;
}

static void add_required(struct bundle_feeds *out, const struct config *config,
    const struct department_bundle *from)
{
	for (size_t i = 0; i < from->bundle.feed_count; i++) {
		const struct bundle_feed *one = &from->bundle.feeds[i];
		size_t at = out->all.count;
		struct config_feed *feed = &out->all.items[at];
		if (!one->required || !to_config(feed, one, config, from->feed->name.text))
			continue;
		department_name(
		    out->names[at], from->feed->name.text, DEPARTMENT_FEED, one->name);
		feed->name.text = out->names[at];
		out->urls[at] = (struct conf_text){.text = one->url};
		feed->url = (struct conf_texts){.items = &out->urls[at], .count = 1};
		out->all.count++;
	}
}

enum err bundle_feeds_make(struct bundle_feeds *out, const struct config *config,
    const struct department *department)
{
	const struct config_feeds *own = &config->filter.feeds;
	size_t max = own->count + 1;

	for (size_t i = 0; i < department->count; i++)
		max += department->items[i].bundle.feed_count;
	*out = (struct bundle_feeds){.all = {.mark = own->mark}};
	out->all.items = calloc(max, sizeof *out->all.items);
	out->urls = calloc(max, sizeof *out->urls);
	out->names = calloc(max, sizeof *out->names);
	if (out->all.items == NULL || out->urls == NULL || out->names == NULL) {
		bundle_feeds_free(out);
		return ERR_MEMORY;
	}
	for (size_t i = 0; i < own->count; i++)
		out->all.items[out->all.count++] = own->items[i];
	for (size_t i = 0; i < department->count; i++)
		add_required(out, config, &department->items[i]);
	return OK;
}

void bundle_feeds_free(struct bundle_feeds *feeds)
{
	free(feeds->all.items);
	free(feeds->urls);
	free(feeds->names);
	*feeds = (struct bundle_feeds){.urls = NULL};
}

/* ---- how it is asked for ---- */

const struct config_recipient *bundle_recipient(
    const struct config *config, const struct config_feed *feed)
{
	const struct config_recipients *all = &config->share.recipients;
	struct diag why;
	struct url url;

	if (feed->format != FEED_FORMAT_BUNDLE || feed->url.count == 0 ||
	    url_parse(&url, feed->url.items[0].text, "/", &why) != OK ||
	    url.scheme == URL_FILE)
		return NULL;
	for (size_t i = 0; i < all->count; i++) {
		const struct config_share_url *there = &all->items[i].url;
		if (there->text != NULL && there->tls == (url.scheme == URL_HTTPS) &&
		    there->port == url.port &&
		    slice_equal_nocase(slice_of(there->host), slice_of(url.host)))
			return &all->items[i];
	}
	return NULL;
}
