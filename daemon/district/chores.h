/* chores -- the thread of what comes round by itself (struct chore in district.h).
 *
 * Threads: the main thread's, but for what a chore does on the thread itself. */
#ifndef DISTRICT_CHORES_H
#define DISTRICT_CHORES_H

#include "district/district.h"

struct chores;

/* Opens the thread's store and starts it; `district` outlives it. Errors of store_open(). */
MUST_CHECK enum err chores_open(struct chores **out, const struct district *district,
    const struct district_config *config, const char *store_where, struct diag *why);
/* The next chore runs by this configuration; it is held for as long as that takes. */
void chores_use_config(struct chores *chores, const struct district_config *config);
/* Tells the chore under way, and waits for it. NULL: nothing. */
void chores_close(struct chores *chores);

#endif
