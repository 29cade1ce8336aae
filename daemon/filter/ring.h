/* ring -- what a worker tells main about counting, in a bounded queue.
 *
 * One producer (the worker), one consumer (main), no lock. A full ring refuses the event;
 * the worker counts that, and the day is said to be partial. Nothing here is ever written
 * to disk as it stands: main collapses, caps and forgets (DESIGN.md "Counting"). */
#ifndef FILTER_RING_H
#define FILTER_RING_H

#include <stdatomic.h>
#include <stdbool.h>

#include "dns/name.h"
#include "net/addr.h"
#include "net/mac.h"

enum tally_kind {
	TALLY_DEVICE_SEEN, /* first query of this device in this tier today, by this worker */
	TALLY_ATTEMPT,     /* a blocked query that may count as an attempt */
	TALLY_SAMPLE,      /* one of many queries, for sources.h; counts for nothing */
};

struct tally_event {
	enum tally_kind kind;
	uint8_t tier;
	uint8_t category; /* index of rules/categories.yaml; TALLY_ATTEMPT only */
	uint8_t
	    listed_depth; /* labels of qname that the listed name has; TALLY_ATTEMPT only */
	bool silent;      /* answered `null`: enters neither names nor published totals */
	bool claimed;     /* the configuration gives this device its tier */
	bool from_feed;   /* a feed's name; false for deny and the like */
	bool forwards;    /* it carries what a forwarder adds; TALLY_SAMPLE only */
	bool forwarded;   /* a trusted forwarder brought it; TALLY_SAMPLE only */
	uint16_t feed;    /* when from_feed: its index in the snapshot's rule database */
	uint64_t
	    generation; /* of the snapshot that tier, category and feed are indices of */
	uint64_t mono_ms;
	struct addr client;
	struct mac mac; /* or MAC_NONE */
	struct name_buf qname;
};

enum {
	RING_SLOTS = 1024
}; /* a power of two; 100 ms of ten thousand attempts a second */

struct ring {
	_Alignas(64) atomic_uint head; /* next to write; the worker's */
	_Alignas(64) atomic_uint tail; /* next to read; main's */
	atomic_bool poked;             /* a wake-up of main is under way; either side */
	struct tally_event slots[RING_SLOTS];
};

/* The slot to fill, or NULL when the ring is full. Worker only. */
struct tally_event *ring_reserve(struct ring *ring);
/* Publishes the reserved slot. True when main should be woken now (half full). */
bool ring_commit(struct ring *ring);

/* The oldest event, or NULL; borrowed until ring_release(). Main only. */
const struct tally_event *ring_peek(struct ring *ring);
void ring_release(struct ring *ring);

#endif
