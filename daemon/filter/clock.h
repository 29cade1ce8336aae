/* clock -- the monotonic clock of main's parts: everything but the calendar. Workers read
 * both clocks once a callback instead (worker_wake). Threads: any. */
#ifndef FILTER_CLOCK_H
#define FILTER_CLOCK_H

#include <stdint.h>

uint64_t clock_mono_ms(void);

#endif
