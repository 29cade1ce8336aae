/* web_papers -- what the pages of nominations and of quick reports share: one paper read, one decision written.
 *
 * Threads: as call.h. */
#ifndef DISTRICT_WEB_PAPERS_H
#define DISTRICT_WEB_PAPERS_H

#include "district/call.h"
#include "district/page.h"
#include "district/papers.h"

enum {
	WEB_PAPERS_OF_PAGE = 50,
	WEB_NOTE_MAX = 1000 /* characters of a reason; bytes are bounded by the store */
};

/* A copy in the call's memory of the paper whose id stands behind the route's path. False: answered (404, 503). */
MUST_CHECK bool web_paper_find(
    struct call *c, struct page *p, enum paper_kind kind, struct paper *out);

/* <dt> and <dd>; nothing where there is no text. */
void web_paper_fact(struct page *p, enum word word, const char *text);
/* A form that posts a decision about the paper to `address`: the version that was seen and a reason, called `label`.
 * Buttons are the caller's, and page_form_close(). */
void web_paper_form_open(
    struct page *p, const char *address, const struct paper *paper, enum word label);

/* One page of a list, newest first, `state` NULL: any. *more says whether there is a page behind it. */
struct web_paper_list {
	enum paper_kind kind;
	const char *state;
	store_paper_row *row;
	void *context;
};
MUST_CHECK enum err web_paper_rows(struct call *c, const struct web_paper_list *list,
    size_t page, size_t *shown, bool *more);
/* Links before and after; lists of papers are not counted. `address` as in page_pager(). */
void web_paper_pager(struct page *p, const char *address, size_t page, bool more);

/* The decision of a POST whose page is *p: `state` with the form's note and version, recorded in the audit trail as
 * `action` about `name`. False: answered (409 when somebody else decided meanwhile, 422 without a reason). */
struct web_decision {
	enum paper_kind kind;
	const char *id;
	const char *state;
	const char *action;
	const char *name;
	bool wants_reason;
};
MUST_CHECK bool web_paper_decide(
    struct call *c, struct page *p, const struct web_decision *decision);

#endif
