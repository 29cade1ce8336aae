/* leaf -- certificates for blocked names, signed with the school's own CA.
 *
 *	leaf {name, client, public_key} --> sound? --> limits --> verdict --> signed
 *	                                    failed     too_many   not_blocked
 *
 * The CA's key is here and nowhere else. The page is not believed: whether this name is
 * blocked for this client is asked of the filter once more, so that a page that was taken
 * over gets no certificate for a name that works. The portal's own name counts as blocked. */
#ifndef DESK_LEAF_H
#define DESK_LEAF_H

#include "desk/part.h"

enum {
	LEAF_A_MINUTE = 600,
	LEAF_A_MINUTE_OF_CLIENT = 120 /* a whole school may be one address */
};

/* Reads pages.ca while we still may: before the sandbox, since its key is root's alone. What
 * is wrong with it is logged, and no certificate is made. */
void leaf_read_ca(struct desk *desk);
/* The end of what it read; the part's close() comes before. */
void leaf_forget_ca(struct desk *desk);

extern const struct part leaf_part;

#endif
