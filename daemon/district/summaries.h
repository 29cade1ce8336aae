/* summaries -- POST /v1/summaries: a school's day or week, judged and stored. */
#ifndef DISTRICT_SUMMARIES_H
#define DISTRICT_SUMMARIES_H

#include "district/intake.h"
#include "report/report.h"

/* Everything about a document that needs neither store nor sender: the floor of `config`, the
 * rounding, the period. REPORT_FINE, or a fault with *why. For the way by USB, too. */
struct summary_fault {
	const char *why; /* the word; NULL: none */
	struct diag text;
};
void summary_judge(struct summary_fault *fault, const struct report_document *document,
    const struct district_config *config, int64_t now_s);

void summaries_post(struct call *c);
/* What summaries_post() does behind the intake; the call is answered. */
void summaries_take(const struct intake *in);

#endif
