/* bucket -- so many at once, and one more every so often. */
#ifndef DESK_BUCKET_H
#define DESK_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

/* {.most = 20, .every_ms = 6000}: full at first. */
struct bucket {
	uint32_t most;
	uint32_t every_ms;
	uint32_t taken;
	uint64_t since_ms; /* when the last one came back */
};

static inline bool bucket_take(struct bucket *b, uint64_t now_ms)
{
	uint64_t back = (now_ms - b->since_ms) / b->every_ms;

	if (b->taken == 0) {
		b->since_ms = now_ms;
	} else if (back >= b->taken) {
		b->taken = 0;
		b->since_ms = now_ms;
	} else {
		b->taken -= (uint32_t)back;
		b->since_ms += back * b->every_ms;
	}
	if (b->taken >= b->most)
		return false;
	b->taken++;
	return true;
}

#endif
