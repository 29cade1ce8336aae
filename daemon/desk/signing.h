/* signing -- people sign in, and what they ask for afterwards is theirs.
 *
 *	sign-in {"user","password","client"}  ->  {"token","name","roles":[WORD,…]}
 *	                              why: wrong | locked (+minutes) | failed
 *
 * A token is random, lives TOKEN_LIFE_MS in our memory, and holds for one client and one
 * account. By forms.sock the client is what the page says; by desk.sock it is the peer's user,
 * so "client" is left out there.
 *
 * One password is looked at at a time, and then the desk rests for three times as long as it
 * took: a flood of them has a quarter of one core at most, at a lower priority than DNS. Who
 * would wait longer than SIGNING_WAIT_MS is told to come back in a minute.
 *
 * The record hears of locks at once and of wrong passwords once a minute, with the account's
 * name when there is such an account (what else was typed may be a password), never with an
 * address. */
#ifndef DESK_SIGNING_H
#define DESK_SIGNING_H

#include "accounts/accounts.h"
#include "desk/part.h"

struct call;
struct signing;

extern const struct part signing_part;

enum {
	SIGNING_QUEUE_MAX = 8,       /* who waits for a password to be looked at */
	SIGNING_QUEUE_OF_CLIENT = 2, /* ... from one client */
	SIGNING_WAIT_MS = 4000,      /* longer than that nobody waits: the page gives up */
	SIGNING_REST = 3,            /* times what a password cost, until the next */
	SIGNING_REST_MS = 200,       /* ... at least */
	SIGNING_TELL_S = 60          /* wrong passwords are recorded together this often */
};

/* Words of "why". */
#define WHY_EXPIRED "expired" /* no such token, or not of this client: sign in again */
#define WHY_REFUSED "refused" /* signed in, and may not do this */

/* Whoever has signed in does so again. */
void signing_forget(struct desk *desk);

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
