#include "desk/evening.h"

#include <time.h>

#include "base/attr.h"

enum {
	HOUR_MINUTES = 60,
	DAY_S = 24 * 3600
};

static const struct {
	int before; /* minutes since midnight */
	int until;  /* hour */
} TABLE[] = {
    {17 * HOUR_MINUTES, 18},
    {21 * HOUR_MINUTES + 30, 22},
    {24 * HOUR_MINUTES, 24},
};

int64_t evening_after(int64_t now_s)
{
	time_t now = (time_t)now_s;
	struct tm local;

	if (localtime_r(&now, &local) == NULL)
		return now_s + DAY_S;
	int minutes = local.tm_hour * HOUR_MINUTES + local.tm_min;
	size_t i = 0;
	while (i + 1 < COUNT_OF(TABLE) && minutes >= TABLE[i].before)
		i++;
	local.tm_hour = TABLE[i].until; /* 24: mktime() makes it the next day's 0 */
	local.tm_min = 0;
	local.tm_sec = 0;
	local.tm_isdst = -1;
	return (int64_t)mktime(&local);
}
