/* unit_limits -- how often one unit may send: limits.per_unit.
 *
 * A bucket a unit: it holds as many documents as an hour allows and fills evenly. In this
 * process's memory alone: with several collectors on one database each allows as much, and
 * a restart forgets. That is enough for what it is: a bound on what one broken or stolen
 * sender costs, not an account.
 * Threads: any; a lock of its own. */
#ifndef DISTRICT_UNIT_LIMITS_H
#define DISTRICT_UNIT_LIMITS_H

#include "base/attr.h"
#include "base/err.h"
#include "base/hash.h"

struct unit_limits;

enum {
	UNIT_LIMITS_MAX = 65536 /* units at once; more share the fullest table's mercy */
};

MUST_CHECK enum err unit_limits_open(struct unit_limits **out, struct hash_key key);
void unit_limits_close(struct unit_limits *limits); /* NULL: nothing */

/* Takes one of `word`'s hour ("unit" or "partner:NAME", so that kinds do not share). 0: it
 * may pass. Else the seconds until it may, at least 1. */
unsigned unit_limits_take(
    struct unit_limits *limits, const char *word, uint64_t per_hour, uint64_t now_ms);

#endif
