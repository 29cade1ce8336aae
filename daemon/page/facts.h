/* facts -- the values of placeholders, and lines filled with them, safe for HTML.
 *
 * A line with a placeholder whose value is unknown or empty is left out whole: half a
 * sentence helps nobody. Values are never trusted: all of them are escaped, and so are the
 * lines. Threads: one request, one thread. */
#ifndef PAGE_FACTS_H
#define PAGE_FACTS_H

#include "base/buf.h"

enum {
	FACTS_MAX = 24
};

struct facts {
	size_t count;
	struct {
		const char *name;
		const char *value; /* borrowed; "" is unknown */
	} items[FACTS_MAX];
};

/* `name` without braces; an empty value is not kept. */
void facts_add(struct facts *facts, const char *name, const char *value);
/* "" when it is unknown. */
const char *facts_find(const struct facts *facts, struct slice name);

/* Can every placeholder of `line` be filled? False for an empty line. */
bool facts_cover(const struct facts *facts, const char *line);
/* Appends the filled line; nothing, and false, when it is not covered. */
bool facts_fill(struct buf *out, const struct facts *facts, const char *line);

#endif
