/* failures -- questions that lately had no answer (RFC 9520), so that the same ones are not
 * sent upstream again at once.
 *
 *	failed        remembered: FAILURE_NOW          then FAILURE_LATELY
 *	once          for 1 to 1.25 s            until 30 s after the failure
 *	once more     for 1.75 to 2 s            (RFC 8767's failure recheck)
 *
 * Never longer, since a school that gets its network back must notice within two seconds.
 * Whoever sees that a server answers again raises the epoch: then nothing of before counts.
 *
 * A table of fixed size, a place for each hash; a later failure pushes an earlier one out.
 * Threads: a table belongs to one. */
#ifndef CACHE_FAILURES_H
#define CACHE_FAILURES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum {
	FAILURE_FIRST_MS = 1000,
	FAILURE_MAX_MS = 2000,
	FAILURE_LATELY_MS = 30000
};

struct failures;

/* `places` is a power of two, at least 1. ERR_MEMORY. */
MUST_CHECK enum err failures_new(struct failures **out, uint32_t places);
void failures_free(struct failures *table);

enum failure_state {
	FAILURE_NONE,
	FAILURE_LATELY, /* asking again is in order; who has an older answer gives it first */
	FAILURE_NOW     /* not to be asked again yet */
};

struct failure {
	enum failure_state state;
	uint16_t ede; /* what was said then; unless FAILURE_NONE */
};

/* What is known of the question with this keyed hash (cache_key_of). */
struct failure failures_look(
    const struct failures *table, uint64_t hash, uint32_t epoch, uint64_t now_ms);

struct failure_note {
	uint16_t ede;
	uint32_t epoch;
	uint64_t now_ms;
	uint8_t jitter; /* random: not all are forgotten at one moment */
};
void failures_add(struct failures *table, uint64_t hash, const struct failure_note *note);

/* It was answered. */
void failures_forget(struct failures *table, uint64_t hash);

#endif
