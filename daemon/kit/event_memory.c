#include "kit/event_memory.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

static void give(void *block)
{
	if (block != NULL)
		explicit_bzero(block, malloc_usable_size(block));
	free(block);
}

/* realloc() stays as it is: libevent grows its own tables with it, never what came in. */
void event_memory_wipe(void)
{
	event_set_mem_functions(malloc, realloc, give);
}
