/* presence -- when somebody who answers was here last, by role: a day and an hour, nobody's
 * name. Forms are shown while that is not long ago (standing.h).
 *
 * state_dir/presence, replaced whole:
 *
 *	lachan-presence 1
 *	teacher 2026-11-22T03Z
 */
#ifndef DESK_PRESENCE_H
#define DESK_PRESENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "accounts/accounts.h"

struct desk;
struct presence;

enum {
	/* Behind the roles of accounts: who ran `lachanctl reviews` on the gateway itself. */
	PRESENCE_OPERATOR = ACCOUNT_ROLES,
	PRESENCE_KINDS
};

/* Somebody with these roles (ACCOUNT_BIT()s, and that of PRESENCE_OPERATOR) is here now. */
void presence_note(struct desk *desk, unsigned kinds);
/* Whether one of these was here within `within_ms`. */
bool presence_within(const struct desk *desk, unsigned kinds, uint64_t within_ms);

#endif
