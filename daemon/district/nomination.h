/* nomination -- a name that a partner proposes for a category, with evidence; a person decides.
 *
 *	{"name":"Trang-xấu.example","category":"gambling",
 *	 "evidence":["https://…"],"note":"…"}
 *
 * Unknown members are ignored, doubled ones refused. Threads: pure functions. */
#ifndef DISTRICT_NOMINATION_H
#define DISTRICT_NOMINATION_H

#include "base/buf.h"
#include "base/diag.h"
#include "base/err.h"

enum {
	NOMINATION_MAX_BYTES = 16 * 1024, /* of JSON */
	NOMINATION_NAME_BYTES = 256,      /* with the NUL */
	NOMINATION_WORD_BYTES = 64,
	NOMINATION_EVIDENCE = 5,
	NOMINATION_URL_BYTES = 1001,
	NOMINATION_NOTE_BYTES = 2001
};

struct nomination {
	char name[NOMINATION_NAME_BYTES]; /* A-labels, lower-case, without the final dot */
	char category[NOMINATION_WORD_BYTES];
	char evidence[NOMINATION_EVIDENCE][NOMINATION_URL_BYTES];
	size_t evidence_count;
	char note[NOMINATION_NOTE_BYTES]; /* "" none */
};

/* What is wrong with one: NULL when nothing is, else the word of the answer: "json", "name",
 * "category", "url", "form"; with *why. */
const char *nomination_read(struct nomination *out, struct slice json, struct diag *why);

/* Appends it as canonical JSON, the body of PAPER_NOMINATION: name, category, evidence, note
 * and partner, in this order. */
void nomination_write(
    const struct nomination *nomination, const char *partner, struct buf *out);

#endif
