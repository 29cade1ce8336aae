/* local_time -- the school's clock, of the zone that TZ names (startup.h sets it). */
#ifndef KIT_LOCAL_TIME_H
#define KIT_LOCAL_TIME_H

#include <stdint.h>

/* Local time minus UTC in seconds at wall_s; `unused` fits calendar_make() of
 * policy/calendar.h. Any thread. */
int32_t local_offset_s(void *unused, int64_t wall_s);

#endif
