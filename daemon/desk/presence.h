/* presence -- when somebody who answers was here last, by role: a day and an hour, nobody's
 * name. Forms are shown while that is not long ago (standing.h).
 *
 * state_dir/presence, replaced whole, at most once an hour and role; hours are UTC's:
 *
 *	lachan-presence 1
 *	teacher 2026-11-22T03Z
 */
#ifndef DESK_PRESENCE_H
#define DESK_PRESENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "accounts/accounts.h"
#include "desk/part.h"

struct desk;

enum {
	/* Behind the roles of accounts: who ran `lachanctl reviews` on the gateway itself. */
	PRESENCE_OPERATOR = ACCOUNT_SCHOOL_ROLES,
	PRESENCE_KINDS
};

struct presence {
	int64_t
	    hour_s[PRESENCE_KINDS]; /* its beginning, seconds since 1970 UTC; 0: never */
};

#define PRESENCE_NONE ((struct presence){.hour_s = {0}})

extern const struct part presence_part;

/* Somebody of these kinds (ACCOUNT_BIT()s, also of PRESENCE_OPERATOR) is here now. */
void presence_note(struct desk *desk, unsigned kinds);
/* Whether one of these was here within `within_ms`. */
bool presence_within(const struct desk *desk, unsigned kinds, uint64_t within_ms);

/* ---- without a desk ---- */

const char *presence_word(unsigned kind);
/* What lies in the future, because the clock was wrong then or is now, does not count. */
bool presence_was(
    const struct presence *p, unsigned kinds, int64_t now_s, uint64_t within_ms);
/* ERR_FORMAT for what presence_write() does not write; then *out is untouched. */
MUST_CHECK enum err presence_read(struct presence *out, struct slice text);
void presence_write(struct buf *out, const struct presence *p);

#endif
