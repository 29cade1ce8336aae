/* summaries -- POST /v1/summaries: a school's day or week, judged and stored. */
#ifndef DISTRICT_SUMMARIES_H
#define DISTRICT_SUMMARIES_H

#include "district/intake.h"

void summaries_post(struct call *c);
/* What summaries_post() does behind the intake; the call is answered. */
void summaries_take(const struct intake *in);

#endif
