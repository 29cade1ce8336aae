/* arena -- many small allocations with one lifetime, freed together.
 * Grows by chunks up to the ceiling given when it is made. Not for threads. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/bytes.h"
#include "base/err.h"

struct arena_chunk;

struct arena {
	struct arena_chunk *head;
	size_t used_bytes; /* of all chunks */
	size_t max_bytes;
};

#define ARENA_INIT(max) ((struct arena){.max_bytes = (max)})

void arena_deinit(struct arena *a);
/* The same, and nothing of what stood in it stays in memory: for what held passwords. */
void arena_wipe(struct arena *a);
/* Zeroed memory aligned for any type, or NULL at the ceiling or the end of memory. */
void *arena_alloc(struct arena *a, size_t size);
/* `count` objects of `size` bytes, the product checked. */
void *arena_array(struct arena *a, size_t count, size_t size);
/* A NUL-terminated copy, or NULL. */
char *arena_text(struct arena *a, struct slice s);

#endif
