/* link -- the private line between the supervisor and one of its children.
 *
 * A SOCK_SEQPACKET pair; the child's end arrives by LISTEN_FDS under the name "link".
 * One short text a message:
 *
 *	supervisor -> child   "config" + descriptor of the new bundle (SCM_RIGHTS)
 *	child -> supervisor   "ok" | "refused: why"        one answer to each "config"
 *	child -> supervisor   "ready"                      once, when it serves
 *	child -> supervisor   "alive"                      every LINK_ALIVE_S seconds
 *
 * The supervisor has checked a bundle before it sends it, and asks one child after the
 * other. If a later child refuses, those that said "ok" are sent the old bundle again.
 * Threads: everything on the thread of the event base. */
#ifndef KIT_LINK_H
#define KIT_LINK_H

#include <stddef.h>

#include "base/diag.h"
#include "base/err.h"

struct event_base;

enum {
	LINK_MESSAGE_BYTES = 512,
	LINK_ALIVE_S = 2 /* an open link says so by itself, as long as its loop turns */
};

/* ---- the child's end ---- */

struct link;

struct link_handlers {
	/* A new bundle: build everything from `config_fd`, then swap, and return OK ("ok"),
	 * or change nothing, fill *why and return an error ("refused: why"). The descriptor
	 * is borrowed: the link closes it after the call. */
	enum err (*on_config)(void *context, int config_fd, struct diag *why);
	/* The supervisor has gone; end cleanly. May be NULL: then the loop is broken off. */
	void (*on_closed)(void *context);
	void *context;
};

/* Takes `fd` (closed by link_close). ERR_MEMORY; then fd is still the caller's. */
MUST_CHECK enum err link_open(struct link **out, struct event_base *base, int fd,
    const struct link_handlers *handlers);
/* NULL is allowed. */
void link_close(struct link *l);
/* "ready": tells the supervisor that questions are answered from now on. NULL: nothing,
 * so that a child run by hand needs no special case. */
void link_say_ready(struct link *l);

/* ---- the supervisor's end ---- */

/* fds[0] ours, fds[1] the child's; both close-on-exec and non-blocking. ERR_IO. */
MUST_CHECK enum err link_make_pair(int fds[2]);
/* ERR_IO, ERR_AGAIN when the child has not read what it was sent before. */
MUST_CHECK enum err link_send_config(int fd, int config_fd);

enum link_word {
	LINK_NOTHING, /* no message waits */
	LINK_READY,
	LINK_OK,
	LINK_REFUSED,
	LINK_ALIVE,
	LINK_CLOSED,
	LINK_NOISE /* anything else: ignore it */
};

/* The next message; for LINK_REFUSED `why` is what the child said, printable. */
enum link_word link_receive(int fd, char *why, size_t why_size);

#endif
