#include "feeds/body.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/words.h"
#include "feeds/archive.h"
#include "feeds/folder.h"
#include "feeds/gzip.h"

enum {
	COPY_MODE = 0640
};

enum kind {
	KIND_UNKNOWN, /* the head is not there yet */
	KIND_TEXT,
	KIND_ARCHIVE
};

struct body {
	struct body_options options;
	enum kind kind;
	uint8_t head[ARCHIVE_HEAD_BYTES]; /* while unknown */
	size_t head_len;
	int spool_fd; /* the archive as it came; -1 */

	/* The text. */
	struct feed_parser *parser;
	struct bundle_reader *bundle; /* of that format; else NULL */
	struct cover *cover;
	bool cover_closed;
	EVP_MD_CTX *sum;
	EVP_MD_CTX *body_sum; /* of an archive; else NULL */
	uint64_t bytes;
	struct atomic_file file;
	gzFile gz;
	char sha256[DIGEST_TEXT_BYTES];
	char body_sha256[DIGEST_TEXT_BYTES];
};

static const char *const FORMATS[] = {
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
    [FEED_FORMAT_BUNDLE] = "bundle",
};

bool body_find_format(const char *word, enum config_feed_format *out)
{
	for (size_t i = 0; i < FEED_FORMAT_BUNDLE; i++) {
		if (strcmp(FORMATS[i], word) != 0)
			continue;
		*out = (enum config_feed_format)i;
		return true;
	}
	return false;
}

struct feed_options body_feed_options(const struct config_feed *config)
{
	return (struct feed_options){
	    .format = feed_format_find(FORMATS[config->format]),
	    .exact =
	        config->match == FEED_MATCH_EXACT && config->format != FEED_FORMAT_BUNDLE,
	    .wide_exceptions = strcmp(config->category.text, "allow") != 0,
	};
}

/* ---- making and ending ---- */

static enum err on_rule(void *arg, const struct feed_rule *rule)
{
	struct body *b = arg;
	return cover_add(b->cover, &rule->rule);
}

static bool is_protected(void *arg, const struct feed_rule *rule)
{
	const struct body *b = arg;
	return protect_ignores(b->options.protect, b->options.feed->config, &rule->rule);
}

enum err body_new(struct body **out, const struct body_options *options)
{
	struct feed_options how = body_feed_options(options->feed->config);
	struct body *b = calloc(1, sizeof *b);

	if (b == NULL)
		return ERR_MEMORY;
	b->options = *options;
	b->spool_fd = -1;
	b->file = ATOMIC_FILE_NONE;
	how.on_rule = on_rule;
	how.is_protected = is_protected;
	how.arg = b;
	enum err rc = digest_begin(&b->sum);
	if (rc == OK)
		rc = feed_parser_new(&b->parser, &how);
	if (rc == OK && options->feed->config->format == FEED_FORMAT_BUNDLE)
		rc = bundle_reader_new(&b->bundle);
	if (rc == OK)
		rc = cover_new(&b->cover, options->watch, options->feed->config);
	if (rc != OK) {
		body_free(b);
		return rc;
	}
	*out = b;
	return OK;
}

void body_free(struct body *b)
{
	if (b == NULL)
		return;
	gzip_abandon(&b->gz);
	atomic_file_abandon(&b->file);
	if (b->spool_fd >= 0)
		(void)close(b->spool_fd);
	digest_end(&b->sum, NULL);
	digest_end(&b->body_sum, NULL);
	cover_free(b->cover);
	feed_parser_free(b->parser);
	bundle_reader_free(b->bundle);
	free(b);
}

/* ---- the text ---- */

/* Not before there is something to write: most visits end with 304. */
static enum err write_copy(struct body *b, struct slice bytes)
{
	enum err rc = OK;

	if (b->gz == NULL) {
		rc = atomic_file_begin(&b->file, b->options.feed->copy_path, COPY_MODE);
		if (rc == OK)
			rc = gzip_begin(&b->gz, b->file.fd);
	}
	return rc == OK ? gzip_write(b->gz, bytes) : rc;
}

static enum err take_text(void *context, struct slice bytes, struct diag *why)
{
	struct body *b = context;

	b->bytes += bytes.len;
	digest_add(b->sum, bytes);
	enum err rc = OK;
	if (b->bundle != NULL)
		rc = bundle_reader_push(b->bundle, bytes, why);
	if (rc == OK)
		rc = feed_parser_push(b->parser, bytes, why);
	if (rc != OK)
		return rc;
	rc = write_copy(b, bytes);
	if (rc != OK)
		diag_set(why, "%s: %s", b->options.feed->copy_path, err_text(rc));
	return rc;
}

/* ---- what came ---- */

/* A file beside the copies that is gone with its descriptor. */
static int open_spool(const struct feed *feed)
{
	char path[FILE_PATH_BYTES + 16];

	(void)snprintf(path, sizeof path, "%s.tmp.XXXXXX", feed->copy_path);
	int fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		(void)unlink(path);
	return fd;
}

