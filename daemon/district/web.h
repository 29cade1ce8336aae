/* web -- what every handler of the department's pages begins and ends with.
 *
 *	void handler(struct call *c)
 *	{
 *		struct page p;
 *		if (!web_enter(c, SECTION_NAMES, &p))
 *			return;                       answered already: sign in, or no
 *		… read the store; on failure web_fail(c, &p, rc) and return
 *		web_open(&p, WORD_NAV_NAMES);
 *		… page_…(&p, …)
 *		web_finish(c, &p);
 *	}
 *
 * Who reads: the session's account (web_people.h), asked anew with each request. Without users_file a client of this very
 * machine is an operator, if it came straight to us: no proxy, and by the name of this machine (a page from elsewhere that
 * lets its own name lead to 127.0.0.1 does not). Every POST wants the token of the form. Threads: as call.h. */
#ifndef DISTRICT_WEB_H
#define DISTRICT_WEB_H

#include "district/call.h"
#include "district/page.h"
#include "district/tree.h"

struct web_people; /* district/web_people.h */

/* What district->web is; made by PART_WEB. */
struct web {
	struct web_people *people;
	struct trees *trees;
};

/* A GET of a page in `section`: fills *p, whose texts live as long as the call. False: answered. */
MUST_CHECK bool web_enter(struct call *c, enum page_section section, struct page *p);
/* A POST that changes something: an operator, with the token of a form. False: answered. */
MUST_CHECK bool web_enter_to_change(
    struct call *c, enum page_section section, struct page *p);

/* Whether who reads *p may change things: whether to show a form at all. */
bool web_may_change(const struct page *p);

/* page_open() and page_title() with a word; page_title() with breadcrumbs is the caller's. */
void web_open(struct page *p, enum word title);
/* Ends the page and answers 200, or `status`. */
void web_finish(struct call *c, struct page *p);
void web_finish_with(struct call *c, struct page *p, unsigned status);
/* A whole page with one sentence, in place of whatever was written. */
void web_refuse(
    struct call *c, struct page *p, unsigned status, enum word title, enum word sentence);
/* The store failed (ERR_AGAIN, ERR_IO, ERR_FULL, ERR_MEMORY …): 503, told in the log once. */
void web_fail(struct call *c, struct page *p, enum err rc);

/* Today where the department is. */
int32_t web_today(const struct call *c);
/* The tree as of `day`, or as of today for DAY_FOREVER; tree_release() it. */
MUST_CHECK enum err web_tree(struct call *c, int32_t day, struct tree **out);

/* `name` of the query, "" when it is not there. */
const char *web_query(struct call *c, const char *name);
/* `page=` of the query as an index from 0; at most 100,000. */
size_t web_query_page(struct call *c);

#endif
