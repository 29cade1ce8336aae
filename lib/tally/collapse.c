/* Which (device, domain) was counted within ten minutes. Sets of eight by hash; within a
 * set an expired pair is replaced first, then the oldest. */
#include <stdlib.h>

#include "tally/internal.h"

enum {
	WAYS = 8
};

enum err collapse_init(struct collapse *c, uint32_t count)
{
	c->slots = calloc(count, sizeof *c->slots);
	c->count = count;
	return c->slots == NULL ? ERR_MEMORY : OK;
}

void collapse_deinit(struct collapse *c)
{
	free(c->slots);
	c->slots = NULL;
}

static bool is_live(const struct collapse_slot *slot, uint64_t mono_ms)
{
	/* A monotonic clock cannot stand before what it gave; if it does, the pair is old. */
	return slot->pair != 0 && mono_ms >= slot->mono_ms &&
	    mono_ms - slot->mono_ms < TALLY_COLLAPSE_MS;
}

enum collapse_answer collapse_add(struct collapse *c, uint64_t pair, uint64_t mono_ms)
{
	struct collapse_slot *set =
	    &c->slots[(uint32_t)pair & (c->count - 1) & ~(WAYS - 1u)];
	struct collapse_slot *victim = NULL;

	for (size_t i = 0; i < WAYS; i++) {
		bool live = is_live(&set[i], mono_ms);
		if (live && set[i].pair == pair)
			return COLLAPSE_REPEAT;
		bool better = victim == NULL || (!live && is_live(victim, mono_ms)) ||
		    (live && is_live(victim, mono_ms) && set[i].mono_ms < victim->mono_ms);
		if (better)
			victim = &set[i];
	}
	enum collapse_answer answer =
	    is_live(victim, mono_ms) ? COLLAPSE_NEW_CROWDED : COLLAPSE_NEW;
	*victim = (struct collapse_slot){pair, mono_ms};
	return answer;
}
