/* enrolment_file -- what a school is given to join: one JSON file, for `lachanctl enrol`.
 *
 *	{"format":"lachan-enrolment","version":"1.0","unit":"…","name":"…","url":"https://…",
 *	 "ca":"PEM or empty","token":"ONE-TIME","expires":"2026-12-22","bundle-key":"BASE64 or empty"}
 *
 * Pure. Threads: no shared state. */
#ifndef DISTRICT_ENROLMENT_FILE_H
#define DISTRICT_ENROLMENT_FILE_H

#include "base/buf.h"

enum {
	ENROLMENT_FILE_MAX = 64 * 1024,
	ENROLMENT_CA_MAX = 32 * 1024
};

/* Texts are UTF-8, none is NULL. */
struct enrolment_file {
	const char *unit;
	const char *name;
	const char *url;
	const char *ca;
	const char *token;
	const char *expires; /* the last day */
	const char *bundle_key;
};

/* Appends it. ERR_FORMAT: some text is no UTF-8; ERR_MEMORY, ERR_FULL. */
MUST_CHECK enum err enrolment_file_write(
    struct buf *out, const struct enrolment_file *file);

#endif