static enum err spool(struct body *b, struct slice bytes, struct diag *why)
{
	enum err rc = OK;

	digest_add(b->body_sum, bytes);
	if (b->spool_fd < 0)
		b->spool_fd = open_spool(b->options.feed);
	rc = b->spool_fd >= 0 ? fd_write_all(b->spool_fd, bytes) : ERR_IO;
	if (rc != OK)
		diag_set(why, "%s: %s", b->options.feed->copy_path, strerror(errno));
	return rc;
}

static enum err take_known(struct body *b, struct slice bytes, struct diag *why)
{
	return b->kind == KIND_TEXT ? take_text(b, bytes, why) : spool(b, bytes, why);
}

/* The head is whole, or all there is. */
static enum err recognise(struct body *b, struct diag *why)
{
	struct slice head = {b->head, b->head_len};

	b->kind = archive_is_one(head) ? KIND_ARCHIVE : KIND_TEXT;
	enum err rc = b->kind == KIND_ARCHIVE ? digest_begin(&b->body_sum) : OK;
	if (rc != OK) {
		diag_set(why, "%s", err_text(rc));
		return rc;
	}
	return head.len > 0 ? take_known(b, head, why) : OK;
}

enum err body_write(struct body *b, struct slice bytes, struct diag *why)
{
	if (b->kind == KIND_UNKNOWN) {
		size_t room = sizeof b->head - b->head_len;
		size_t n = bytes.len < room ? bytes.len : room;
		memcpy(b->head + b->head_len, bytes.ptr, n);
		b->head_len += n;
		bytes = (struct slice){bytes.ptr + n, bytes.len - n};
		if (b->head_len < sizeof b->head)
			return OK;
		enum err rc = recognise(b, why);
		if (rc != OK)
			return rc;
	}
	return bytes.len > 0 ? take_known(b, bytes, why) : OK;
}

static struct members members_of(const struct body *b, const char *wanted)
{
	const struct config_feed *config = b->options.feed->config;

	return (struct members){
	    .wanted = wanted,
	    .squidguard = config->format == FEED_FORMAT_SQUIDGUARD,
	    .comment = config->format == FEED_FORMAT_RPZ ? ';' : '#',
	    .max_bytes = config->max_size_bytes,
	};
}

enum err body_read_folder(
    struct body *b, const char *path, const char *member, struct diag *why)
{
	struct members members = members_of(b, member);

	b->kind = KIND_TEXT;
	return folder_read_lists(path, &members, take_text, b, why);
}

static enum err unpack(struct body *b, const char *member, struct diag *why)
{
	struct members members = members_of(b, member);

	if (lseek(b->spool_fd, 0, SEEK_SET) != 0) {
		diag_set(why, "%s", strerror(errno));
		return ERR_IO;
	}
	return archive_read_lists(b->spool_fd, &members, take_text, b, why);
}

enum err body_finish(struct body *b, const char *member, struct diag *why)
{
	enum err rc = OK;

	if (b->kind == KIND_UNKNOWN)
		rc = recognise(b, why);
	if (rc == OK && b->kind == KIND_ARCHIVE)
		rc = unpack(b, member, why);
	if (rc != OK)
		return rc;
	if (b->bytes == 0) {
		diag_set(why, N_("the body is empty"));
		return ERR_FORMAT;
	}
	if (b->bundle != NULL)
		rc = bundle_reader_finish(b->bundle, why);
	if (rc == OK)
		rc = feed_parser_finish(b->parser, why);
	digest_end(&b->sum, b->sha256);
	if (b->body_sum != NULL)
		digest_end(&b->body_sum, b->body_sha256);
	else
		memcpy(b->body_sha256, b->sha256, sizeof b->sha256);
	return rc;
}

/* ---- afterwards ---- */

void body_facts(struct body_facts *out, const struct body *b)
{
	*out = (struct body_facts){
	    .bytes = b->bytes,
	    .stats = feed_parser_stats(b->parser),
	    .format = feed_parser_format(b->parser),
	};
	memcpy(out->sha256, b->sha256, sizeof out->sha256);
	memcpy(out->body_sha256, b->body_sha256, sizeof out->body_sha256);
}

const struct bundle_reader *body_bundle(const struct body *b)
{
	return b->bundle;
}

enum err body_cover(struct body *b, const struct cover **out)
{
	enum err rc =
	    b->cover_closed ? OK : cover_close(b->cover, feed_parser_format(b->parser));

	b->cover_closed = rc == OK;
	*out = b->cover;
	return rc;
}

enum err body_keep(struct body *b, const char *path, struct diag *why)
{
	enum err rc = gzip_end(&b->gz);

	if (rc == OK)
		rc = atomic_file_redirect(&b->file, path);
	if (rc == OK)
		rc = atomic_file_commit(&b->file, SLICE_EMPTY);
	if (rc != OK)
		diag_set(why, "%s: %s", path, err_text(rc));
	return rc;
}
