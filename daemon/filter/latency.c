#include "filter/latency.h"

const uint32_t LATENCY_BOUND_MS[LATENCY_BOUNDS] = {
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000};

static void add(atomic_uint_fast64_t *to, uint64_t n)
{
	uint64_t now = atomic_load_explicit(to, memory_order_relaxed);
	atomic_store_explicit(to, now + n, memory_order_relaxed);
}

void latency_add(struct latency *l, uint64_t waited_ms)
{
	unsigned i = 0;

	while (i < LATENCY_BOUNDS && waited_ms > LATENCY_BOUND_MS[i])
		i++;
	add(&l->buckets[i], 1);
	add(&l->sum_ms, waited_ms);
}
