#include "filter/ring.h"

struct tally_event *ring_reserve(struct ring *ring)
{
	unsigned head = atomic_load_explicit(&ring->head, memory_order_relaxed);
	unsigned tail = atomic_load_explicit(&ring->tail, memory_order_acquire);

	if (head - tail >= RING_SLOTS)
		return NULL;
	return &ring->slots[head % RING_SLOTS];
}

bool ring_commit(struct ring *ring)
{
	unsigned head = atomic_load_explicit(&ring->head, memory_order_relaxed) + 1;
	unsigned tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);

	/* Release: main sees the slot's content before the new head. */
	atomic_store_explicit(&ring->head, head, memory_order_release);
	if (head - tail < RING_SLOTS / 2)
		return false;
	return !atomic_exchange_explicit(&ring->poked, true, memory_order_relaxed);
}

const struct tally_event *ring_peek(struct ring *ring)
{
	unsigned tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
	unsigned head = atomic_load_explicit(&ring->head, memory_order_acquire);

	if (head == tail) {
		atomic_store_explicit(&ring->poked, false, memory_order_relaxed);
		return NULL;
	}
	return &ring->slots[tail % RING_SLOTS];
}

void ring_release(struct ring *ring)
{
	unsigned tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
	atomic_store_explicit(&ring->tail, tail + 1, memory_order_release);
}
