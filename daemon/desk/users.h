/* users -- the school's accounts as the desk knows them: read again when the file changes,
 * nobody at all while it is broken. */
#ifndef DESK_USERS_H
#define DESK_USERS_H

#include "accounts/accounts.h"
#include "desk/part.h"

extern const struct part users_part;

/* Reads the file again when it has changed: each second, and before a sign-in, so that who
 * was just given an account can use it. What was borrowed from users_now() is gone then. */
void users_look(struct desk *desk);
/* Those in force; never NULL, and borrowed until the loop turns. */
const struct accounts *users_now(const struct desk *desk);

#endif
