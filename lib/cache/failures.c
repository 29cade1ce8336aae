#include "cache/failures.h"

#include <stdlib.h>

enum {
	JITTER_MS = FAILURE_FIRST_MS / 4,
	AGAIN_SHORTEST_MS = FAILURE_MAX_MS - JITTER_MS,
};

struct place {
	uint64_t hash;
	uint64_t failed_ms;
	uint32_t held_ms; /* 0: free */
	uint32_t epoch;
	uint16_t ede;
};

struct failures {
	uint32_t mask;
	struct place places[];
};

enum err failures_new(struct failures **out, uint32_t places)
{
	struct failures *table =
	    calloc(1, sizeof *table + (size_t)places * sizeof(struct place));
	if (table == NULL)
		return ERR_MEMORY;
	table->mask = places - 1;
	*out = table;
	return OK;
}

void failures_free(struct failures *table)
{
	free(table);
}

static bool is_of(const struct place *p, uint64_t hash, uint32_t epoch, uint64_t now_ms)
{
	return p->held_ms > 0 && p->hash == hash && p->epoch == epoch &&
	    now_ms - p->failed_ms < FAILURE_LATELY_MS;
}

struct failure failures_look(
    const struct failures *table, uint64_t hash, uint32_t epoch, uint64_t now_ms)
{
	const struct place *p = &table->places[hash & table->mask];

	if (!is_of(p, hash, epoch, now_ms))
		return (struct failure){FAILURE_NONE, 0};
	enum failure_state state =
	    now_ms - p->failed_ms < p->held_ms ? FAILURE_NOW : FAILURE_LATELY;
	return (struct failure){state, p->ede};
}

void failures_add(struct failures *table, uint64_t hash, const struct failure_note *note)
{
	struct place *p = &table->places[hash & table->mask];
	bool again = is_of(p, hash, note->epoch, note->now_ms);
	uint32_t least_ms = again ? AGAIN_SHORTEST_MS : FAILURE_FIRST_MS;
	uint32_t jitter_ms = JITTER_MS * (uint32_t)note->jitter / UINT8_MAX;

	*p = (struct place){
	    .hash = hash,
	    .failed_ms = note->now_ms,
	    .held_ms = least_ms + jitter_ms,
	    .epoch = note->epoch,
	    .ede = note->ede,
	};
}

void failures_forget(struct failures *table, uint64_t hash)
{
	struct place *p = &table->places[hash & table->mask];

	if (p->hash == hash)
		p->held_ms = 0;
}
