/* format -- numbers and times as readers of each language write them.
 *
 *	              Vietnamese          English
 *	number        1.234.567           1,234,567
 *	percentage    12,5 %              12.5%
 *	day           20/11/2026          20 Nov 2026
 *	month         11/2026             Nov 2026
 *	time          20/11/2026 07:05    20 Nov 2026, 07:05 (+07:00 is said once a page)
 *
 * Threads: any. */
#ifndef DISTRICT_FORMAT_H
#define DISTRICT_FORMAT_H

#include "district/day.h"
#include "district/words.h"

enum {
	FORMAT_BYTES = 48 /* enough for each of these */
};

void format_number(char out[FORMAT_BYTES], uint64_t number, enum language language);
/* part of whole in tenths of a percent, rounded to the nearest; "–" when whole is 0. */
void format_percent(
    char out[FORMAT_BYTES], uint64_t part, uint64_t whole, enum language language);
/* The change from `before` to `now`: "+12,5 %", "−3 %"; "–" when before is 0. */
void format_change(
    char out[FORMAT_BYTES], uint64_t before, uint64_t now, enum language language);
/* "–" for DAY_NONE and DAY_FOREVER. */
void format_day(char out[FORMAT_BYTES], int32_t day, enum language language);
void format_month(char out[FORMAT_BYTES], int32_t day, enum language language);
/* offset_s is local time minus UTC; "–" before 1970. */
void format_time(
    char out[FORMAT_BYTES], int64_t wall_s, int32_t offset_s, enum language language);
/* "+07:00" */
void format_offset(char out[FORMAT_BYTES], int32_t offset_s);
/* "2 giờ 5 phút", "2 h 5 min"; below a minute seconds. */
void format_duration(char out[FORMAT_BYTES], uint64_t seconds, enum language language);

#endif
