/* calendar -- on which days a school is expected to send.
 *
 * A day is due when it is a Monday to Friday, lies in a term (calendar.terms; none: all year)
 * and in no holiday (calendar.holidays). Saturday is a school day in many places and not in
 * others: what comes then is counted, and nobody is late who sends nothing.
 *
 * Threads: no state. */
#ifndef DISTRICT_CALENDAR_H
#define DISTRICT_CALENDAR_H

#include "district/config.h"
#include "district/day.h"

bool calendar_is_due(const struct district_config *config, int32_t day);
/* Due days of [from, to). */
uint32_t calendar_due_days(const struct district_config *config, int32_t from, int32_t to);
/* A school whose last daily document is of `last_day` (DAY_NONE: never) is silent on `as_of`
 * when more than CALENDAR_SILENT_DAYS days passed since then, weekends counted, holidays and
 * days outside of terms not. */
enum {
	CALENDAR_SILENT_DAYS = 7
};
bool calendar_is_silent(
    const struct district_config *config, int32_t last_day, int32_t as_of);

#endif
