/* Dates and times of day, as a timetable writes them. */
#include "base/words.h"
#include "conf/internal.h"

enum {
	MONTHS = 12,
	YEAR_MIN = 1970,
	DAY_HOURS = 24,
	HOUR_MIN = 60
};

static bool is_leap(unsigned year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static unsigned month_days(unsigned year, unsigned month)
{
	static const uint8_t DAYS[MONTHS] = {
	    31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	return DAYS[month - 1] + (month == 2 && is_leap(year) ? 1U : 0U);
}

/* Since 1970-01-01, of a date that exists. */
static int32_t days_since_1970(unsigned year, unsigned month, unsigned day)
{
	unsigned past = year - 1;
	unsigned leaps = past / 4 - past / 100 + past / 400;
	unsigned days =
	    (year - YEAR_MIN) * 365 + leaps - (1969 / 4 - 1969 / 100 + 1969 / 400);

	for (unsigned m = 1; m < month; m++)
		days += month_days(year, m);
	return (int32_t)(days + day - 1);
}

/* `digits` decimal digits of `*s`, which it cuts off. */
static bool take_digits(struct slice *s, size_t digits, unsigned *out)
{
	uint64_t number;

	if (s->len < digits || !slice_to_u64((struct slice){s->ptr, digits}, 9999, &number))
		return false;
	*s = (struct slice){s->ptr + digits, s->len - digits};
	*out = (unsigned)number;
	return true;
}

static bool take_char(struct slice *s, uint8_t c)
{
	if (s->len == 0 || s->ptr[0] != c)
		return false;
	*s = (struct slice){s->ptr + 1, s->len - 1};
	return true;
}

enum date_fault {
	DATE_IS_SOUND,
	DATE_IS_NO_DATE,
	DATE_IS_IMPOSSIBLE
};

static enum date_fault parse_date(struct slice s, int32_t *out)
{
	unsigned year;
	unsigned month;
	unsigned day;

	bool sound = take_digits(&s, 4, &year) && take_char(&s, '-') &&
	    take_digits(&s, 2, &month) && take_char(&s, '-') && take_digits(&s, 2, &day) &&
	    s.len == 0;
	if (!sound)
		return DATE_IS_NO_DATE;
	if (year < YEAR_MIN || month < 1 || month > MONTHS || day < 1 ||
	    day > month_days(year, month))
		return DATE_IS_IMPOSSIBLE;
	*out = days_since_1970(year, month, day);
	return DATE_IS_SOUND;
}

/* "A..B" becomes A and B, "A" becomes A twice. */
static void cut_range(const char *text, struct slice *first, struct slice *last)
{
	const char *dots = strstr(text, "..");

	*first = slice_of(text);
	*last = *first;
	if (dots == NULL)
		return;
	first->len = (size_t)(dots - text);
	*last = slice_trim(slice_of(dots + 2));
	*first = slice_trim(*first);
}

static bool read_dates(struct schema_run *run, const struct schema_row *row,
    const struct yaml_node *value, void *out)
{
	struct rules_date_range range = {0};
	struct slice first;
	struct slice last;

	const char *text = schema_scalar(run, row, value);
	if (text == NULL)
		return false;
	cut_range(text, &first, &last);
	enum date_fault fault = parse_date(first, &range.first);
	if (fault == DATE_IS_SOUND)
		fault = parse_date(last, &range.last);
	if (fault == DATE_IS_NO_DATE)
		schema_mistake(run, value->mark,
		    _("'%s' is no date (write 2026-12-21, or 2026-12-21..2026-12-26)"),
		    text);
	else if (fault == DATE_IS_IMPOSSIBLE)
		schema_mistake(run, value->mark,
		    _("'%s' names a day that does not exist (look at the calendar)"), text);
	else if (range.last < range.first)
		schema_mistake(run, value->mark,
		    _("'%s' ends before it begins (the earlier date first)"), text);
	else
		memcpy(out, &range, sizeof range);
	return fault == DATE_IS_SOUND && range.last >= range.first;
}

/* "7:05" "07:05" "24:00" */
static bool parse_time(struct slice s, uint16_t *out_min)
{
	unsigned hour;
	unsigned minute;
	size_t digits = s.len == 4 ? 1 : 2;

	if (!take_digits(&s, digits, &hour) || !take_char(&s, ':') ||
	    !take_digits(&s, 2, &minute) || s.len != 0)
		return false;
	if (minute >= HOUR_MIN || hour > DAY_HOURS || (hour == DAY_HOURS && minute > 0))
		return false;
	*out_min = (uint16_t)(hour * HOUR_MIN + minute);
	return true;
}

static bool read_time(struct schema_run *run, const struct schema_row *row,
    const struct yaml_node *value, void *out)
{
	struct conf_time time = {.mark = value->mark};

	const char *text = schema_scalar(run, row, value);
	if (text == NULL)
		return false;
	if (!parse_time(slice_of(text), &time.minute)) {
		schema_mistake(run, value->mark,
		    _("'%s' is no time of day (write it as 07:30; a day ends at 24:00)"),
		    text);
		return false;
	}
	memcpy(out, &time, sizeof time);
	return true;
}

const struct schema_type VALUE_DATES = {
    "date or range of dates", read_dates, sizeof(struct rules_date_range), false};
const struct schema_type VALUE_TIME = {
    "time of day", read_time, sizeof(struct conf_time), false};
