/* stub -- a small stub resolver (RFC 1034 section 5.3.1): one question, several servers.
 *
 * Asks one server after the other, over UDP from a fresh random port with a fresh random
 * ID, and over TCP when an answer was truncated. Only a reply from that server, with that
 * ID and question, counts; anything else is passed over and the wait goes on (T3, T4).
 * Threads: everything on the thread of the event base. */
#ifndef KIT_STUB_H
#define KIT_STUB_H

#include <stdint.h>

#include "base/diag.h"
#include "base/err.h"
#include "kit/addresses.h"

struct event_base;
struct stub; /* one question under way */

enum stub_type {
	STUB_A = 1,
	STUB_AAAA = 28
};

/* The question was answered (`found` may be empty: no such address) or, with ERR_TIMEOUT,
 * ERR_FORMAT (a name that cannot be asked) or ERR_IO, was not. Called once, never from
 * within stub_start(); the stub is freed after it returns. */
typedef void (*stub_done)(void *context, enum err rc, const struct addresses *found);

struct stub_question {
	const char *host; /* A-labels; copied */
	enum stub_type type;
	const struct upstreams *upstreams; /* borrowed until the end */
	unsigned timeout_ms;               /* a try */
};

/* NULL when out of memory. */
struct stub *stub_start(struct event_base *base, const struct stub_question *question,
    stub_done done, void *context);
/* Ends it; `done` is not called. NULL is allowed. */
void stub_cancel(struct stub *s);

#endif
