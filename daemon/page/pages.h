/* pages -- from a request to its page: which page, for whom, in which language.
 *
 *	not a page wanted ----------------------------------> empty 403
 *	/lachan/..., portal's name, own address --> verdict --> portal page
 *	any other name ---------------------------> verdict --> warning, "try again", or
 *	                                                        an empty 403 (ads)
 *
 * Everything a page needs is in memory: no request leads to a file.
 * Threads: everything on the thread of the event base. */
#ifndef PAGE_PAGES_H
#define PAGE_PAGES_H

#include "kit/ask.h"
#include "kit/http.h"
#include "page/allow.h"
#include "page/desk.h"
#include "page/limits.h"
#include "page/look.h"
#include "page/texts.h"
#include "page/token.h"

struct pages {
	const struct config *config; /* replaced together at a reload */
	const struct texts *texts;
	const struct look *look;
	struct ask *ask;
	struct desk *desk;
	struct limits *limits;
	struct token_key token_key; /* of the forms that are shown */
	struct allow_local local;
};

/* The handlers of http.h; `context` is a struct pages. */
bool pages_may_ask(void *context, const struct addr *peer);
unsigned pages_on_post(void *context, const struct http_exchange *x);
void pages_on_request(void *context, struct http_exchange *x);

#endif
