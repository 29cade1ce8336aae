#include "district/calendar.h"

static bool holds(const struct district_dates *dates, int32_t day)
{
	for (size_t i = 0; i < dates->count; i++)
		if (day >= dates->items[i].first && day <= dates->items[i].last)
			return true;
	return false;
}

/* 0 is Monday; 1970-01-01 was a Thursday. */
static int weekday(int32_t day)
{
	int of_week = (int)((day + 3) % 7);

	return of_week < 0 ? of_week + 7 : of_week;
}

static bool is_term(const struct district_config *config, int32_t day)
{
	return (config->calendar.terms.count == 0 || holds(&config->calendar.terms, day)) &&
	    !holds(&config->calendar.holidays, day);
}

bool calendar_is_due(const struct district_config *config, int32_t day)
{
	const int saturday = 5;

	return weekday(day) < saturday && is_term(config, day);
}

uint32_t calendar_due_days(const struct district_config *config, int32_t from, int32_t to)
{
	uint32_t due = 0;

	for (int32_t day = from; day < to; day++)
		due += calendar_is_due(config, day) ? 1 : 0;
	return due;
}

bool calendar_is_silent(
    const struct district_config *config, int32_t last_day, int32_t as_of)
{
	unsigned passed = 0;

	if (last_day == DAY_NONE)
		return true;
	for (int32_t day = as_of; day > last_day && passed <= CALENDAR_SILENT_DAYS; day--) {
		/* A year of holidays is a mistake in the configuration, not a rest. */
		if (as_of - day > 366)
			return true;
		passed += is_term(config, day) ? 1 : 0;
	}
	return passed > CALENDAR_SILENT_DAYS;
}
