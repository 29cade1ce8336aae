/* summary_judge -- whether a department takes a summary, whoever brought it.
 * Threads: pure functions. */
#ifndef DISTRICT_SUMMARY_JUDGE_H
#define DISTRICT_SUMMARY_JUDGE_H

#include "report/report.h"

struct district_config; /* district/config.h */

/* Everything about a document that needs neither store nor sender: the floor of `config`, the
 * rounding, the period. REPORT_FINE, or a fault with *why. For the way by USB, too. */
struct summary_fault {
	const char *why; /* the word; NULL: none */
	struct diag text;
};
void summary_judge(struct summary_fault *fault, const struct report_document *document,
    const struct district_config *config, int64_t now_s);

#endif
