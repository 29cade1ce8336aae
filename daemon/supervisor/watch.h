/* watch -- ends children that are there and do nothing any more (T34): their successors
 * serve. A child says "alive" every two seconds (kit/link.h).
 *
 *	silent for 10 s   killed, unless it computes or waits for a disk: a large list on a
 *	                  slow flash may take longer, and its workers answer meanwhile
 *	           60 s   killed whatever it does
 *	before "ready"    120 s: a start may have much to read
 *	in a debugger     never
 *
 * Seconds are ticks of the supervisor's own loop: while it is stopped, or the machine
 * sleeps, none goes by, whatever the clocks say. */
#ifndef SUPERVISOR_WATCH_H
#define SUPERVISOR_WATCH_H

#include "supervisor/child.h"

enum {
	WATCH_SILENT_S = 10,
	WATCH_BUSY_S = 60,
	WATCH_STARTING_S = 120,
	WATCH_IDLE_LOOKS = 3 /* in a row, a second apart, before it counts as idle */
};

/* A second has gone by. */
void watch_child(struct child *child);

#endif
