/* counting -- main's side of counting: from the workers' rings to tally and summary.
 *
 * Drains the rings every COUNTING_DRAIN_MS (and when a worker pokes), finds registrable
 * domains (libpsl), feeds the tally, tells workers which devices are capped, saves every
 * monitor.save, closes the day at local midnight or at the next start: daily tables, and
 * the summary document in the outbox. No day is made for zero uptime, nor while the clock
 * is not trusted. Threads: main alone; it reads rings and counters of the workers. */
#ifndef FILTER_COUNTING_H
#define FILTER_COUNTING_H

#include <event2/event.h>
#include <jansson.h>

#include "base/diag.h"
#include "base/err.h"
#include "filter/filter.h"
#include "filter/sources.h"

struct counting;

enum {
	COUNTING_DRAIN_MS = 100
};

/* One counted attempt, for those who watch live: no client, nothing sensitive, and only of
 * cells above the privacy floor. Borrowed for the call. */
struct counted_attempt {
	int64_t wall_s;
	const char *tier;
	const char *category;
	struct dname name; /* the registrable domain of the query */
};
typedef void counting_watch_fn(void *context, const struct counted_attempt *attempt);

/* Opens today's tally (going on where kill -9 or a reboot left it) and closes a day that was
 * left. `filter` has its first snapshot; workers need not run yet. */
MUST_CHECK enum err counting_new(struct counting **out, struct event_base *base,
    struct filter *filter, struct diag *why);
/* Drains, saves the last time, and frees. Workers have ended their
 * threads but are not freed. NULL is allowed. */
void counting_free(struct counting *c);

/* Takes what the rings hold now. Also the callback behind filter->drain. */
void counting_drain(struct counting *c);
/* A new snapshot was published: tiers and categories may have other indices. Events of the
 * one before are still counted by its own. */
void counting_follow(struct counting *c, const struct snapshot *now);

/* A failure for the summary: "feed-refused", "upstream-failed", … (docs/protocol.md). */
void counting_fail(struct counting *c, const char *type);
bool counting_is_partial(const struct counting *c);

/* Has a device with this MAC (MAC_NONE: not known) or one of these addresses asked today? IPv6
 * addresses are not looked at: a whole network is one device there. Drain first. */
bool counting_has_seen(
    const struct counting *c, struct mac mac, const struct addr *addresses, size_t count);
/* Who asks as much as many would, today. */
const struct sources *counting_sources(const struct counting *c);
/* Addresses that seem to hide many devices, this machine's own apart; at most `max`. Reads the
 * interfaces: not for every second. */
size_t counting_shared(const struct counting *c, struct shared_source *out, size_t max);
/* For how long they have been watched. */
uint64_t counting_watched_s(const struct counting *c);

/* Is anybody watching? Asked before the floor is looked at. */
typedef bool counting_watched_fn(void *context);
void counting_set_watch(
    struct counting *c, counting_watch_fn *fn, counting_watched_fn *watched, void *context);

/* The control commands stats, top, summary-preview and summary-list, under the privacy
 * floor: a new object for the reply, or NULL without memory.
 * Names are counted over all pupils together: one tier's own are not kept. */
json_t *counting_stats(struct counting *c);
json_t *counting_top(struct counting *c);
json_t *counting_summary_preview(struct counting *c);
json_t *counting_summary_list(struct counting *c);

#endif
