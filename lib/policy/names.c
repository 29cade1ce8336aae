#include "policy/internal.h"

enum err name_set_init(struct name_set *set, struct arena *arena, size_t max)
{
	size_t slots = 2;

	while (slots / 2 < max)
		slots *= 2;
	*set = (struct name_set){.mask = slots - 1, .labels_min = NAME_LABELS_MAX};
	set->slots = arena_array(arena, slots, sizeof *set->slots);
	return set->slots == NULL ? ERR_MEMORY : OK;
}

/* The slot of the name, or the free one where it would stand. */
static struct named *find_slot(const struct name_set *set, uint64_t hash, struct dname name)
{
	size_t i = hash & set->mask;

	while (set->slots[i].name.wire != NULL &&
	    !(set->slots[i].hash == hash && name_equal(set->slots[i].name, name)))
		i = (i + 1) & set->mask;
	return &set->slots[i];
}

const struct named *name_set_add(struct name_set *set, const struct named *entry)
{
	struct named *slot = find_slot(set, entry->hash, entry->name);

	if (slot->name.wire != NULL)
		return slot;
	*slot = *entry;
	set->count++;
	if (entry->labels < set->labels_min)
		set->labels_min = entry->labels;
	if (entry->labels > set->labels_max)
		set->labels_max = entry->labels;
	return slot;
}

const struct named *name_set_longest(
    const struct name_set *set, const struct policy_question *question, size_t labels)
{
	size_t n = labels < set->labels_max ? labels : set->labels_max;

	for (; n >= set->labels_min && n > 0; n--) {
		uint64_t hash = question->hashes->at[n - 1];
		if (set->slots[hash & set->mask].name.wire == NULL)
			continue;
		struct dname suffix = name_suffix(question->hashes, question->name, n - 1);
		const struct named *slot = find_slot(set, hash, suffix);
		if (slot->name.wire != NULL)
			return slot;
	}
	return NULL;
}
