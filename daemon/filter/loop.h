/* loop -- does an upstream server lead back to ourselves (T21)?
 *
 * Each server is asked for a name that nobody else can know,
 *
 *	<token, route, server in hexadecimal>.loop.lachan.internal
 *
 * and when a question for it comes to us within two seconds, by whatever detour, that server
 * is left out until a later round finds it clean. Another gateway's names of this kind are
 * forwarded like any other, or it could not find its loop through us.
 *
 * Threads: worker 0 runs the rounds (filter/probe.h); any worker may meet the question and ask
 * who is left out. */
#ifndef FILTER_LOOP_H
#define FILTER_LOOP_H

#include <stdatomic.h>

#include "dns/name.h"
#include "filter/snapshot.h"

enum {
	LOOP_LABEL_OCTETS = 20,
	LOOP_ROUND_MS = 2000
};

struct loop_watch {
	atomic_uint_fast64_t token;    /* of the round under way; 0: none */
	atomic_uint_fast64_t until_ms; /* its end */
	atomic_bool wanted; /* something looks like a loop: a round before its time */
	struct {
		atomic_uint_fast64_t set_id; /* the list that `found` is about */
		atomic_uint found;           /* by server: left out */
		atomic_uint seen;            /* in the round under way */
	} routes[ROUTES_MAX];
};

/* The servers of a route that lead back to us, by bit. */
unsigned loop_found(
    const struct loop_watch *watch, unsigned route, const struct upstream_set *set);

void loop_write_name(struct name_buf *out, uint64_t token, unsigned route, unsigned server);

/* One octet decides nearly always: for every query. */
bool loop_is_name_below(struct dname name);
static inline bool loop_is_name(struct dname name)
{
	return name.wire[0] == LOOP_LABEL_OCTETS && loop_is_name_below(name);
}

/* A question for such a name has come. True: it is one of ours, and its server is left out
 * from now on. */
bool loop_came_back(struct loop_watch *watch, struct dname name, uint64_t now_ms);

#endif
