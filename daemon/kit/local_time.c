#include "kit/local_time.h"

#include <time.h>

int32_t local_offset_s(void *unused, int64_t wall_s)
{
	const time_t at = (time_t)wall_s;
	struct tm local;

	(void)unused;
	return localtime_r(&at, &local) == NULL ? 0 : (int32_t)local.tm_gmtoff;
}
