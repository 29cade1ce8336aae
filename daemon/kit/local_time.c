#include "kit/local_time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int32_t local_offset_s(void *unused, int64_t wall_s)
{
	const time_t at = (time_t)wall_s;
	struct tm local;

	(void)unused;
	return localtime_r(&at, &local) == NULL ? 0 : (int32_t)local.tm_gmtoff;
}

void local_time_text(char out[LOCAL_TIME_TEXT_BYTES], int64_t wall_s)
{
	const time_t at = (time_t)wall_s;
	struct tm local;

	out[0] = 0;
	if (localtime_r(&at, &local) == NULL)
		return;
	long offset_min = local.tm_gmtoff / 60;
	char date[24];
	/* strftime's %z has no colon, which RFC 3339 wants. */
	if (strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &local) == 0)
		return;
	(void)snprintf(out, LOCAL_TIME_TEXT_BYTES, "%s%c%02ld:%02ld", date,
	    offset_min < 0 ? '-' : '+', labs(offset_min) / 60 % 24, labs(offset_min) % 60);
}

/* "+07:00" or "Z" to the end of the text; false for anything else. */
static bool read_offset(const char *text, long *offset_s)
{
	unsigned hours, minutes;

	*offset_s = 0;
	if ((text[0] == 'Z' || text[0] == 'z') && text[1] == 0)
		return true;
	if ((text[0] != '+' && text[0] != '-') || strlen(text) != 6 || text[3] != ':')
		return false;
	for (int i = 1; i < 6; i++) {
		if (i != 3 && (text[i] < '0' || text[i] > '9'))
			return false;
	}
	hours = (unsigned)(text[1] - '0') * 10 + (unsigned)(text[2] - '0');
	minutes = (unsigned)(text[4] - '0') * 10 + (unsigned)(text[5] - '0');
	if (hours > 23 || minutes > 59)
		return false;
	*offset_s = (long)(hours * 60 + minutes) * 60 * (text[0] == '-' ? -1 : 1);
	return true;
}

bool local_time_read(const char *text, int64_t *out)
{
	static const char *const forms[] = {
	    "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"};
	long offset_s = 0;

	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		struct tm t = {.tm_isdst = -1};
		const char *rest = strptime(text, forms[i], &t);
		if (rest == NULL || (*rest != 0 && !read_offset(rest, &offset_s)))
			continue;
		t.tm_isdst = -1;
		struct tm asked = t;
		time_t at = *rest == 0 ? mktime(&t) : timegm(&t);
		/* 31 February and 25:00 are turned into other times: no. */
		if (at == (time_t)-1 || t.tm_mday != asked.tm_mday ||
		    t.tm_mon != asked.tm_mon)
			return false;
		*out = (int64_t)at - offset_s;
		return true;
	}
	return false;
}
