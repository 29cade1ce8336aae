/* feed/pattern -- a pattern rule's expression: whether it can be used, what it matches, and
 * whether it would cover more than any list may.
 *
 * Matching is bounded (steps, depth, memory); a match that is cut is none.
 * Threads: a compiled pattern belongs to one. */
#ifndef FEED_PATTERN_H
#define FEED_PATTERN_H

#include "base/attr.h"
#include "base/bytes.h"
#include "base/err.h"
#include "dns/name.h"

struct feed_pattern;

/* `text` is PCRE2 as in struct rule_terms. ERR_FORMAT: it is no expression, or too long;
 * ERR_MEMORY. */
MUST_CHECK enum err feed_pattern_new(struct feed_pattern **out, struct slice text);
void feed_pattern_free(struct feed_pattern *p); /* NULL is fine */

/* Of a name as it is, lower case. */
bool feed_pattern_matches(struct feed_pattern *p, struct dname name);

enum feed_breadth {
	FEED_BREADTH_FINE,
	FEED_BREADTH_SUFFIX, /* all names of a top-level domain, or of a suffix like com.vn */
	FEED_BREADTH_ANY,    /* many names that have nothing in common */
	FEED_BREADTH_UNKNOWN /* trying it costs more than is left */
};

enum {
	FEED_SLOW_TRIES_MAX = 20 * 1000 /* of one list */
};

/* Tried on made-up names: 4 below each top-level domain, and 40 unrelated ones. A try that few
 * steps do not end takes one of *slow_left. */
enum feed_breadth feed_pattern_breadth(struct feed_pattern *p, uint32_t *slow_left);

#endif
