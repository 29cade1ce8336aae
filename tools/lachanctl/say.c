#include "lachanctl/say.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/words.h"
#include "kit/local_time.h"

void say_duration(char out[SAY_BYTES], int64_t seconds)
{
	int64_t days = seconds / 86400, hours = seconds / 3600 % 24;
	int64_t minutes = seconds / 60 % 60;

	if (seconds < 0) {
		(void)snprintf(out, SAY_BYTES, "?");
	} else if (days > 0 && hours > 0) {
		(void)snprintf(
		    out, SAY_BYTES, _("%lld d %lld h"), (long long)days, (long long)hours);
	} else if (days > 0) {
		(void)snprintf(out, SAY_BYTES, _("%lld d"), (long long)days);
	} else if (hours > 0) {
		(void)snprintf(out, SAY_BYTES, _("%lld h %lld min"), (long long)hours,
		    (long long)minutes);
	} else if (minutes > 0) {
		(void)snprintf(out, SAY_BYTES, _("%lld min"), (long long)minutes);
	} else {
		(void)snprintf(out, SAY_BYTES, _("%lld s"), (long long)seconds);
	}
}

void say_count(char out[SAY_BYTES], int64_t count)
{
	/* The sign between groups of three figures in your language. */
	const char *separator = _(",");
	char digits[SAY_BYTES];
	size_t at = 0;

	int length = snprintf(digits, sizeof digits, "%lld", (long long)count);
	for (int i = 0; i < length && at + 4 < SAY_BYTES; i++) {
		int left = length - i;
		if (i > 0 && left % 3 == 0 && digits[i - 1] != '-')
			out[at++] = separator[0];
		out[at++] = digits[i];
	}
	out[at] = 0;
}

void say_size(char out[SAY_BYTES], int64_t bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB"};
	double value = (double)bytes;
	size_t unit = 0;

	while (value >= 1024 && unit + 1 < sizeof units / sizeof units[0]) {
		value /= 1024;
		unit++;
	}
	(void)snprintf(out, SAY_BYTES, unit == 0 || value >= 100 ? "%.0f %s" : "%.1f %s",
	    value, units[unit]);
	/* Where groups of figures are parted by a point, decimals are by a comma. */
	char *point = strchr(out, '.');
	if (point != NULL && *_(",") == '.')
		*point = ',';
}

bool say_parse_time(const char *rfc3339, int64_t *out_s)
{
	struct tm tm = {0};
	const char *rest = strptime(rfc3339, "%Y-%m-%dT%H:%M:%S", &tm);

	if (rest == NULL)
		return false;
	if (*rest == '.')
		rest += 1 + strspn(rest + 1, "0123456789");
	int64_t offset = 0;
	if (*rest == '+' || *rest == '-') {
		int64_t d[4] = {0};
		size_t n = 0;
		for (const char *p = rest + 1; *p != 0 && n < 4; p++) {
			if (*p >= '0' && *p <= '9')
				d[n++] = *p - '0';
		}
		offset = ((d[0] * 10 + d[1]) * 60 + d[2] * 10 + d[3]) * 60;
		if (*rest == '-')
			offset = -offset;
	} else if (*rest != 'Z' && *rest != 'z') {
		return false;
	}
	*out_s = (int64_t)timegm(&tm) - offset;
	return true;
}

void say_day(char out[SAY_BYTES], const char *day)
{
	if (strlen(day) == 10 && day[4] == '-' && day[7] == '-')
		(void)snprintf(out, SAY_BYTES, "%.2s/%.2s/%.4s", day + 8, day + 5, day);
	else
		(void)snprintf(out, SAY_BYTES, "%s", day);
}

void say_time(char out[SAY_BYTES], const char *rfc3339, int64_t now_s)
{
	int64_t at_s;
	struct tm at, today;
	time_t now = (time_t)now_s;

	(void)snprintf(out, SAY_BYTES, "%s", rfc3339);
	if (!say_parse_time(rfc3339, &at_s))
		return;
	time_t when = (time_t)at_s;
	if (localtime_r(&when, &at) == NULL || localtime_r(&now, &today) == NULL)
		return;
	bool same_day = at.tm_year == today.tm_year && at.tm_yday == today.tm_yday;
	(void)strftime(out, SAY_BYTES, same_day ? "%H:%M" : "%H:%M %d/%m/%Y", &at);
}

bool say_read_moment(const char *text, int64_t now_s, int64_t *out_s)
{
	time_t now = (time_t)now_s;
	struct tm today;
	int hour_digits = (int)strspn(text, "0123456789");

	if (hour_digits > 2 || text[hour_digits] != ':')
		return local_time_read(text, out_s);
	if (localtime_r(&now, &today) == NULL)
		return false;
	today.tm_sec = 0;
	const char *rest = strptime(text, "%H:%M", &today);
	if (rest == NULL || *rest != 0)
		return false;
	today.tm_isdst = -1;
	*out_s = (int64_t)mktime(&today);
	return true;
}
