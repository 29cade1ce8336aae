/* enrolment -- the file that a department gives to a school, and what it answers.
 * Texts are borrowed from the JSON. Threads: no shared state. */
#ifndef LACHANCTL_ENROLMENT_H
#define LACHANCTL_ENROLMENT_H

#include <jansson.h>

#include "base/bytes.h"
#include "base/diag.h"
#include "base/err.h"

enum {
	ENROLMENT_FILE_MAX = 64 * 1024
};

struct enrolment {
	json_t *root; /* owned; NULL: none */
	const char *unit;
	const char *name;
	const char *url;
	const char *ca; /* PEM, or "" */
	const char *token;
	const char *expires;    /* "2026-12-31", the last day; "" */
	const char *bundle_key; /* by which its bundles are believed; "" */
};

/* What the department says: who receives, and by which token. */
struct enrolment_answer {
	json_t *root;
	const char *unit;
	const char *name;
	const char *recipient;
	const char *role;
	const char *url;
	const char *token;
	const char *bundle_url; /* "": it publishes no rules */
	const char *bundle_key;
};

/* `today`: "2026-11-22", or "" when the clock is not to be trusted. ERR_NOT_FOUND, ERR_IO (the
 * file), ERR_FORMAT (no such file, of another version), ERR_CLOSED (it ran out), each with a
 * sentence that says what to do. End *out with enrolment_free(). */
MUST_CHECK enum err enrolment_read(
    struct enrolment *out, const char *path, const char *today, struct diag *why);
void enrolment_free(struct enrolment *e);

/* Out of what `lachan-share --enrol` printed. ERR_AGAIN: try again later; ERR_DENIED: the file will
 * not do; ERR_FORMAT: not understood; each with *why. */
MUST_CHECK enum err enrolment_take_answer(struct enrolment_answer *out,
    const struct enrolment *asked, struct slice printed, struct diag *why);
void enrolment_answer_free(struct enrolment_answer *a);

#endif
