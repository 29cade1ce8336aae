/* watchdog -- main looks each second whether every worker still turns its loop (T34).
 *
 *	tick      a worker that has rested since the last tick is well; else it is poked
 *	          WATCHDOG_TICKS in a row without a rest: main says who, and aborts; the
 *	          supervisor starts the program again, and what was asked meanwhile waits in
 *	          its sockets
 *
 * It counts its own ticks and reads no clock, so that no jump of a clock, no suspend and no
 * SIGSTOP of the whole program can be mistaken for a stuck worker: no tick happens then.
 * Whether main itself turns is the supervisor's business (kit/link.h).
 * Threads: main's. */
#ifndef FILTER_WATCHDOG_H
#define FILTER_WATCHDOG_H

#include "base/err.h"
#include "filter/filter.h"

struct event_base;
struct watchdog;

enum {
	WATCHDOG_TICKS = 10, /* of a second */
};

/* Watches the workers of `filter`, which have been started, until watchdog_free(), which
 * comes before they stop. ERR_MEMORY. */
MUST_CHECK enum err watchdog_new(
    struct watchdog **out, struct event_base *base, struct filter *filter);
void watchdog_free(struct watchdog *dog);

#endif
