/* reports_due -- when the next annual report is due; apart, so that the first page of the web can
 * say so. Threads: no state. */
#ifndef DISTRICT_REPORTS_DUE_H
#define DISTRICT_REPORTS_DUE_H

#include "district/config.h"
#include "yearbook/period.h"

enum {
	REPORTS_REMIND_DAYS = 30 /* before a report is due, people are told */
};

/* The dates of config.reports. */
struct period_dates reports_dates(const struct district_config *config);
/* The annual report that is next due, and the days until then (0: today, < 0: never). */
struct reports_due {
	struct period period;
	uint32_t due; /* as 20261215 */
	int32_t days;
};
struct reports_due reports_next_due(const struct district_config *config, uint32_t today);

#endif
