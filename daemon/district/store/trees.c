/* A small shelf of trees that all threads share. */
#include <pthread.h>
#include <stdlib.h>

#include "district/store/tree_internal.h"

enum {
	SHELF = 6 /* today's, and the ends of the periods that people look at */
};

struct trees {
	pthread_mutex_t lock; /* of all below */
	struct tree *shelf[SHELF];
	uint64_t used[SHELF]; /* when last, by `clock` */
	uint64_t clock;
};

enum err trees_new(struct trees **out)
{
	struct trees *trees = calloc(1, sizeof *trees);

	if (trees == NULL || pthread_mutex_init(&trees->lock, NULL) != 0) {
		free(trees);
		return ERR_MEMORY;
	}
	*out = trees;
	return OK;
}

void trees_free(struct trees *trees)
{
	if (trees == NULL)
		return;
	for (size_t i = 0; i < SHELF; i++)
		tree_release(trees->shelf[i]);
	pthread_mutex_destroy(&trees->lock);
	free(trees);
}

static struct tree *take(struct trees *trees, int32_t day, uint64_t revision)
{
	struct tree *found = NULL;

	pthread_mutex_lock(&trees->lock);
	for (size_t i = 0; i < SHELF; i++) {
		struct tree *tree = trees->shelf[i];
		if (tree == NULL || tree->day != day || tree->revision != revision)
			continue;
		trees->used[i] = ++trees->clock;
		(void)atomic_fetch_add_explicit(&tree->references, 1, memory_order_relaxed);
		found = tree;
		break;
	}
	pthread_mutex_unlock(&trees->lock);
	return found;
}

/* In the place of the one that nobody took for longest. */
static void put(struct trees *trees, struct tree *tree)
{
	size_t oldest = 0;

	(void)atomic_fetch_add_explicit(&tree->references, 1, memory_order_relaxed);
	pthread_mutex_lock(&trees->lock);
	for (size_t i = 1; i < SHELF; i++)
		if (trees->used[i] < trees->used[oldest])
			oldest = i;
	struct tree *gone = trees->shelf[oldest];
	trees->shelf[oldest] = tree;
	trees->used[oldest] = ++trees->clock;
	pthread_mutex_unlock(&trees->lock);
	tree_release(gone);
}

/* Loaded outside of the lock: two who miss at once load it twice, and nobody waits. */
enum err trees_at(struct trees *trees, struct store *store, int32_t day, struct tree **out)
{
	uint64_t revision = 0;

	enum err rc = store_unit_revision(store, &revision);
	if (rc != OK)
		return rc;
	*out = take(trees, day, revision);
	if (*out != NULL)
		return OK;
	rc = tree_load(store, day, out);
	if (rc == OK)
		put(trees, *out);
	return rc;
}
