#include "policy/calendar.h"

static int32_t offset_at(const struct calendar *calendar, int64_t wall_s)
{
	size_t i = calendar->count;

	if (i == 0)
		return 0;
	while (i > 1 && calendar->spans[i - 1].from_s > wall_s)
		i--;
	return calendar->spans[i - 1].offset_s;
}

/* The first second in (low, high] with high's offset, when low's is another. */
static int64_t find_change(
    calendar_offset_fn *offset, void *arg, int64_t low, int64_t high, int32_t after)
{
	while (high - low > 1) {
		int64_t middle = low + (high - low) / 2;
		if (offset(arg, middle) == after) {
			high = middle;
		} else {
			low = middle;
		}
	}
	return high;
}

void calendar_make(
    struct calendar *out, calendar_offset_fn *offset, void *arg, int64_t around_s)
{
	int64_t at = around_s - (int64_t)CALENDAR_BACK_DAYS * CALENDAR_DAY_S;
	int32_t now = offset(arg, at);

	out->count = 1;
	out->spans[0] = (struct calendar_span){at, now};
	for (int i = 0; i < CALENDAR_BACK_DAYS + CALENDAR_AHEAD_DAYS; i++) {
		int64_t next = at + CALENDAR_DAY_S;
		int32_t then = offset(arg, next);
		if (then != now && out->count < CALENDAR_SPANS_MAX) {
			out->spans[out->count++] = (struct calendar_span){
			    find_change(offset, arg, at, next, then), then};
		}
		at = next;
		now = then;
	}
}

/* Floor division: moments before 1970 have a day too. */
static int64_t floor_div(int64_t a, int64_t b)
{
	int64_t q = a / b;
	return a % b < 0 ? q - 1 : q;
}

struct local_time calendar_local(const struct calendar *calendar, int64_t wall_s)
{
	int64_t local = wall_s + offset_at(calendar, wall_s);
	int64_t day = floor_div(local, CALENDAR_DAY_S);
	int64_t second = local - day * CALENDAR_DAY_S;
	int64_t weekday = (day + 3) % 7; /* 1970-01-01 was a Thursday */

	return (struct local_time){
	    .day = (int32_t)day, /* wall clocks are within thousands of years */
	    .minute = (uint16_t)(second / 60),
	    .second = (uint8_t)(second % 60),
	    .weekday = (uint8_t)(weekday < 0 ? weekday + 7 : weekday),
	};
}

int64_t calendar_next_change(const struct calendar *calendar, int64_t wall_s)
{
	for (size_t i = 1; i < calendar->count; i++) {
		if (calendar->spans[i].from_s > wall_s)
			return calendar->spans[i].from_s;
	}
	return INT64_MAX;
}
