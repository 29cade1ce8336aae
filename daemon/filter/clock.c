#include "filter/clock.h"

#include <time.h>

static uint64_t ms_of(const struct timespec *t)
{
	return (uint64_t)t->tv_sec * 1000 + (uint64_t)t->tv_nsec / 1000000;
}

uint64_t clock_mono_ms(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return ms_of(&t);
}

struct moment clock_moment(bool wall_trusted)
{
	struct timespec wall;
	uint64_t mono_ms = clock_mono_ms();

	(void)clock_gettime(CLOCK_REALTIME, &wall);
	uint64_t into_ms = (uint64_t)wall.tv_nsec / 1000000;
	return (struct moment){
	    .mono_ms = mono_ms > into_ms ? mono_ms - into_ms : 0,
	    .wall_s = (int64_t)wall.tv_sec,
	    .wall_trusted = wall_trusted,
	};
}
