#include "policy/internal.h"

enum err name_map_init(struct name_map *map, struct arena *arena, size_t max)
{
	size_t slots = 2;

	while (slots / 2 < max)
		slots *= 2;
	*map = (struct name_map){.mask = slots - 1, .labels_min = NAME_LABELS_MAX};
	map->bits_mask = slots / 4 > 0 ? slots / 4 - 1 : 0;
	map->bits = arena_array(arena, map->bits_mask + 1, sizeof *map->bits);
	map->hashes = arena_array(arena, slots, sizeof *map->hashes);
	map->names = arena_array(arena, slots, sizeof *map->names);
	return map->bits == NULL || map->hashes == NULL || map->names == NULL ? ERR_MEMORY
	                                                                      : OK;
}

/* 0 stands for a free slot. */
static uint64_t kept_hash(uint64_t hash)
{
	return hash == 0 ? 1 : hash;
}

/* The slot of the name, or the free one where it would stand. */
static size_t find_slot(const struct name_map *map, uint64_t hash, struct dname name)
{
	size_t i = hash & map->mask;

	while (map->hashes[i] != 0 &&
	    !(map->hashes[i] == hash && name_equal(map->names[i].name, name)))
		i = (i + 1) & map->mask;
	return i;
}

struct named *name_map_add(
    struct name_map *map, struct arena *arena, struct dname name, uint64_t hash)
{
	size_t labels = name_label_count(name);
	size_t i = find_slot(map, kept_hash(hash), name);

	if (map->hashes[i] != 0)
		return &map->names[i];
	uint8_t *wire = arena_alloc(arena, name.len);
	if (wire == NULL)
		return NULL;
	memcpy(wire, name.wire, name.len);
	map->bits[hash >> 6 & map->bits_mask] |= bit(hash & 63);
	map->hashes[i] = kept_hash(hash);
	map->names[i].name = (struct dname){wire, name.len};
	if (labels < map->labels_min)
		map->labels_min = labels;
	if (labels > map->labels_max)
		map->labels_max = labels;
	return &map->names[i];
}

const struct role *name_map_roles(
    const struct name_map *map, const struct policy_question *question, size_t n)
{
	uint64_t hash = kept_hash(question->hashes->at[n - 1]);

	if (!name_map_maybe(map, question->hashes->at[n - 1]))
		return NULL;
	for (size_t i = hash & map->mask; map->hashes[i] != 0; i = (i + 1) & map->mask) {
		if (map->hashes[i] != hash)
			continue;
		struct dname suffix = name_suffix(question->hashes, question->name, n - 1);
		if (name_equal(map->names[i].name, suffix))
			return map->names[i].roles;
	}
	return NULL;
}
