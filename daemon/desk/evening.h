/* evening -- until when a device that a teacher took over stays staff's.
 *
 *	before 17:00    18:00, when lessons and what follows them are over
 *	before 21:30    22:00, for evening classes
 *	later           midnight
 *
 * So it never ends in the middle of the half hour in which it was asked for, and never
 * lasts into a pupil's next morning. The time zone is TZ's (kit/startup.h sets the school's).
 * Pure. */
#ifndef DESK_EVENING_H
#define DESK_EVENING_H

#include <stdint.h>

/* Seconds since 1970 UTC, both; later than `now_s`. */
int64_t evening_after(int64_t now_s);

#endif
