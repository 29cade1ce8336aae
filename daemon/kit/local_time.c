#include "kit/local_time.h"

#include <stdio.h>
#include <stdlib.h>
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
