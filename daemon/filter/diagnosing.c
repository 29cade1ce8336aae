#include "filter/diagnosing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	RCODE_OCTET = 3, /* of the header; the lower four bits */
	RCODE_BITS = 0x0f
};

enum err diagnose_ring_new(struct diagnose_ring **out)
{
	struct diagnose_ring *ring = calloc(1, sizeof *ring);

	if (ring == NULL)
		return ERR_MEMORY;
	*out = ring;
	return OK;
}

void diagnose_ring_free(struct diagnose_ring *ring)
{
	free(ring);
}

void diagnosing_verdict(struct worker *w, const struct verdict *v)
{
	w->diagnose->judged = true;
	w->diagnose->verdict = *v;
}

static void fill(const struct worker *w, const struct request *r, struct diagnose_entry *e)
{
	const struct verdict *v = &w->diagnose->verdict;
	const struct policy_category *category = v->category == POLICY_NO_CATEGORY
	    ? NULL
	    : policy_category_at(w->snapshot->policy, v->category);

	e->judged = w->diagnose->judged;
	e->blocked = e->judged && v->action == POLICY_BLOCK;
	e->reason = v->reason;
	/* Help is looked for under such names, and no fault is found by reading them. */
	e->sensitive = e->judged && category != NULL && category->sensitive;
	if (e->sensitive)
		return;
	if (e->judged && category != NULL)
		(void)snprintf(e->category, sizeof e->category, "%s", category->name);
	if (r->message.question.len > 0)
		name_copy(&e->name, message_qname(&r->message));
}

void diagnosing_answered(struct worker *w, const struct request *r, struct slice answer)
{
	struct diagnose_ring *ring = w->diagnose;
	unsigned head = atomic_load_explicit(&ring->head, memory_order_relaxed);
	unsigned tail = atomic_load_explicit(&ring->tail, memory_order_acquire);

	if (answer.len <= RCODE_OCTET) {
		ring->judged = false;
		return;
	}
	if (head - tail >= DIAGNOSE_SLOTS) {
		atomic_fetch_add_explicit(&ring->lost, 1, memory_order_relaxed);
		ring->judged = false;
		return;
	}
	struct diagnose_entry *e = &ring->slots[head % DIAGNOSE_SLOTS];
	*e = (struct diagnose_entry){.wall_s = w->now.wall_s,
	    .client = r->client,
	    .qtype = r->message.qtype,
	    .rcode = answer.ptr[RCODE_OCTET] & RCODE_BITS};
	fill(w, r, e);
	ring->judged = false;
	/* Release: main sees the slot's content before the new head. */
	atomic_store_explicit(&ring->head, head + 1, memory_order_release);
}

const struct diagnose_entry *diagnose_ring_peek(struct diagnose_ring *ring)
{
	unsigned tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
	unsigned head = atomic_load_explicit(&ring->head, memory_order_acquire);

	return head == tail ? NULL : &ring->slots[tail % DIAGNOSE_SLOTS];
}

void diagnose_ring_release(struct diagnose_ring *ring)
{
	unsigned tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);

	explicit_bzero(&ring->slots[tail % DIAGNOSE_SLOTS], sizeof ring->slots[0]);
	atomic_store_explicit(&ring->tail, tail + 1, memory_order_release);
}

uint64_t diagnose_ring_lost(struct diagnose_ring *ring)
{
	return atomic_exchange_explicit(&ring->lost, 0, memory_order_relaxed);
}
