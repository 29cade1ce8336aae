/* send -- a notice by mail or to a web address, by libcurl.
 *
 * Certificates are always verified. Mail by smtp:// is encrypted (STARTTLS) or not sent; only
 * where the server stands within the school, and nobody signs in, is a server without
 * STARTTLS spoken to as it is: it learns "1 new message". Nothing follows a redirect, and no
 * proxy of the environment is used. Threads: none. */
#ifndef KIT_SEND_H
#define KIT_SEND_H

#include "base/buf.h"
#include "kit/reach.h"

enum {
	SEND_CONNECT_S = 15,
	SEND_LONGEST_S = 60
};

struct config_notify_to;

struct send {
	const struct config_notify_to *to;
	const char *address; /* a mail's receiver */
	const struct reach *reach;
	const char *secret;  /* password or token; "" */
	struct slice anchor; /* PEM, trusted besides the system's; empty: none */
	struct slice text;   /* the mail, or what is posted */
	const char *from;    /* of mail */
};

/* ERR_IO with *why: the server's or libcurl's word; never the secret, or a web address. */
MUST_CHECK enum err send_now(const struct send *what, struct diag *why);

#endif
