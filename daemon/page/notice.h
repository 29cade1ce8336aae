/* notice -- what the verdict makes of a warning page: which variant of the texts, what may
 * be named on it, and what must not be.
 *
 * Threads: one request, one thread. */
#ifndef PAGE_NOTICE_H
#define PAGE_NOTICE_H

#include "page/view.h"

struct notice {
	const struct yaml_node *page;     /* the variant's map */
	const struct yaml_node *fallback; /* the tier's default page */
	/* Stands in place of the first line of the body; NULL keeps that line. A pair, or a
	 * list of pairs. */
	const struct yaml_node *instead;
	const char *variant;
	const char *category; /* id; "" when nobody told */
	bool sensitive;
	bool allow_only;
	char open_time
	    [VIEW_CLOCK_BYTES]; /* "13:30" when a window opens the name later today; else "" */
};

/* Chooses the page, narrows what the view holds by the category, and adds the facts that
 * this page may tell. `n` must outlive the view: facts point into it. */
void notice_make(struct notice *n, struct view *v);

#endif
