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
	/* Workers' rings are read one after the other: an event may be a little older than
	 * the one that was read before it. */
	uint64_t apart_ms =
	    mono_ms >= slot->mono_ms ? mono_ms - slot->mono_ms : slot->mono_ms - mono_ms;
	return slot->pair != 0 && apart_ms < TALLY_COLLAPSE_MS;
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
