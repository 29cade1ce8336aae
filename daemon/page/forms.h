/* forms -- what people hand in: from a request for one of the forms to its answer.
 *
 *	/lachan/review   asks to have a name opened      /lachan/open    a teacher opens one
 *	/lachan/report   tells what happened             /lachan/staff   this device is staff's
 *	/lachan/answer   reads what became of either     /lachan/quick   for the department
 *
 * GET shows a form, POST hands it in; no cookie, no script: what a second step needs travels
 * in the form. A form shows only while the desk says that somebody answers (desk.h); whatever
 * goes wrong the page says so, keeps what was typed, and names a person and 111.
 * Threads: everything on the thread of the event base. */
#ifndef PAGE_FORMS_H
#define PAGE_FORMS_H

#include "kit/http.h"
#include "page/sheet.h"

struct pages;

/* The form at this path; NULL: none. */
const struct sheet_form *forms_find(struct slice path);

/* Whoever took the request and sends what is made. All are called with `context`. */
struct forms_caller {
	/* The request's occasion as things are now: texts may have been read again. */
	struct occasion (*occasion)(void *context);
	/* Ends the request. */
	void (*send)(void *context, unsigned status, struct slice page);
	/* Likewise, by 303 to `location`. */
	void (*redirect)(void *context, const char *location);
	void *context;
};

/* Answers the request of `x` for `form` by exactly one call of send or redirect, now or
 * later. `about` is the blocked name that it came for, or "". */
void forms_serve(const struct pages *pages, const struct sheet_form *form,
    const struct http_exchange *x, const char *about, const struct forms_caller *caller);

#endif
