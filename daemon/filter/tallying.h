/* tallying -- the worker's side of counting: what is worth telling main, and no more.
 *
 * A device is announced once a day and tier; a blocked query is announced unless main has
 * said that this device's attempts in this tier and category count no more today. */
#ifndef FILTER_TALLYING_H
#define FILTER_TALLYING_H

#include "filter/query.h"

void tallying_seen(struct worker *w, const struct request *r);
/* An attempt at what `subject` says: the question's name, or the one in its answer for which it
 * is blocked (or would be, in a trial). */
void tallying_attempt(struct worker *w, const struct request *r,
    const struct subject *subject, const struct verdict *v);

#endif
