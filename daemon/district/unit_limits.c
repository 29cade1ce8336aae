#include "district/unit_limits.h"

#include <pthread.h>
#include <stdlib.h>

enum {
	HOUR_MS = 3600 * 1000,
	WAYS = 8 /* places that one hash may stand in */
};

/* What a bucket lacks of being full, in milliseconds of filling. */
struct bucket {
	uint64_t hash; /* 0: nobody's */
	uint64_t at_ms;
	uint64_t lacks_ms;
};

struct unit_limits {
	pthread_mutex_t lock;
	struct hash_key key;
	struct bucket buckets[UNIT_LIMITS_MAX]; /* under lock */
};

enum err unit_limits_open(struct unit_limits **out, struct hash_key key)
{
	struct unit_limits *limits = calloc(1, sizeof *limits);

	if (limits == NULL)
		return ERR_MEMORY;
	limits->key = key;
	(void)pthread_mutex_init(&limits->lock, NULL);
	*out = limits;
	return OK;
}

void unit_limits_close(struct unit_limits *limits)
{
	if (limits == NULL)
		return;
	(void)pthread_mutex_destroy(&limits->lock);
	free(limits);
}

static void fill(struct bucket *b, uint64_t now_ms)
{
	uint64_t passed = now_ms > b->at_ms ? now_ms - b->at_ms : 0;

	b->lacks_ms -= passed < b->lacks_ms ? passed : b->lacks_ms;
	b->at_ms = now_ms;
}

/* Its own bucket, or the one of its set that is nearest to full: whoever loses that loses
 * least. */
static struct bucket *find(struct unit_limits *limits, uint64_t hash, uint64_t now_ms)
{
	struct bucket *set = &limits->buckets[hash % (UNIT_LIMITS_MAX / WAYS) * WAYS];
	struct bucket *fullest = set;

	for (size_t i = 0; i < WAYS; i++) {
		if (set[i].hash == hash)
			return &set[i];
		fill(&set[i], now_ms);
		if (set[i].lacks_ms < fullest->lacks_ms)
			fullest = &set[i];
	}
	*fullest = (struct bucket){.hash = hash, .at_ms = now_ms};
	return fullest;
}

unsigned unit_limits_take(
    struct unit_limits *limits, const char *word, uint64_t per_hour, uint64_t now_ms)
{
	uint64_t hash = siphash24(limits->key, slice_of(word)) | 1;
	uint64_t one_ms = HOUR_MS / per_hour;
	uint64_t wait_ms = 0;

	(void)pthread_mutex_lock(&limits->lock);
	struct bucket *b = find(limits, hash, now_ms);
	fill(b, now_ms);
	if (b->lacks_ms + one_ms > HOUR_MS)
		wait_ms = b->lacks_ms + one_ms - HOUR_MS;
	else
		b->lacks_ms += one_ms;
	(void)pthread_mutex_unlock(&limits->lock);
	return (unsigned)((wait_ms + 999) / 1000);
}
