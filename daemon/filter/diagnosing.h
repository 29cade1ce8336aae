/* diagnosing -- the worker's side of a diagnosis: what was asked, by whom, with what end.
 *
 * One producer (the worker), one consumer (main), no lock; a full ring loses the entry and
 * counts it. While nothing is diagnosed a query costs one look at a flag of the worker, and
 * the ring's memory was never touched. Main wipes each slot that it has read. */
#ifndef FILTER_DIAGNOSING_H
#define FILTER_DIAGNOSING_H

#include <stdatomic.h>

#include "filter/query.h"

enum {
	DIAGNOSE_SLOTS = 512, /* a power of two */
	DIAGNOSE_CATEGORY_BYTES = 64
};

/* What became of a query, as far as its verdict goes. */
struct diagnose_entry {
	int64_t wall_s;
	struct addr client;
	uint16_t qtype;
	uint8_t rcode;
	bool judged; /* else it was refused or malformed: no verdict */
	bool blocked;
	bool sensitive; /* then neither name nor category is noted */
	enum policy_reason reason;
	char category[DIAGNOSE_CATEGORY_BYTES]; /* "" for none */
	struct name_buf name;
};

struct diagnose_ring {
	atomic_uint head; /* next to write; the worker's */
	atomic_uint tail; /* next to read; main's */
	atomic_uint_fast64_t lost;
	struct diagnose_entry slots[DIAGNOSE_SLOTS];
	/* The worker's: the last verdict on the query in hand. */
	bool judged;
	struct verdict verdict;
};

MUST_CHECK enum err diagnose_ring_new(struct diagnose_ring **out);
void diagnose_ring_free(struct diagnose_ring *ring);

/* ---- worker; only while w->diagnosing ---- */

/* A verdict on the query in hand; the last one before its answer counts. */
void diagnosing_verdict(struct worker *w, const struct verdict *v);
/* The query in hand was answered with `answer`, or waits, or gets silence (empty). */
void diagnosing_answered(struct worker *w, const struct request *r, struct slice answer);

/* ---- main ---- */

/* The oldest entry, or NULL; borrowed until diagnose_ring_release(), which wipes it. */
const struct diagnose_entry *diagnose_ring_peek(struct diagnose_ring *ring);
void diagnose_ring_release(struct diagnose_ring *ring);
/* Entries lost since the last call. */
uint64_t diagnose_ring_lost(struct diagnose_ring *ring);

#endif
