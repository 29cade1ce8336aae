/* web_schools -- a table of schools with what each said last. Threads: as call.h. */
#ifndef DISTRICT_WEB_SCHOOLS_H
#define DISTRICT_WEB_SCHOOLS_H

#include "district/call.h"
#include "district/page.h"
#include "district/tree.h"

struct web_schools {
	const struct tree *tree;
	const struct coverage *coverage;
	const char *caption;
	const uint32_t *nodes;
	size_t count;
};

void web_schools_put(struct call *c, struct page *p, const struct web_schools *schools);

#endif
