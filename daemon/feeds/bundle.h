/* bundle -- feeds of format bundle: which body is believed, what is remembered of it, and what
 * lists it requires besides.
 *
 * Beside NAME.gz and NAME.meta such a feed has NAME.seen, the newest serial that was ever
 * accepted, and NAME.manifest, the signed part once more (kit/department.h reads it where the
 * copy cannot be read). Copies of bundles are kept whatever keep_sources says. */
#ifndef FEEDS_BUNDLE_H
#define FEEDS_BUNDLE_H

#include "bundle/bundle.h"
#include "feeds/store.h"
#include "kit/department.h"

bool bundle_is_one(const struct feed *feed);

/* Whether this whole text, whose digest is `sha256`, is the department's and may follow what was
 * here: ERR_DENIED, ERR_FORMAT with *why; ERR_MEMORY. */
MUST_CHECK enum err bundle_believe(const struct feed *feed,
    const struct bundle_reader *text, const char *sha256, int64_t now_s, struct diag *why);
/* Remembers its serial, before it is kept: no older one is taken from now on. ERR_IO. */
MUST_CHECK enum err bundle_remember(const struct feed *feed,
    const struct bundle_reader *text, const char *sha256, struct diag *why);

/* For each bundle of the store: a copy that is not believed (any more) is as good as none, and
 * will be fetched whole; the manifest beside it is what the copy says. */
void bundle_mend(struct store *s);

/* Those of `config`, and behind them the lists that the bundles of `department` require.
 * *out is the caller's: bundle_feeds_free(). ERR_MEMORY. */
struct bundle_feeds {
	struct config_feeds all;
	/* Private. */
	struct conf_text *urls;
	char (*names)[DEPARTMENT_NAME_BYTES];
};
MUST_CHECK enum err bundle_feeds_make(struct bundle_feeds *out, const struct config *config,
    const struct department *department);
void bundle_feeds_free(struct bundle_feeds *feeds);
/* Whether a bundle requires this feed, or it is one: no person at the school ends it. */
bool bundle_requires(const struct config_feed *feed);

/* The recipient of `share` that lives where the feed's address does (scheme, host, port), and
 * is to be asked as one asks there; NULL: none does. */
const struct config_recipient *bundle_recipient(
    const struct config *config, const struct config_feed *feed);

#endif
