/* quick_reports -- POST /v1/quick-reports: one incident, told by a person at a school. Kept as
 * PAPER_QUICK_REPORT; its body is the report's JSON without the signature (report/quick.h),
 * title and category are the kind of incident, day is that of the incident. */
#ifndef DISTRICT_QUICK_REPORTS_H
#define DISTRICT_QUICK_REPORTS_H

#include "district/intake.h"

void quick_reports_post(struct call *c);
/* What it does behind the intake; the call is answered. */
void quick_reports_take(const struct intake *in);

#endif
