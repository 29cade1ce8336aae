/* probe -- questions to upstream servers on nobody's behalf.
 *
 *	is it back?    a server that is down or refuses is asked for the root's name servers, or
 *	               for the SOA of its own zone, every second while pupils ask, less often when nobody does, so that
 *	               no question of theirs is spent on finding out
 *	is it us?      each server of a new list, and all of them now and then, by a name that
 *	               only we know (filter/loop.h); worker 0 alone
 *
 * A probe is an exchange that is neither in flight nor cached.
 * Threads: each worker probes for itself, as it measures for itself. */
#ifndef FILTER_PROBE_H
#define FILTER_PROBE_H

#include "filter/forward.h"

enum {
	PROBE_TIMER_MS = 500
};

struct probing;
MUST_CHECK enum err probing_new(struct probing **out);
void probing_free(struct probing *p);

/* To be called every PROBE_TIMER_MS, by the worker. */
void probe_look(struct forwarder *f);

#endif
