#include "filter/rate.h"

#include <stdlib.h>

enum {
	BURST_S = 5 /* what burst 0 means */
};

static const uint64_t SECOND_NS = 1000000000;
static const uint64_t MS_NS = 1000000;

struct bucket {
	uint64_t client;  /* 0: nobody's */
	uint64_t full_ns; /* when it will be full again */
};

struct rate_table {
	struct bucket sets[RATE_SETS][RATE_WAYS];
	uint8_t told[RATE_SETS][RATE_WAYS]; /* apart: looked at only over the limit */
};

enum err rate_table_new(struct rate_table **out)
{
	/* Not touched, and so no memory, while there is no limit. */
	struct rate_table *table = calloc(1, sizeof *table);

	if (table == NULL)
		return ERR_MEMORY;
	*out = table;
	return OK;
}

void rate_table_free(struct rate_table *table)
{
	free(table);
}

struct rate_limit rate_limit_of(uint64_t per_second, uint64_t burst)
{
	uint64_t step_ns = SECOND_NS / per_second;
	uint64_t queries = burst == 0 ? per_second * BURST_S : burst;

	return (struct rate_limit){.step_ns = step_ns, .room_ns = step_ns * queries};
}

/* The way of `client` in its set; without one, the way that he may have. */
static unsigned find_way(const struct bucket set[RATE_WAYS], uint64_t client)
{
	unsigned soonest = 0;

	for (unsigned i = 0; i < RATE_WAYS; i++) {
		if (set[i].client == client)
			return i;
		if (set[i].full_ns < set[soonest].full_ns)
			soonest = i;
	}
	return soonest;
}

enum rate_verdict rate_take(struct rate_table *table, uint64_t client, uint64_t now_ms,
    const struct rate_limit *limit)
{
	uint64_t now_ns = now_ms * MS_NS;
	size_t set = client % RATE_SETS;

	if (client == 0)
		client = 1;
	unsigned way = find_way(table->sets[set], client);
	struct bucket *bucket = &table->sets[set][way];
	if (bucket->client != client)
		*bucket = (struct bucket){client, now_ns};
	uint64_t from_ns = bucket->full_ns > now_ns ? bucket->full_ns : now_ns;
	if (from_ns - now_ns + limit->step_ns > limit->room_ns) {
		table->told[set][way] ^= 1;
		return table->told[set][way] != 0 ? RATE_OVER_TELL : RATE_OVER;
	}
	bucket->full_ns = from_ns + limit->step_ns;
	return RATE_WITHIN;
}
