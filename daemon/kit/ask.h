/* ask -- the filter's verdict over verdict.sock, soon or not at all.
 *
 * One SOCK_SEQPACKET connection, made when it is first needed and anew after a failure;
 * questions are told apart by their number. Whatever goes wrong -- no filter, a full
 * socket, ASK_WAIT_MS gone by -- the asker hears NULL: the page is the neutral one then,
 * and no certificate is made.
 * Threads: everything on the thread of the event base. */
#ifndef KIT_ASK_H
#define KIT_ASK_H

#include <event2/event.h>

#include "control/verdict.h"
#include "dns/name.h"
#include "kit/instrumented.h"
#include "net/addr.h"

enum {
	ASK_WAIT_MS = INSTRUMENTED ? 900 : 50,
	ASK_PENDING_MAX = 256
};

struct ask;

/* `answer` is NULL when there is none; borrowed until the callback returns. */
typedef void (*ask_on_answer)(void *context, const struct verdict_answer *answer);

/* `path` is copied. ERR_MEMORY, ERR_RANGE (longer than a socket address holds). */
MUST_CHECK enum err ask_open(struct ask **out, struct event_base *base, const char *path);
/* All who wait hear NULL now, and all who ask from here on, as a program must see to that
 * ends. NULL: nothing. */
void ask_give_up(struct ask *a);
/* Questions under way are forgotten without a call. NULL: nothing. */
void ask_close(struct ask *a);

/* Exactly one call of on_answer follows, perhaps before this returns. */
void ask_verdict(struct ask *a, struct dname name, const struct addr *client,
    ask_on_answer on_answer, void *context);

#endif
