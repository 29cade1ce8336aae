/* mail -- a notice as a message of RFC 5322: UTF-8 in base64, so that every server takes it.
 * Pure: no clock, no random numbers. Threads: no shared state. */
#ifndef KIT_MAIL_H
#define KIT_MAIL_H

#include "base/buf.h"

enum {
	MAIL_MAX_BYTES = 16 * 1024,
	MAIL_ID_BYTES = 16
};

/* Addresses are plain NAME@HOST (lib/conf has seen to that). */
struct mail {
	const char *from;
	const char *to;
	const char *text; /* lines; the first is the subject */
	int64_t now_s;
	uint8_t id[MAIL_ID_BYTES]; /* random */
};

void mail_write(struct buf *out, const struct mail *mail);

/* "name@host": what may stand in an envelope. */
bool mail_is_address(const char *text);

#endif
