#include "base/arena.h"

#include <stdalign.h>
#include <stdlib.h>

enum {
	CHUNK_BYTES = 16 * 1024
};

struct arena_chunk {
	struct arena_chunk *next;
	size_t size;
	size_t used;
	alignas(max_align_t) uint8_t bytes[];
};

void arena_deinit(struct arena *a)
{
	while (a->head != NULL) {
		struct arena_chunk *next = a->head->next;
		free(a->head);
		a->head = next;
	}
	a->used_bytes = 0;
}

void arena_wipe(struct arena *a)
{
	for (struct arena_chunk *chunk = a->head; chunk != NULL; chunk = chunk->next)
		explicit_bzero(chunk->bytes, chunk->used);
	arena_deinit(a);
}

static struct arena_chunk *add_chunk(struct arena *a, size_t need)
{
	size_t size = need > CHUNK_BYTES ? need : CHUNK_BYTES;

	if (size > a->max_bytes || a->used_bytes > a->max_bytes - size)
		return NULL;
	struct arena_chunk *chunk = calloc(1, sizeof *chunk + size);
	if (chunk == NULL)
		return NULL;
	chunk->size = size;
	chunk->next = a->head;
	a->head = chunk;
	a->used_bytes += size;
	return chunk;
}

void *arena_alloc(struct arena *a, size_t size)
{
	const size_t align = alignof(max_align_t);

	if (size > a->max_bytes)
		return NULL;
	size = (size + align - 1) / align * align;
	struct arena_chunk *chunk = a->head;
	if (chunk == NULL || chunk->size - chunk->used < size)
		chunk = add_chunk(a, size);
	if (chunk == NULL)
		return NULL;
	void *place = chunk->bytes + chunk->used;
	chunk->used += size;
	return place;
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
	if (size != 0 && count > SIZE_MAX / size)
		return NULL;
	return arena_alloc(a, count * size);
}

char *arena_text(struct arena *a, struct slice s)
{
	char *copy = s.len < SIZE_MAX ? arena_alloc(a, s.len + 1) : NULL;

	if (copy != NULL && s.len > 0)
		memcpy(copy, s.ptr, s.len);
	return copy;
}
