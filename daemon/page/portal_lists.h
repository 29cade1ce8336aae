/* portal_lists -- the lists of the portal: help lines and learning sites, by tier. */
#ifndef PAGE_PORTAL_LISTS_H
#define PAGE_PORTAL_LISTS_H

#include "page/view.h"

void portal_write_helplines(struct view *v);
/* Under a heading for each kind that has sites for this tier. */
void portal_write_sites(struct view *v);

#endif
