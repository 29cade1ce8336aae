#include "kit/json_memory.h"

#include <malloc.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

/* Handed out from the front; all of it is free again when the last block comes back. Pages
 * that are never touched cost nothing. */
static struct {
	alignas(max_align_t) uint8_t bytes[JSON_MEMORY_RESERVE_BYTES];
	size_t used;
	size_t blocks;
} reserve;

static bool is_of_reserve(const void *block)
{
	const uint8_t *at = block;
	return at >= reserve.bytes && at < reserve.bytes + sizeof reserve.bytes;
}

static void *take(size_t size)
{
	void *block = malloc(size);
	if (block != NULL)
		return block;
	size_t step = alignof(max_align_t);
	if (size > sizeof reserve.bytes - reserve.used)
		return NULL;
	block = reserve.bytes + reserve.used;
	reserve.used += (size + step - 1) / step * step;
	if (reserve.used > sizeof reserve.bytes)
		reserve.used = sizeof reserve.bytes;
	reserve.blocks++;
	return block;
}

/* Values are what people type: passwords, what happened to a child. None of it stays behind. */
static void give(void *block)
{
	if (block == NULL)
		return;
	if (!is_of_reserve(block)) {
		explicit_bzero(block, malloc_usable_size(block));
		free(block);
		return;
	}
	if (--reserve.blocks == 0) {
		explicit_bzero(reserve.bytes, reserve.used);
		reserve.used = 0;
	}
}

void json_memory_free(char *text)
{
	give(text);
}

void json_memory_begin(void)
{
	json_set_alloc_funcs(take, give);
}
