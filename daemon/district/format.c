#include "district/format.h"

#include <stdio.h>
#include <string.h>

#define NOTHING "–"

static void copy(char out[FORMAT_BYTES], const char *text)
{
	(void)snprintf(out, FORMAT_BYTES, "%s", text);
}

void format_number(char out[FORMAT_BYTES], uint64_t number, enum language language)
{
	char digits[24];
	int count = snprintf(digits, sizeof digits, "%llu", (unsigned long long)number);
	char separator = language == LANGUAGE_VI ? '.' : ',';
	size_t len = 0;

	for (int i = 0; i < count; i++) {
		if (i > 0 && (count - i) % 3 == 0)
			out[len++] = separator;
		out[len++] = digits[i];
	}
	out[len] = 0;
}

/* Tenths of a percent of a whole that is not 0; large numbers lose digits, not their ratio. */
static uint64_t permille(uint64_t part, uint64_t whole)
{
	while (part > UINT64_MAX / 2001) {
		part /= 2;
		whole /= 2;
	}
	return whole == 0 ? 0 : (part * 2000 + whole) / (2 * whole);
}

/* 125 tenths as "12,5 %"; a whole number has no decimal. */
static void put_tenths(char *out, size_t size, uint64_t tenths, enum language language)
{
	char whole[FORMAT_BYTES], decimal[4] = "";
	bool vi = language == LANGUAGE_VI;

	format_number(whole, tenths / 10, language);
	if (tenths % 10 != 0)
		(void)snprintf(decimal, sizeof decimal, "%c%u", vi ? ',' : '.',
		    (unsigned)(tenths % 10));
	(void)snprintf(out, size, "%.27s%.3s%s", whole, decimal, vi ? "\u00a0%" : "%");
}

void format_percent(
    char out[FORMAT_BYTES], uint64_t part, uint64_t whole, enum language language)
{
	if (whole == 0)
		copy(out, NOTHING);
	else
		put_tenths(out, FORMAT_BYTES, permille(part, whole), language);
}

void format_change(
    char out[FORMAT_BYTES], uint64_t before, uint64_t now, enum language language)
{
	char text[FORMAT_BYTES];

	if (before == 0) {
		copy(out, NOTHING);
		return;
	}
	bool grew = now >= before;
	put_tenths(text, sizeof text, permille(grew ? now - before : before - now, before),
	    language);
	(void)snprintf(out, FORMAT_BYTES, "%s%.*s",
	    now == before ? ""
	        : grew    ? "+"
	                  : "−",
	    FORMAT_BYTES - 4, text);
}

static const char *const months[] = {
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

static bool is_shown(int32_t day)
{
	return day >= DAY_FIRST && day < DAY_FOREVER;
}

void format_day(char out[FORMAT_BYTES], int32_t day, enum language language)
{
	int year = 0, month = 1, date = 1;

	if (!is_shown(day)) {
		copy(out, NOTHING);
		return;
	}
	day_split(day, &year, &month, &date);
	if (language == LANGUAGE_VI)
		(void)snprintf(out, FORMAT_BYTES, "%02d/%02d/%04d", date, month, year);
	else
		(void)snprintf(
		    out, FORMAT_BYTES, "%d %s %04d", date, months[month - 1], year);
}

void format_month(char out[FORMAT_BYTES], int32_t day, enum language language)
{
	int year = 0, month = 1, date = 1;

	if (!is_shown(day)) {
		copy(out, NOTHING);
		return;
	}
	day_split(day, &year, &month, &date);
	if (language == LANGUAGE_VI)
		(void)snprintf(out, FORMAT_BYTES, "%02d/%04d", month, year);
	else
		(void)snprintf(out, FORMAT_BYTES, "%s %04d", months[month - 1], year);
}

void format_time(
    char out[FORMAT_BYTES], int64_t wall_s, int32_t offset_s, enum language language)
{
	char day[FORMAT_BYTES];
	int64_t local = wall_s + offset_s;

	if (wall_s <= 0 || local < 0) {
		copy(out, NOTHING);
		return;
	}
	format_day(day, day_at(wall_s, offset_s), language);
	unsigned minutes = (unsigned)(local % 86400 / 60);
	(void)snprintf(out, FORMAT_BYTES, "%.20s%s%02u:%02u", day,
	    language == LANGUAGE_VI ? " " : ", ", minutes / 60, minutes % 60);
}

void format_offset(char out[FORMAT_BYTES], int32_t offset_s)
{
	unsigned minutes = (unsigned)((offset_s < 0 ? -offset_s : offset_s) / 60);

	(void)snprintf(out, FORMAT_BYTES, "%c%02u:%02u", offset_s < 0 ? '-' : '+',
	    minutes / 60 % 100, minutes % 60);
}

void format_duration(char out[FORMAT_BYTES], uint64_t seconds, enum language language)
{
	bool vi = language == LANGUAGE_VI;
	char hours[FORMAT_BYTES];

	if (seconds < 60) {
		(void)snprintf(
		    out, FORMAT_BYTES, vi ? "%u giây" : "%u s", (unsigned)seconds);
		return;
	}
	unsigned minutes = (unsigned)(seconds / 60 % 60);
	format_number(hours, seconds / 3600, language);
	if (seconds < 3600)
		(void)snprintf(out, FORMAT_BYTES, vi ? "%u phút" : "%u min", minutes);
	else if (minutes == 0)
		(void)snprintf(out, FORMAT_BYTES, vi ? "%.30s giờ" : "%.30s h", hours);
	else
		(void)snprintf(out, FORMAT_BYTES,
		    vi ? "%.24s giờ %u phút" : "%.24s h %u min", hours, minutes);
}
