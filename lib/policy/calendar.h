/* calendar -- from UTC seconds to what the school's clocks show.
 *
 * A calendar is a short list of spans in which the zone's offset from UTC stands still. It
 * is made around a moment, from a function that knows the zone (a program's is localtime_r,
 * kit/local_time.h), so that lib/ reads no zone file and tests have any zone they like.
 * Threads: no shared state. */
#ifndef POLICY_CALENDAR_H
#define POLICY_CALENDAR_H

#include <stddef.h>
#include <stdint.h>

enum {
	CALENDAR_SPANS_MAX = 16,
	CALENDAR_BACK_DAYS = 3,    /* how far a calendar reaches before its moment */
	CALENDAR_AHEAD_DAYS = 400, /* and behind it */
	CALENDAR_DAY_S = 86400,
	CALENDAR_DAY_MIN = 1440
};

struct calendar_span {
	int64_t from_s; /* wall_s at which it begins; the first one reaches back forever */
	int32_t offset_s; /* local time minus UTC */
};

/* Zero-initialised: UTC. */
struct calendar {
	size_t count;
	struct calendar_span spans[CALENDAR_SPANS_MAX];
};

/* Local time minus UTC in seconds at wall_s. */
typedef int32_t calendar_offset_fn(void *arg, int64_t wall_s);

/* A calendar of the days around `around_s`. A zone that changes more often than
 * CALENDAR_SPANS_MAX times in them keeps its last offset for the rest. About 400 calls. */
void calendar_make(
    struct calendar *out, calendar_offset_fn *offset_at, void *arg, int64_t around_s);

struct local_time {
	int32_t day;     /* since 1970-01-01, of the local calendar */
	uint16_t minute; /* of the local day, 0 to 1439 */
	uint8_t second;
	uint8_t weekday; /* 0: Monday */
};

struct local_time calendar_local(const struct calendar *calendar, int64_t wall_s);

/* wall_s of the first change of the offset after `wall_s`, or INT64_MAX. */
int64_t calendar_next_change(const struct calendar *calendar, int64_t wall_s);

#endif
