/* text_map -- texts to numbers, in memory; forgets everything at once when it is full. */
#ifndef DISTRICT_STORE_TEXT_MAP_H
#define DISTRICT_STORE_TEXT_MAP_H

#include "base/arena.h"
#include "base/hash.h"

struct text_map_slot {
	char *text; /* NULL: free */
	uint32_t number;
};

struct text_map {
	struct text_map_slot *slots;
	size_t mask; /* slots - 1; 0 before the first */
	size_t count;
	size_t max;
	struct arena memory;
	struct hash_key key; /* schools choose names: they must not choose slots */
};

void text_map_init(struct text_map *map, size_t max, struct hash_key key);
void text_map_deinit(struct text_map *map);
/* Empty again, the memory is given back. */
void text_map_clear(struct text_map *map);
bool text_map_find(const struct text_map *map, const char *text, uint32_t *number);
/* The map's copy of the text; NULL without memory. `text` is not in the map yet. */
char *text_map_put(struct text_map *map, const char *text, uint32_t number);

#endif
