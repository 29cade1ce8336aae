/* portal -- the pages that are always there: this device, why, help, learning sites.
 *
 * They live below /lachan/ of every name, and at / of the portal's name and of the
 * gateway's own addresses, so no page depends on another name being resolved. */
#ifndef PAGE_PORTAL_H
#define PAGE_PORTAL_H

#include "page/view.h"

enum portal_page {
	PORTAL_FIRST,
	PORTAL_WHY,
	PORTAL_STATUS,
	PORTAL_HELP,
	PORTAL_SITES,
	PORTAL_POSTER,  /* to print: poster.h */
	PORTAL_CLOSED,  /* review and report: nobody reads forms here yet */
	PORTAL_NOT_HERE /* no such page */
};

/* True for paths of the portal ("/lachan", "/lachan/why"); unknown ones below /lachan/ are
 * PORTAL_NOT_HERE. */
bool portal_find(struct slice path, enum portal_page *out);
/* 200 or 404. */
unsigned portal_status(enum portal_page page);

void portal_write(struct buf *out, const struct occasion *occasion, enum portal_page page);

#endif
