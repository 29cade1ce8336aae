/* tallying -- the worker's side of counting: what is worth telling main, and no more.
 *
 * A device is its MAC, else its IPv4 address, else its IPv6 /64. It is announced once a day and
 * tier; a blocked query is announced unless main has
 * said that this device's attempts in this tier and category count no more today. */
#ifndef FILTER_TALLYING_H
#define FILTER_TALLYING_H

#include "filter/query.h"

void tallying_seen(struct worker *w, const struct request *r);

enum {
	SAMPLE_MS = 10
};
void tallying_tell_sample(struct worker *w, const struct request *r);
/* At most one query in SAMPLE_MS is told to main, which looks for addresses that hide many
 * devices (filter/sources.h). A full ring loses it, which nobody misses. */
static inline void tallying_sample(struct worker *w, const struct request *r)
{
	if (w->now.mono_ms - w->sampled_ms >= SAMPLE_MS)
		tallying_tell_sample(w, r);
}

/* An attempt at what `subject` says: the question's name, or the one in its answer for which it
 * is blocked (or would be, in a trial). */
void tallying_attempt(struct worker *w, const struct request *r,
    const struct subject *subject, const struct verdict *v);

#endif
