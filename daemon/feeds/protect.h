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
#include "kit/digest.h"

struct protect;

/* ERR_MEMORY. */
MUST_CHECK enum err protect_new(struct protect **out, const struct config *config);
void protect_free(struct protect *p); /* NULL is fine */

/* Must this rule of `feed` be ignored? Of a feed that blocks: a name that covers a public suffix
 * or a protected name, a pattern that matches a protected name; an exception never, it acts on
 * its own feed. Of a feed of category `allow`: what would open a whole suffix. Patterns and
 * address blocks that take too much of the world are refused by the parser already. */
bool protect_ignores(
    const struct protect *p, const struct config_feed *feed, const struct rule *rule);

/* Adds everything that answers depend on, so that a change of it compiles anew. */
void protect_digest(const struct protect *p, EVP_MD_CTX *sum);

#endif
