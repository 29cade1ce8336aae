#include <stdlib.h>

#include "ruledb/internal.h"

void sets_deinit(struct sets *s)
{
	free(s->items);
	free(s->members);
	free(s->table);
	*s = (struct sets){0};
}

static uint32_t members_hash(const struct member *m, size_t count)
{
	uint64_t h = count;
	for (size_t i = 0; i < count; i++)
		h = hash_mix64(h ^ ((uint64_t)m[i].feed << 16 | m[i].kinds));
	return (uint32_t)h;
}

/* The slot that holds the set, or the empty one where it belongs. */
static uint32_t find_slot(const struct sets *s, const struct member *m, uint16_t count)
{
	uint32_t mask = s->table_size - 1;
	uint32_t slot = members_hash(m, count) & mask;

	for (; s->table[slot] != 0; slot = (slot + 1) & mask) {
		const struct set *set = &s->items[s->table[slot] - 1];
		if (set->count == count &&
		    memcmp(&s->members[set->first], m, count * sizeof *m) == 0)
			break;
	}
	return slot;
}

static enum err grow_table(struct sets *s)
{
	uint32_t size = s->table_size == 0 ? 1024 : s->table_size * 2;
	uint32_t *table = calloc(size, sizeof *table);

	if (size == 0 || table == NULL) {
		free(table);
		return ERR_MEMORY;
	}
	free(s->table);
	s->table = table;
	s->table_size = size;
	for (uint32_t i = 0; i < s->count; i++) {
		const struct set *set = &s->items[i];
		uint32_t slot = find_slot(s, &s->members[set->first], set->count);
		s->table[slot] = i + 1;
	}
	return OK;
}

static enum err reserve(struct sets *s, uint16_t count)
{
	if (s->count >= UINT32_MAX / 4 || s->member_count >= UINT32_MAX / 4)
		return ERR_FULL;
	if (s->count == s->capacity) {
		uint32_t capacity = s->capacity == 0 ? 256 : s->capacity * 2;
		struct set *items = reallocarray(s->items, capacity, sizeof *items);
		if (items == NULL)
			return ERR_MEMORY;
		s->items = items;
		s->capacity = capacity;
	}
	if (s->member_capacity - s->member_count < count) {
		uint32_t capacity = s->member_capacity * 2 + count + 256u;
		struct member *m = reallocarray(s->members, capacity, sizeof *m);
		if (m == NULL)
			return ERR_MEMORY;
		s->members = m;
		s->member_capacity = capacity;
	}
	return OK;
}

enum err sets_intern(struct sets *s, const struct member *members, uint16_t count,
    uint32_t *out, bool *is_new)
{
	enum err rc = OK;

	if (s->count >= s->table_size / 2)
		rc = grow_table(s);
	if (rc != OK)
		return rc;
	uint32_t slot = find_slot(s, members, count);
	*is_new = s->table[slot] == 0;
	if (!*is_new) {
		*out = s->table[slot] - 1;
		return OK;
	}
	rc = reserve(s, count);
	if (rc != OK)
		return rc;
	s->items[s->count] = (struct set){.first = s->member_count, .count = count};
	memcpy(&s->members[s->member_count], members, count * sizeof *members);
	s->member_count += count;
	*out = s->count++;
	s->table[slot] = s->count;
	return OK;
}
