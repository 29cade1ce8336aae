/* local_time -- the school's clock, of the zone that TZ names (startup.h sets it). */
#ifndef KIT_LOCAL_TIME_H
#define KIT_LOCAL_TIME_H

#include <stdbool.h>
#include <stdint.h>

/* Local time minus UTC in seconds at wall_s; `unused` fits calendar_make() of
 * policy/calendar.h. Any thread. */
int32_t local_offset_s(void *unused, int64_t wall_s);

enum {
	LOCAL_TIME_TEXT_BYTES = 32
};

/* RFC 3339 with the zone's offset: "2026-11-20T11:30:00+07:00". Any thread. */
void local_time_text(char out[LOCAL_TIME_TEXT_BYTES], int64_t wall_s);

/* Reads RFC 3339 ("2026-11-20T11:30:00+07:00", "...Z"). Without an offset it is the school's
 * time, seconds may be left out, and a space may stand for the T. False for anything else. */
bool local_time_read(const char *text, int64_t *out);

#endif
