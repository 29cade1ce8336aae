/* head -- the head of one HTTP/1 request, read strictly.
 *
 * Whatever two readers could understand differently is refused (RFC 9112 sections 2.2, 3.2,
 * 5 and 6.3): bare CR or LF, folded lines, blanks before a colon, two Hosts, a target and a
 * Host that differ, any Transfer-Encoding, a Content-Length that is not one plain number.
 * Slices point into the bytes given. Threads: pure functions. */
#ifndef KIT_HEAD_H
#define KIT_HEAD_H

#include "base/bytes.h"
#include "base/err.h"

enum {
	HEAD_MAX_BYTES = 8192
};

enum head_method {
	HEAD_GET,
	HEAD_HEAD,
	HEAD_POST
};

struct head {
	enum head_method method;
	struct slice path;      /* from the first '/', without the query */
	struct slice query;     /* behind '?', or empty */
	struct slice host;      /* without the port; empty with HTTP/1.0 */
	struct slice authority; /* with the port */
	uint32_t body_bytes;    /* Content-Length of a POST, else 0 */
	bool is_packed;         /* a Content-Encoding that is not "identity" */
	bool expects_continue;  /* "Expect: 100-continue" (RFC 9110 section 10.1.1) */
	/* Empty with ptr NULL when the header was not there. */
	struct slice accept;
	struct slice accept_language;
	struct slice accept_encoding;
	struct slice sec_fetch_dest;
	struct slice sec_fetch_site;
	struct slice origin;
	struct slice content_type;
	struct slice content_encoding;
	struct slice expect;
};

/* Looks for the end of a head that arrives in pieces. *seen is 0 at first and remembers how
 * far was looked, so that octets that drip in are not looked at again and again.
 * OK: *len bytes with the empty line. ERR_AGAIN: not whole yet. ERR_FORMAT: it never will be
 * (bare LF, NUL). ERR_RANGE: longer than HEAD_MAX_BYTES. */
MUST_CHECK enum err head_find_end(struct slice bytes, size_t *seen, size_t *len);

/* 0, or the status to answer: 400, 405, 411 (a POST without a length), 413 (a body where none
 * belongs), 417, 505. *out is filled as far as it was read. */
unsigned head_parse(struct slice bytes, struct head *out);

/* The value of `name` in a query "a=1&b=2"; empty with ptr NULL when it is not there.
 * Nothing is decoded: our own parameters are plain words. */
struct slice head_query(struct slice query, const char *name);

/* Does a list like "gzip, br;q=0.5" accept `word`? An item with q=0 says no. */
bool head_accepts(struct slice list, const char *word);

/* A whole page is wanted: a navigation, by Sec-Fetch-Dest where it is given, and an Accept
 * that names text/html (or none at all). A bare star is what scripts and images send. */
bool head_wants_page(const struct head *head);

/* Its body is announced as application/x-www-form-urlencoded, in UTF-8 if a charset is named. */
bool head_is_form(const struct head *head);

/* The index of the word of `words` ("vi", "en") with the greatest weight in an
 * Accept-Language list (RFC 9110 section 12.5.4; "vi-VN" counts as "vi"), 0 when none is
 * named: the school's first language. */
size_t head_choose_language(
    struct slice accept_language, const char *const *words, size_t count);

#endif
