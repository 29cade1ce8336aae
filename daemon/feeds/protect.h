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

/* Must this rule of `feed` be ignored? Of a feed that blocks: what covers a public suffix, a
 * protected name, or, as a pattern or address block, most of the names under some suffix; an
 * exception never, it acts on its own feed. Of a feed of category `allow`: what would open a
 * whole suffix. Not for two threads: patterns are tried out here. */
bool protect_ignores(
    const struct protect *p, const struct config_feed *feed, const struct rule *rule);

/* Adds everything that answers depend on, so that a change of it compiles anew. */
void protect_digest(const struct protect *p, EVP_MD_CTX *sum);

#endif
