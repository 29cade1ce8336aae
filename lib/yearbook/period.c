#include "yearbook/period.h"

#include <string.h>

/* Days from 1970-01-01 in the Gregorian calendar; years are counted from March, so that the
 * leap day is a year's last. */
int32_t period_day_number(uint32_t day)
{
	int32_t y = (int32_t)(day / 10000);
	int32_t m = (int32_t)(day / 100 % 100);
	int32_t d = (int32_t)(day % 100);

	y -= m <= 2 ? 1 : 0;
	int32_t era = y / 400;
	int32_t of_era = y - era * 400;
	int32_t of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

uint32_t period_day_of(int32_t number)
{
	int32_t z = number + 719468;
	int32_t era = z / 146097;
	int32_t of_era = z - era * 146097;
	int32_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int32_t of_year = of_era - (365 * year + year / 4 - year / 100);
	int32_t march = (5 * of_year + 2) / 153;
	int32_t month = march < 10 ? march + 3 : march - 9;

	year += era * 400 + (month <= 2 ? 1 : 0);
	return (uint32_t)(year * 10000 + month * 100 + of_year - (153 * march + 2) / 5 + 1);
}

static bool is_day(uint32_t day)
{
	return day >= 19700101 && day <= 99981231 &&
	    period_day_of(period_day_number(day)) == day;
}

/* A day of the year that is none of the calendar there (29 February) is the one before. */
static uint32_t in_year(uint32_t year, uint32_t month_day)
{
	uint32_t day = year * 10000 + month_day;

	while (!is_day(day) && day % 100 > 1)
		day--;
	return day;
}

static uint32_t day_before(uint32_t day)
{
	return period_day_of(period_day_number(day) - 1);
}

/* The day six months on; 31 August gives the last of February. */
static uint32_t half_year_on(uint32_t day)
{
	uint32_t month = day / 100 % 100 + 6;
	uint32_t year = day / 10000 + (month > 12 ? 1 : 0);

	return in_year(year, (month > 12 ? month - 12 : month) * 100 + day % 100);
}

static struct period annual_of(const struct period_dates *dates, uint32_t year)
{
	uint32_t from_year = dates->annual_from > dates->annual_to ? year - 1 : year;

	return (struct period){.kind = PERIOD_ANNUAL,
	    .from = in_year(from_year, dates->annual_from),
	    .to = in_year(year, dates->annual_to),
	    .year = year};
}

static struct period school_year_of(const struct period_dates *dates, uint32_t year)
{
	uint32_t to_year = dates->school_from > dates->school_to ? year + 1 : year;

	return (struct period){.kind = PERIOD_SCHOOL_YEAR,
	    .from = in_year(year, dates->school_from),
	    .to = in_year(to_year, dates->school_to),
	    .year = year};
}

/* The newest year whose period has begun. */
static uint32_t year_of(const struct period_dates *dates, const struct period_wish *wish)
{
	uint32_t year = wish->today / 10000 + 1;

	for (int tries = 0; tries < 3; tries++, year--) {
		struct period period = wish->kind == PERIOD_SCHOOL_YEAR
		    ? school_year_of(dates, year)
		    : annual_of(dates, year);
		if (period.from <= wish->today)
			break;
	}
	return year;
}

static void take_half(struct period *period, const struct period_wish *wish)
{
	uint32_t second = half_year_on(period->from);
	bool later = wish->half == 2 ||
	    (wish->half == 0 && wish->today >= second && wish->today <= period->to);

	period->kind = PERIOD_HALF_YEAR;
	period->half = later ? 2 : 1;
	if (later)
		period->from = second;
	else
		period->to = day_before(second);
}

bool period_find(
    struct period *out, const struct period_dates *dates, const struct period_wish *wish)
{
	uint32_t year = wish->year != 0 ? wish->year : year_of(dates, wish);

	if (year <= 1970 || year > 9997 || wish->half > 2 || wish->kind == PERIOD_ANY)
		return false;
	struct period period = wish->kind == PERIOD_SCHOOL_YEAR
	    ? school_year_of(dates, year)
	    : annual_of(dates, year);
	if (wish->kind == PERIOD_HALF_YEAR)
		take_half(&period, wish);
	*out = period;
	return true;
}

static const char *const kinds[] = {
    [PERIOD_ANNUAL] = "annual",
    [PERIOD_SCHOOL_YEAR] = "school-year",
    [PERIOD_HALF_YEAR] = "half-year",
    [PERIOD_ANY] = "period",
};

bool period_kind_read(const char *word, enum period_kind *out)
{
	for (int kind = PERIOD_ANNUAL; kind < PERIOD_ANY; kind++) {
		if (strcmp(word, kinds[kind]) == 0) {
			*out = (enum period_kind)kind;
			return true;
		}
	}
	return false;
}

const char *period_kind_word(enum period_kind kind)
{
	return kinds[kind];
}

static bool read_day(struct slice text, uint32_t *out)
{
	uint64_t year;
	uint64_t month;
	uint64_t day;
	struct slice rest = text;
	struct slice y = slice_cut(&rest, '-');
	struct slice m = slice_cut(&rest, '-');

	if (y.len != 4 || m.len != 2 || rest.len != 2 || !slice_to_u64(y, 9998, &year) ||
	    !slice_to_u64(m, 12, &month) || !slice_to_u64(rest, 31, &day))
		return false;
	uint32_t value = (uint32_t)(year * 10000 + month * 100 + day);
	if (month == 0 || day == 0 || !is_day(value))
		return false;
	*out = value;
	return true;
}

bool period_read_day(const char *text, uint32_t *out)
{
	return read_day(slice_of(text), out);
}

bool period_read(const char *text, struct period *out)
{
	struct slice all = slice_of(text);
	struct period period = {.kind = PERIOD_ANY};

	if (all.len != 22 || text[10] != '.' || text[11] != '.')
		return false;
	if (!read_day((struct slice){all.ptr, 10}, &period.from) ||
	    !read_day((struct slice){all.ptr + 12, 10}, &period.to))
		return false;
	if (period.from > period.to || period.to - period.from > 100000)
		return false;
	*out = period;
	return true;
}

struct period period_year_before(const struct period *period)
{
	struct period before = *period;

	before.from = in_year(period->from / 10000 - 1, period->from % 10000);
	before.to = in_year(period->to / 10000 - 1, period->to % 10000);
	before.year -= before.year > 0 ? 1 : 0;
	return before;
}

const char *period_title(struct yearbook *book, const struct period *period)
{
	bool english = book->language == YEARBOOK_EN;
	char from[16];
	char to[16];

	switch (period->kind) {
	case PERIOD_ANNUAL:
		return yearbook_printf(book, "%s %u",
		    english ? "Report of the year" : "Báo cáo năm", period->year);
	case PERIOD_SCHOOL_YEAR:
		return yearbook_printf(book, "%s %u–%u",
		    english ? "Report of the school year" : "Báo cáo năm học", period->year,
		    period->to / 10000);
	case PERIOD_HALF_YEAR:
		return yearbook_printf(book, "%s %u",
		    english ? (period->half == 1 ? "Report of the first half of"
		                                 : "Report of the second half of")
		            : (period->half == 1 ? "Báo cáo 6 tháng đầu năm"
		                                 : "Báo cáo 6 tháng cuối năm"),
		    period->year);
	case PERIOD_ANY:
		break;
	}
	yearbook_day_text(from, period->from);
	yearbook_day_text(to, period->to);
	return english ? yearbook_printf(book, "Report from %s to %s", from, to)
	               : yearbook_printf(book, "Báo cáo từ %s đến %s", from, to);
}
