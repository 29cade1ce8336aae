#include "district/store/text_map.h"

#include <stdlib.h>
#include <string.h>

enum {
	MEMORY_MAX = 256 * 1024 * 1024
};

void text_map_init(struct text_map *map, size_t max, struct hash_key key)
{
	*map = (struct text_map){.max = max, .memory = ARENA_INIT(MEMORY_MAX), .key = key};
}

void text_map_clear(struct text_map *map)
{
	free(map->slots);
	arena_deinit(&map->memory);
	text_map_init(map, map->max, map->key);
}

void text_map_deinit(struct text_map *map)
{
	text_map_clear(map);
}

/* The slot with the text, or the free one where it would stand. */
static struct text_map_slot *slot_of(const struct text_map *map, const char *text)
{
	size_t at = (size_t)siphash13(map->key, slice_of(text)) & map->mask;

	while (map->slots[at].text != NULL && strcmp(map->slots[at].text, text) != 0)
		at = (at + 1) & map->mask;
	return &map->slots[at];
}

bool text_map_find(const struct text_map *map, const char *text, uint32_t *number)
{
	if (map->slots == NULL)
		return false;
	const struct text_map_slot *slot = slot_of(map, text);
	if (slot->text == NULL)
		return false;
	*number = slot->number;
	return true;
}

static bool grow(struct text_map *map)
{
	struct text_map_slot *old = map->slots;
	size_t old_count = old == NULL ? 0 : map->mask + 1;
	size_t count = old_count == 0 ? 256 : old_count * 2;
	struct text_map_slot *made = calloc(count, sizeof *made);

	if (made == NULL)
		return false;
	map->slots = made;
	map->mask = count - 1;
	for (size_t i = 0; i < old_count; i++)
		if (old[i].text != NULL)
			*slot_of(map, old[i].text) = old[i];
	free(old);
	return true;
}

char *text_map_put(struct text_map *map, const char *text, uint32_t number)
{
	if (map->count >= map->max)
		text_map_clear(map);
	if ((map->slots == NULL || map->count * 2 > map->mask) && !grow(map))
		return NULL;
	char *copy = arena_text(&map->memory, slice_of(text));
	if (copy == NULL)
		return NULL;
	*slot_of(map, copy) = (struct text_map_slot){copy, number};
	map->count++;
	return copy;
}
