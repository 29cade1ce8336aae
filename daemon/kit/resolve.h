/* resolve -- addresses of hosts, so that libcurl never has to ask anybody.
 *
 * While the filter runs it is asked over its control socket ("resolve", past the rules):
 * the host of a feed or a department may itself be a listed name, and resolv.conf may name ourselves.
 * Without it the plain upstreams of the configuration are asked by stub.h.
 * Threads: everything on the thread of the event base. */
#ifndef KIT_RESOLVE_H
#define KIT_RESOLVE_H

#include <stddef.h>

#include "base/diag.h"
#include "kit/addresses.h"

struct event_base;
struct resolver;
struct resolution; /* one question under way */

struct resolver_options {
	const char *control_path; /* run_dir/control.sock; need not exist */
	const struct upstreams
	    *upstreams;      /* for running alone; must outlive the resolver */
	unsigned timeout_ms; /* one try at one server */
};

/* Called once, never from within resolve_start(). `found` has at least one address, or is
 * empty and *why tells a human; both are borrowed for the call. */
typedef void (*resolve_done)(
    void *context, const struct addresses *found, const struct diag *why);

/* ERR_MEMORY. */
MUST_CHECK enum err resolver_new(
    struct resolver **out, struct event_base *base, const struct resolver_options *options);
/* Ends questions under way without calling anybody. NULL is allowed. */
void resolver_free(struct resolver *r);

/* Asks for the A and AAAA of `host` (A-labels). An address and "localhost" are answered
 * without asking (RFC 6761 section 6.3). NULL when out of memory. */
struct resolution *resolve_start(
    struct resolver *r, const char *host, resolve_done done, void *context);
/* Forgets the question; `done` is not called. Not after it was called. */
void resolve_cancel(struct resolution *q);

#endif
