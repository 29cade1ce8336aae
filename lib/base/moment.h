/* moment -- time as an argument. lib/ never reads a clock; a program reads both clocks
 * once per batch of work and passes the moment down, so tests move time as they like. */
#ifndef BASE_MOMENT_H
#define BASE_MOMENT_H

#include <stdbool.h>
#include <stdint.h>

struct moment {
	uint64_t mono_ms; /* CLOCK_MONOTONIC: TTLs, timeouts, everything but the calendar */
	int64_t wall_s;   /* seconds since 1970 UTC: the calendar alone */
	bool wall_trusted; /* false: the clock is older than the program or its files */
};

#endif
