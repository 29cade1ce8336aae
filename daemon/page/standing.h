/* standing -- what the house can answer to just now, by which lines and buttons show.
 *
 * All false is the careful reading: then a page offers a person and 111, never a form that
 * nobody reads. */
#ifndef PAGE_STANDING_H
#define PAGE_STANDING_H

#include <stdbool.h>

struct standing {
	bool review;  /* somebody who answers reviews was here lately */
	bool report;  /* a counsellor who can open reports was here lately */
	bool teacher; /* an account exists that may open a page for a room */
};

#endif
