/* internal -- what only the machinery around handlers knows of a call. */
#ifndef DISTRICT_INTERNAL_H
#define DISTRICT_INTERNAL_H

#include "district/call.h"

enum {
	CALL_PAIRS_MAX = 1000 /* of a query or a form */
};

/* Headers whose default a handler has replaced. */
enum call_own_header {
	CALL_OWN_CACHE_CONTROL = 1 << 0,
	CALL_OWN_CSP = 1 << 1
};

enum call_plus {
	CALL_PLUS_IS_PLUS, /* paths */
	CALL_PLUS_IS_BLANK /* forms and queries */
};

/* `text` with its percent signs decoded, in `memory`; NULL when an escape is broken, it holds
 * a NUL, or it is no UTF-8 then -- or there is no memory. */
char *call_decode(struct arena *memory, struct slice text, enum call_plus plus);

/* Shortest forms, no surrogates, nothing above U+10FFFF (RFC 3629). */
bool call_is_utf8(struct slice s);

/* Fills query and form of a call whose raw_query, head and body are set. ERR_FORMAT: to be
 * refused with 400. ERR_MEMORY. */
MUST_CHECK enum err call_prepare(struct call *c);

/* `text` as a JSON string. */
void call_json_text(struct buf *out, const char *text);

/* All header lines of the answer, the security headers among them, each with CRLF. */
void call_write_headers(struct call *c, struct buf *out);

#endif
