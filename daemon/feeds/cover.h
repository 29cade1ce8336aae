/* cover -- which names that many need a feed covers, and which of them are new.
 *
 * Somebody types "google.com" into a list of 200,000 lines, and the country's schools lose
 * it by the evening: such a body waits for a person (T41). Of a feed only the rules that
 * could concern one of the watched names are kept, in a rule database of their own, so that
 * they are judged exactly as they would be in rules.db, for whoever might ask. */
#ifndef FEEDS_COVER_H
#define FEEDS_COVER_H

#include "conf/config.h"
#include "feed/feed.h"
#include "feeds/meta.h"
#include "feeds/protect.h"
#include "feeds/store.h"

/* The popular names and those never to block. */
struct watch;

/* Borrows `config`. ERR_MEMORY. */
MUST_CHECK enum err watch_new(struct watch **out, const struct config *config);
void watch_free(struct watch *w); /* NULL is fine */

/* The rules of one feed that matter here. */
struct cover;

/* ERR_MEMORY. */
MUST_CHECK enum err cover_new(
    struct cover **out, const struct watch *w, const struct config_feed *feed);
void cover_free(struct cover *c); /* NULL is fine */
/* ERR_MEMORY, ERR_FULL. */
MUST_CHECK enum err cover_add(struct cover *c, const struct rule *rule);
/* No more rules come. `format` may be NULL. ERR_MEMORY, ERR_IO. */
MUST_CHECK enum err cover_close(struct cover *c, const struct feed_format *format);

/* What the new body of `feed` covers and the last good one does not, as names in `out`. The
 * last good one is asked by its copy, else by the rules at `rules_path` where they have the
 * feed; without either the feed is new, and nothing is held: a person has just configured it.
 * ERR_MEMORY, ERR_IO. */
MUST_CHECK enum err cover_compare(const struct cover *fresh, const struct feed *feed,
    const struct protect *protect, const char *rules_path, struct meta_held *out);

#endif
