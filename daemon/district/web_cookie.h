/* web_cookie -- the two cookies of the web: the session's (which also carries the token of forms) and the language.
 *
 * Under TLS the session's has the prefix __Host-, which browsers take from no other name and no other port. It is HttpOnly and
 * SameSite=Strict everywhere. Threads: as call.h. */
#ifndef DISTRICT_WEB_COOKIE_H
#define DISTRICT_WEB_COOKIE_H

#include "district/call.h"
#include "district/page.h"

#define WEB_COOKIE_LANGUAGE "lachan-lang"

/* The session's value as the browser sent it, "" when it is not there or not of our form. */
const char *web_cookie(struct call *c);
/* The same; a browser that has none is given one that opens nothing. "" when that fails. */
const char *web_cookie_ensure(struct call *c);
void web_cookie_set(struct call *c, const char *value);
void web_cookie_drop(struct call *c);
void web_cookie_set_language(struct call *c, enum language language);

/* For signing in, which knows nobody yet: fills *p with a token of forms. False: answered. */
MUST_CHECK bool web_enter_as_stranger(struct call *c, struct page *p);
/* Whether this POST carries the token that *p has, and no browser says it comes from elsewhere. */
bool web_form_is_ours(struct call *c, const struct page *p);

#endif
