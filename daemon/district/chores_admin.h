/* chores_admin -- what the administration does by itself, on the thread of chores:
 *
 *	retention      each day: what is older than `retention` allows is removed, in small steps
 *	old keys       each day: a key that another one replaced so long ago that no document of its
 *	               time would be taken any more (limits.oldest) is revoked; so is a token that
 *	               another one replaced OLD_TOKEN_DAYS ago
 *	refused count  each ten minutes: how many documents were refused goes to the store, for
 *	               `notify`
 *
 * Threads: that of chores. */
#ifndef DISTRICT_CHORES_ADMIN_H
#define DISTRICT_CHORES_ADMIN_H

#include "district/district.h"

enum {
	OLD_TOKEN_DAYS = 30
};

/* What district->admin is. */
struct admin_part {
	uint64_t
	    refused_written; /* of metrics_refused(), what the store has; of the thread of chores */
};

/* The setting in which the refused ones are counted, in decimal digits. */
#define REFUSED_SETTING "notify.refused"

void chore_retention(struct chore_call *c);
void chore_old_keys(struct chore_call *c);
void chore_refused(struct chore_call *c);

#endif
