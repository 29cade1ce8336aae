/* neighbour_watch -- keeps our copy of the kernel's neighbour table true.
 *
 *	open ─▶ whole table ─▶ notifications ─┬─ some were lost (ENOBUFS): whole table
 *	                                      └─ every 60 s: whole table
 *
 * So a device that moves to another address, or an address that another device takes, counts
 * from the kernel's notification on, which it sends with the packet that told it. No right is
 * needed. Where the kernel refuses, no address has a MAC, and the log says so once.
 * Threads: main alone. */
#ifndef FILTER_NEIGHBOUR_WATCH_H
#define FILTER_NEIGHBOUR_WATCH_H

#include <event2/event.h>

#include "filter/neighbours.h"

struct neighbour_watch;

/* Fills `n`, which is borrowed. `on_addresses`: our own addresses have changed. ERR_MEMORY. */
MUST_CHECK enum err neighbour_watch_open(struct neighbour_watch **out,
    struct event_base *base, struct neighbours *n, void (*on_addresses)(void *context),
    void *context);
void neighbour_watch_close(struct neighbour_watch *w); /* NULL is fine */

#endif
