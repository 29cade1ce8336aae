/* width -- whether a pattern or an address block of a list is so wide that it would take
 * whole registries with it: what for a plain name is the question "is it a public suffix?". */
#ifndef FEEDS_WIDTH_H
#define FEEDS_WIDTH_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/err.h"
#include "rule/rule.h"

struct width;

/* ERR_MEMORY. */
MUST_CHECK enum err width_new(struct width **out);
void width_free(struct width *w); /* NULL is fine */

/* Makes `pattern` (PCRE2, as struct rule_terms holds it) the one that is asked about. False
 * when it is none: then nothing matches it. */
bool width_set_pattern(struct width *w, struct slice pattern);
/* Would it take most names of some top-level domain or public suffix? Asked by made-up names
 * below the large ones and those of Vietnam. */
bool width_takes_suffix(struct width *w);
/* Does it match this name (text form, lower case)? */
bool width_matches(struct width *w, const char *name);

/* Blocks that hold the addresses of whole countries. */
bool width_network_is_wide(const struct rule_network *network);

#endif
