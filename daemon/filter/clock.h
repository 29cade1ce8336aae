/* clock -- the clocks of main's parts. Workers read both clocks once a callback instead
 * (worker_wake). Threads: any. */
#ifndef FILTER_CLOCK_H
#define FILTER_CLOCK_H

#include "base/moment.h"

/* The monotonic clock: everything but the calendar. */
uint64_t clock_mono_ms(void);

/* Both clocks at the beginning of the calendar's second that is running: what is so many
 * seconds of the calendar ahead is exactly so many of the monotonic clock ahead, and a window
 * that begins at 11:30:00 begins then, not within the second after it. */
struct moment clock_moment(bool wall_trusted);

#endif
