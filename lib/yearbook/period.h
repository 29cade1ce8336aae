/* period -- the span of days a report speaks of: a year, a school year, half a year, any.
 *
 * Days are numbers like 20261120; both ends are included. Threads: no state. */
#ifndef YEARBOOK_PERIOD_H
#define YEARBOOK_PERIOD_H

#include "yearbook/yearbook.h"

enum period_kind {
	PERIOD_ANNUAL,
	PERIOD_SCHOOL_YEAR,
	PERIOD_HALF_YEAR,
	PERIOD_ANY
};

/* Days of a year as 1216. Where `from` is behind `to` the period begins in the year before
 * the one it is named after (annual) or ends in the year after (school year). */
struct period_dates {
	uint32_t annual_from, annual_to;
	uint32_t school_from, school_to;
};
#define PERIOD_DATES_DEFAULT ((struct period_dates){1216, 1215, 901, 531})

struct period {
	enum period_kind kind;
	uint32_t from, to;
	uint32_t
	    year; /* what it is named after: the year, or in which the school year begins */
	uint32_t half; /* 1, 2; else 0 */
};

/* The period of `kind` (not PERIOD_ANY) named after `year`. year 0: the one that holds
 * `today`, or in summer the school year that was the last. half 0: the one that holds today, or
 * the first. A half-year is half of the annual period. False for a year before 1970 or after
 * 9998, or another half. */
struct period_wish {
	enum period_kind kind;
	uint32_t year, half;
	uint32_t today;
};
MUST_CHECK bool period_find(
    struct period *out, const struct period_dates *dates, const struct period_wish *wish);

/* "annual", "school-year", "half-year" to a kind; false for anything else. */
bool period_kind_read(const char *word, enum period_kind *out);
const char *period_kind_word(enum period_kind kind); /* "annual", …, "period" */
/* "2026-09-01..2026-12-31" (the last day included), at most ten years. */
bool period_read(const char *text, struct period *out);
/* "2026-09-01" */
bool period_read_day(const char *text, uint32_t *out);

/* The same days a year before; 29 February becomes the 28th. */
struct period period_year_before(const struct period *period);

/* "Báo cáo năm 2026", "Báo cáo năm học 2025–2026", "Báo cáo 6 tháng đầu năm 2026",
 * "Báo cáo từ 01/09/2026 đến 31/12/2026". In the book's memory. */
const char *period_title(struct yearbook *book, const struct period *period);

/* Days between: 20261120 to days since 1970-01-01, and back; the day must be of the
 * calendar. */
int32_t period_day_number(uint32_t day);
uint32_t period_day_of(int32_t number);

#endif
