/* signing -- people sign in, and what they ask for afterwards is theirs.
 *
 *	sign-in {"user","password","client"}  ->  {"token","name","roles":[WORD,…]}
 *	                              why: wrong | locked (+minutes) | failed
 *
 * A token is random, lives TOKEN_LIFE_MS in our memory, and holds for one client and one
 * account. By forms.sock the client is what the page says; by desk.sock it is the peer's user,
 * so "client" is left out there. */
#ifndef DESK_SIGNING_H
#define DESK_SIGNING_H

#include "accounts/accounts.h"
#include "desk/part.h"

struct call;
struct signing;

extern const struct part signing_part;

/* Words of "why". */
#define WHY_EXPIRED "expired" /* no such token, or not of this client: sign in again */
#define WHY_REFUSED "refused" /* signed in, and may not do this */

/* The account that `token` of this call stands for, when it has one of `roles`. NULL: the call
 * has been refused and ended. Borrowed until the loop turns. */
const struct account *signing_require(struct call *call, unsigned roles);

/* "teacher:hoa": who did it, for the record: the first of these roles that the account has, and
 * its name. */
enum {
	SIGNING_ACTOR_BYTES = ACCOUNT_NAME_BYTES + 16
};
void signing_actor(
    char out[SIGNING_ACTOR_BYTES], const struct account *account, unsigned roles);

#endif
