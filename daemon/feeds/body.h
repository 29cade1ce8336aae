/* body -- a feed's new body on its way: whatever it is, it becomes one text, which is read as
 * the rules would be, summed, looked through for names that many need, and written to the disk
 * as a gzip file that is published only when its owner says so.
 *
 * An archive waits packed in an unlinked file until it is whole; a text passes through. */
#ifndef FEEDS_BODY_H
#define FEEDS_BODY_H

#include "bundle/bundle.h"
#include "feed/feed.h"
#include "feeds/cover.h"
#include "feeds/protect.h"
#include "feeds/store.h"
#include "kit/digest.h"

struct body;

struct body_options {
	const struct feed *feed;
	const struct protect *protect;
	const struct watch *watch;
};

/* ERR_MEMORY. The options' pointers are borrowed. */
MUST_CHECK enum err body_new(struct body **out, const struct body_options *options);
/* Leaves nothing behind but what body_keep() published. NULL is fine. */
void body_free(struct body *b);

/* The next bytes as they came. Any error refuses the body, with *why. */
MUST_CHECK enum err body_write(struct body *b, struct slice bytes, struct diag *why);
/* In place of body_write(): the folder at `path`. `member`: see members.h. */
MUST_CHECK enum err body_read_folder(
    struct body *b, const char *path, const char *member, struct diag *why);
/* It is whole. ERR_FORMAT (empty, damaged, no list), … with *why. */
MUST_CHECK enum err body_finish(struct body *b, const char *member, struct diag *why);

/* ---- once finished ---- */

struct body_facts {
	char sha256[DIGEST_TEXT_BYTES];      /* of the text */
	char body_sha256[DIGEST_TEXT_BYTES]; /* of what came */
	uint64_t bytes;                      /* of the text */
	const struct feed_stats *stats;
	const struct feed_format *format; /* may be NULL */
};
void body_facts(struct body_facts *out, const struct body *b);

/* The rules that concern names which many need. ERR_MEMORY, ERR_IO; owned by the body. */
MUST_CHECK enum err body_cover(struct body *b, const struct cover **out);

/* Of a feed of format bundle: its text, read whole; else NULL. */
const struct bundle_reader *body_bundle(const struct body *b);

/* Publishes the text, gzipped, at `path` in the feeds' folder. ERR_IO with *why. */
MUST_CHECK enum err body_keep(struct body *b, const char *path, struct diag *why);

/* The format of a word that may stand in filter.feeds; false: there is none, or it is bundle. */
bool body_find_format(const char *word, enum config_feed_format *out);

/* The options with which the texts of a feed are read: here, when its copy is compiled, and
 * when it is compared. */
struct feed_options body_feed_options(const struct config_feed *config);

#endif
