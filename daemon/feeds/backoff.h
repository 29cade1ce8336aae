/* backoff -- when a feed is tried again. Pure: time and chance are arguments. */
#ifndef FEEDS_BACKOFF_H
#define FEEDS_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

enum {
	BACKOFF_FIRST_S = 60,
	BACKOFF_MAX_S = 6 * 3600
};

/* Seconds to wait after `failures` (>= 1) in a row: 1 min doubling to 6 h, of which half
 * is chance, so that schools do not knock together after an outage. `random` is any
 * 64-bit random number; `retry_after_s` is what the server asked for, 0 = nothing: a
 * longer wait than ours is respected up to 6 h. */
uint32_t backoff_after_failure(uint32_t failures, uint32_t retry_after_s, uint64_t random);

/* Seconds until a feed is looked at again after it was found good: `refresh_s` less up to
 * a tenth by chance, at least one minute. */
uint32_t backoff_after_success(uint64_t refresh_s, uint64_t random);

/* Has the time come? A `next_try_s` further away than a success or failure can set it is
 * a clock that jumped back: then yes. 0 = never tried: yes. */
bool backoff_is_due(int64_t next_try_s, int64_t now_s, uint64_t refresh_s);

#endif
