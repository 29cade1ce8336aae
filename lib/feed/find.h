/* feed/find -- where in a feed's text a name is listed: for explain.
 *
 * A batch of names is looked for in one pass over the text, plain bytes in any chunks.
 * Threads: a search belongs to one. */
#ifndef FEED_FIND_H
#define FEED_FIND_H

#include "feed/feed.h"

struct feed_find;

/* One rule at or above one of the names, with a reach that covers it, or a pattern that matches
 * it. Conditions (types, clients …) are not asked: the terms are in rule->rule. */
struct feed_hit {
	size_t query;                 /* which name: its index in order of adding */
	unsigned depth;               /* labels of the rule's name; 0: a pattern */
	const struct feed_rule *rule; /* borrowed until the callback returns */
};

typedef enum err (*feed_on_hit)(void *arg, const struct feed_hit *hit);

/* The format and `exact` must be those the feed was compiled with; on_rule, is_protected and
 * arg of `options` are not used. `max_names` bounds the batch. ERR_MEMORY. */
MUST_CHECK enum err feed_find_new(
    struct feed_find **out, const struct feed_options *options, size_t max_names);
void feed_find_free(struct feed_find *f); /* NULL is fine */

/* Adds a name (copied) before the first push. ERR_FULL, ERR_MEMORY. */
MUST_CHECK enum err feed_find_add(struct feed_find *f, struct dname name);
/* The same for a name whose rule is known to be none of the patterns: each pattern asked of each
 * name of a large batch would take long. */
MUST_CHECK enum err feed_find_add_by_name(struct feed_find *f, struct dname name);
/* Who hears of hits; set before the first push. */
void feed_find_on_hit(struct feed_find *f, feed_on_hit on_hit, void *arg);
/* As feed_parser_push and feed_parser_finish. */
MUST_CHECK enum err feed_find_push(
    struct feed_find *f, struct slice bytes, struct diag *why);
MUST_CHECK enum err feed_find_finish(struct feed_find *f, struct diag *why);

#endif
