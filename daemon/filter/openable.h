/* openable -- whether a teacher may open a name for a room (the contract: never a locked or
 * sensitive category; none of security, which guards the device itself; and no way past the
 * filter, since it leads past all of these).
 *
 * Every list counts, whether this tier blocks its category or not: a feed that errs is for
 * `lachanctl allow`, a person with the name in front of them. Threads: main alone. */
#ifndef FILTER_OPENABLE_H
#define FILTER_OPENABLE_H

#include "filter/hearing.h"
#include "filter/snapshot.h"

enum openable {
	OPENABLE,
	OPENABLE_NOT_LOCKED, /* a locked category lists it */
	OPENABLE_NOT_SENSITIVE,
	OPENABLE_NOT_SECURITY,
	OPENABLE_NOT_BYPASS,
	OPENABLE_NOT_SAFE /* a search engine without safe results */
};

/* Of the name itself, and of what the answers that the cache holds for it lead to. */
enum openable openable_judge(
    const struct snapshot *s, struct cache *cache, const struct policy_question *question);

#endif
