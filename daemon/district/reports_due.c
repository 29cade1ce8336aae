#include "district/reports_due.h"

static uint32_t month_day(struct district_month_day day)
{
	return (uint32_t)day.month * 100 + day.day;
}

struct period_dates reports_dates(const struct district_config *config)
{
	return (struct period_dates){
	    .annual_from = month_day(config->reports.annual.from),
	    .annual_to = month_day(config->reports.annual.to),
	    .school_from = month_day(config->reports.school_year.from),
	    .school_to = month_day(config->reports.school_year.to),
	};
}

/* The due day of the year in which the period ends; of the year after where that would be
 * more than half a year before its end. */
static uint32_t due_of(const struct district_config *config, const struct period *period)
{
	uint32_t due = period->to / 10000 * 10000 + month_day(config->reports.annual.due);

	/* Due in January for a period that ends in December. */
	if (period_day_number(period->to) - period_day_number(due) > 180)
		due += 10000;
	return due;
}

struct reports_due reports_next_due(const struct district_config *config, uint32_t today)
{
	const struct period_dates dates = reports_dates(config);
	struct period_wish wish = {.kind = PERIOD_ANNUAL, .year = today / 10000 - 1};
	struct reports_due next = {.days = -1};

	for (int tries = 0; tries < 4; tries++, wish.year++) {
		if (!period_find(&next.period, &dates, &wish))
			continue;
		next.due = due_of(config, &next.period);
		next.days = period_day_number(next.due) - period_day_number(today);
		if (next.days >= 0)
			return next;
	}
	next.days = -1;
	return next;
}
