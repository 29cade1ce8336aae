/* lockout -- wrong passwords are counted, and after some of them nobody is asked any more.
 *
 *	5 wrong for one account from one place     15 minutes, for this account there
 *	30 wrong for one account from everywhere   15 minutes, for this account everywhere,
 *	   within an hour                          but where it signed in well lately
 *
 * The first stops one who guesses. The second stops many who guess together, and it must not
 * become the way in which pupils keep a teacher from the lesson: a place from which the account
 * signed in within LOCKOUT_GOOD_MS (the teacher's own computer, of this morning) is left out
 * of it and stands under the first rule alone. Names that nobody has are counted likewise, so
 * that nothing tells them from others.
 *
 * A place is a client's address. It is kept as a keyed hash, in memory, for these hours.
 * Tables have a fixed size: of places the one that matters least makes room; accounts that
 * exist never make room for names that do not. The clock is an argument. */
#ifndef KIT_LOCKOUT_H
#define KIT_LOCKOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "accounts/accounts.h"
#include "base/hash.h"

enum {
	LOCKOUT_PLACES_MAX = 512,
	LOCKOUT_STRANGERS_MAX = 64, /* names that nobody has */
	LOCKOUT_HERE = 5,
	LOCKOUT_EVERYWHERE = 30,
	LOCKOUT_MS = 15 * 60 * 1000,
	LOCKOUT_WINDOW_MS = 60 * 60 * 1000,
	LOCKOUT_GOOD_MS = 12 * 60 * 60 * 1000
};

struct lockout_count {
	uint64_t key;      /* 0: free */
	uint64_t first_ms; /* of the wrong ones */
	uint64_t locked_until_ms;
	uint64_t good_until_ms; /* places only */
	unsigned wrong;
};

/* Zero-initialise, then set `key`. */
struct lockout {
	struct hash_key key;
	struct lockout_count places[LOCKOUT_PLACES_MAX]; /* of account and client */
	struct lockout_count known[ACCOUNTS_MAX];
	struct lockout_count strangers[LOCKOUT_STRANGERS_MAX];
};

struct lockout_who {
	const char *user;
	const char *client;
	bool known; /* there is such an account */
};

enum lockout_news {
	LOCKOUT_NOTHING,
	LOCKOUT_BEGAN_HERE,
	LOCKOUT_BEGAN_EVERYWHERE
};

/* Minutes for which this one is not asked, rounded up; 0: he is. */
unsigned lockout_minutes(
    const struct lockout *l, uint64_t now_ms, const struct lockout_who *who);
/* A password was wrong, or right. */
enum lockout_news lockout_wrong(
    struct lockout *l, uint64_t now_ms, const struct lockout_who *who);
void lockout_right(struct lockout *l, uint64_t now_ms, const struct lockout_who *who);

#endif
