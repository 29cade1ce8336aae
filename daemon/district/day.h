/* day -- a calendar day as one number: days since 1970-01-01 of the local calendar.
 *
 * The department counts local days, so no time zone enters here: 2026-11-20 is 20777
 * wherever the collector runs. Periods are half-open, [from, to).
 *
 * Threads: no state. */
#ifndef DISTRICT_DAY_H
#define DISTRICT_DAY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

enum {
	DAY_FIRST = -25567,    /* 1900-01-01 */
	DAY_FOREVER = 2932896, /* 9999-12-31: "has no end" */
	DAY_NONE = INT32_MIN,  /* "there is none" */
	DAY_TEXT_BYTES = 11    /* "2026-11-20" and the NUL */
};

/* Any month and day of month, 1-based; out of range they carry over (month 13 is January
 * of the next year), so that "a month later" needs no case. */
int32_t day_make(int year, int month, int day_of_month);
void day_split(int32_t day, int *year, int *month, int *day_of_month);
/* 0 is Monday. */
int day_weekday(int32_t day);
/* The first day of the day's month, and of the month behind it. */
int32_t day_month_first(int32_t day);
int32_t day_month_next(int32_t day);

/* "2026-11-20", or a longer text that begins so (RFC 3339). False when it is no such day
 * of the calendar from DAY_FIRST to DAY_FOREVER; then *out is untouched. */
bool day_read(struct slice text, int32_t *out);
/* "2026-11-20". */
void day_write(char out[DAY_TEXT_BYTES], int32_t day);

/* The local day at `at_s` (seconds since 1970 UTC) and `offset_s` east of UTC. */
int32_t day_at(int64_t at_s, int32_t offset_s);

/* Half-months: 1st to 15th, 16th to the month's end. Counted on, 0 is 1970-01-01 to 15. */
int32_t day_half(int32_t day);
int32_t day_half_first(int32_t half);

#endif
