/* protect -- names that no feed may cover, however it got there (T41).
 *
 * Blocked, they would take the whole country's schools offline (public suffixes) or the
 * filter itself: its own names, and the hosts whose lists it must be able to fetch.
 * What never-block names mean is decided per query by policy, not here. */
#ifndef FEEDS_PROTECT_H
#define FEEDS_PROTECT_H

#include <stdbool.h>

#include "conf/config.h"
#include "feed/feed.h"
#include "feeds/digest.h"

struct protect;

/* ERR_MEMORY. */
MUST_CHECK enum err protect_new(struct protect **out, const struct config *config);
void protect_free(struct protect *p); /* NULL is fine */

/* Must this rule of a feed that blocks be ignored? An exception never: it opens. */
bool protect_covers(const struct protect *p, const struct feed_rule *rule);
/* The same for a feed of category `allow`, where opening a whole public suffix is what must
 * not happen. */
bool protect_opens_too_much(const struct protect *p, const struct feed_rule *rule);

/* Adds everything that answers depend on, so that a change of it compiles anew. */
void protect_digest(const struct protect *p, EVP_MD_CTX *sum);

#endif
