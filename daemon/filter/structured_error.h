/* structured_error -- what a blocked answer says to the programs that can read it: the
 * EXTRA-TEXT of its extended error as JSON (draft-ietf-dnsop-structured-dns-error).
 *
 *	{"c":["http://lachan.internal/lachan/why","mailto:…","tel:…"],"j":"…","s":5,
 *	 "o":"THCS …","l":"vi"}
 *
 *	c  whom to ask: the portal, and what the school gives as its contact
 *	j  why: the school's policy, and the category, but for one that is sensitive or locked,
 *	   which no screen names; never a feed
 *	s  1 malware, 2 phishing, 5 policy of the network; left out where a locked category
 *	   blocks, since none of them means that
 *	o  school.name; left out where it is not set or too long
 *	l  the language of j and o: school.languages[0]
 *
 * It is sent only to who signals for it, and made beforehand: one text a category. Threads:
 * never changes once made; any number may read it. */
#ifndef FILTER_STRUCTURED_ERROR_H
#define FILTER_STRUCTURED_ERROR_H

#include "policy/policy.h"

enum {
	STRUCTURED_ERROR_MAX =
	    480 /* octets of one text; a longer one is cut down, or empty */
};

struct structured_errors;

/* ERR_MEMORY. */
MUST_CHECK enum err structured_errors_new(struct structured_errors **out,
    const struct config *config, const struct policy *policy);
void structured_errors_free(struct structured_errors *errors); /* NULL is fine */

/* The text for a verdict that blocks; SLICE_EMPTY: there is none. */
struct slice structured_error_text(
    const struct structured_errors *errors, const struct verdict *v);

#endif
