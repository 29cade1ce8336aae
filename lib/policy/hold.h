/* hold -- which feeds newly cover names that must not be covered by mistake.
 *
 * A feed that lists a never-block or popular name since its last update (somebody typed
 * "google.com" into a list of 200,000 lines) keeps its last good version until a person has
 * looked. Pure: the caller compiles, asks here, and compiles again without the held ones.
 * Threads: no shared state. */
#ifndef POLICY_HOLD_H
#define POLICY_HOLD_H

#include "conf/values.h"
#include "ruledb/ruledb.h"

struct hold {
	unsigned feed; /* number in `fresh` */
	size_t name;   /* index in `names` */
};

struct hold_sides {
	const struct ruledb *fresh;
	const struct ruledb *old;
	struct ruledb_scratch *scratch; /* the calling thread's */
};

/* Compares the rules in force with fresh ones, each feed by its own rules, patterns and
 * rules for some types or clients included: which feeds cover one of `names` now, and did not
 * before? A pattern that a limit cuts counts as one that covers. A feed that `old` does not
 * have is new and held for nothing: somebody has just configured it. Writes up to `max`, name
 * by name in the order given, and returns how many there are. Allocates nothing; O(names). */
size_t policy_hold(const struct hold_sides *sides, const struct config_names *names,
    struct hold *out, size_t max);

#endif
