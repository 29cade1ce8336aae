/* form -- the body of a form, application/x-www-form-urlencoded, read strictly.
 *
 * What no browser sends for a form of ours is refused: a field twice, a name of other than
 * [a-z0-9_-], a pair without '=', raw octets that a browser encodes, a bad "%", text that is
 * not UTF-8 (RFC 3629), control characters. Line ends arrive as CRLF (HTML, "form data set")
 * and become LF; a tab becomes a blank. Values are not normalised and not trimmed.
 * Threads: pure functions. */
#ifndef PAGE_FORM_H
#define PAGE_FORM_H

#include "base/bytes.h"
#include "base/err.h"

enum {
	FORM_MAX_BYTES = 8192,
	FORM_FIELDS_MAX = 24,
	FORM_NAME_MAX = 32
};

struct form_field {
	struct slice name;
	struct slice value; /* decoded; may be empty, never with ptr NULL */
};

struct form {
	struct form_field fields[FORM_FIELDS_MAX];
	size_t count;
	uint8_t
	    bytes[FORM_MAX_BYTES]; /* what the fields point into: do not copy the struct */
};

/* ERR_FORMAT: malformed. ERR_EXISTS: a field twice. ERR_FULL: too many fields or octets. On
 * failure *out holds no fields. An empty body has none either, and is OK. */
MUST_CHECK enum err form_parse(struct form *out, struct slice body);

/* The value of `name`; empty with ptr NULL when there is no such field. */
struct slice form_value(const struct form *form, const char *name);

/* Every field is one of `names`: what we did not ask for was not sent by a page of ours. */
bool form_has_only(const struct form *form, const char *const *names, size_t count);

#endif
