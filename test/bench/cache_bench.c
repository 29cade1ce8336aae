/* cache_bench -- what one find costs, and what a flood of one-time names leaves: lib/cache
 * against a chained hash table with a least-recently-used list under one mutex.
 *
 *	cache_bench [MILLIONS]    finds a thread and measurement, default 2
 *
 * Prints one line a measurement (time grows with what else the machine does, CPU less); lib/cache/README.md keeps the last table. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "cache/cache.h"

enum {
	NAMES = 200000,   /* more than fit: some finds miss and put */
	HOT_NAMES = 2000, /* all hits: a school in a lesson */
	CACHE_BYTES = 16 * 1024 * 1024,
	ANSWER_BYTES = 120,
	THREADS_MAX = 2,
	DRAWS = 1 << 20
};

static uint64_t next_random(uint64_t *seed)
{
	*seed += 0x9e3779b97f4a7c15u;
	return hash_mix64(*seed);
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- the alternative -------------------------------------------------------------------- */

struct lru_entry {
	struct lru_entry *chain;
	struct lru_entry *newer;
	struct lru_entry *older;
	uint64_t hash;
	uint64_t expires_ms;
	uint8_t name_len;
	uint8_t name[24];
	uint8_t answer[ANSWER_BYTES];
};

struct lru {
	pthread_mutex_t lock;
	struct lru_entry *entries;
	struct lru_entry **buckets;
	size_t mask;
	size_t used;
	size_t max;
	struct lru_entry ends; /* newer: the oldest; older: the newest */
};

static struct lru *lru_new(size_t bytes)
{
	struct lru *lru = calloc(1, sizeof *lru);
	size_t buckets = 1;

	if (lru == NULL)
		exit(1);
	lru->max = bytes / (sizeof(struct lru_entry) + sizeof(void *));
	while (buckets < lru->max)
		buckets *= 2;
	lru->mask = buckets - 1;
	lru->entries = calloc(lru->max, sizeof *lru->entries);
	lru->buckets = calloc(buckets, sizeof(struct lru_entry *));
	if (lru->entries == NULL || lru->buckets == NULL)
		exit(1);
	pthread_mutex_init(&lru->lock, NULL);
	lru->ends.newer = &lru->ends;
	lru->ends.older = &lru->ends;
	return lru;
}

static void lru_free(struct lru *lru)
{
	free(lru->entries);
	free(lru->buckets);
	free(lru);
}

static void lru_unlink(struct lru_entry *e)
{
	e->newer->older = e->older;
	e->older->newer = e->newer;
}

static void lru_link_newest(struct lru *lru, struct lru_entry *e)
{
	e->older = lru->ends.older;
	e->newer = &lru->ends;
	lru->ends.older->newer = e;
	lru->ends.older = e;
}

static bool lru_find(
    struct lru *lru, const struct cache_key *key, uint64_t now_ms, uint8_t *out)
{
	pthread_mutex_lock(&lru->lock);
	struct lru_entry *e = lru->buckets[key->hash & lru->mask];
	while (e != NULL &&
	    !(e->hash == key->hash && e->name_len == key->name.len &&
	        memcmp(e->name, key->name.ptr, e->name_len) == 0))
		e = e->chain;
	bool found = e != NULL && e->expires_ms > now_ms;
	if (found) {
		memcpy(out, e->answer, sizeof e->answer);
		lru_unlink(e);
		lru_link_newest(lru, e);
	}
	pthread_mutex_unlock(&lru->lock);
	return found;
}

static struct lru_entry *lru_take_oldest(struct lru *lru)
{
	if (lru->used < lru->max)
		return &lru->entries[lru->used++];
	struct lru_entry *e = lru->ends.newer;
	struct lru_entry **link = &lru->buckets[e->hash & lru->mask];
	while (*link != e)
		link = &(*link)->chain;
	*link = e->chain;
	lru_unlink(e);
	return e;
}

static void lru_put(struct lru *lru, const struct cache_key *key, const uint8_t *answer)
{
	pthread_mutex_lock(&lru->lock);
	struct lru_entry *e = lru_take_oldest(lru);
	e->hash = key->hash;
	e->expires_ms = UINT64_MAX;
	e->name_len = (uint8_t)key->name.len;
	memcpy(e->name, key->name.ptr, key->name.len);
	memcpy(e->answer, answer, sizeof e->answer);
	e->chain = lru->buckets[key->hash & lru->mask];
	lru->buckets[key->hash & lru->mask] = e;
	lru_link_newest(lru, e);
	pthread_mutex_unlock(&lru->lock);
}

/* ---- one question to either ------------------------------------------------------------- */

struct subject {
	struct cache *cache;
	struct lru *lru; /* NULL: ask the cache */
};

static bool ask(const struct subject *s, uint32_t n)
{
	static const uint8_t answer[ANSWER_BYTES];
	uint8_t bytes[512];
	uint8_t wire[16] = {9, 'n'};
	for (size_t i = 0; i < 8; i++)
		wire[2 + i] = (uint8_t)('a' + (n >> 4 * i & 15));
	memcpy(wire + 10, "\2vn", 4);
	struct cache_key key = cache_key_of(s->cache, (struct slice){wire, 14}, 1, 0);

	if (s->lru != NULL) {
		if (lru_find(s->lru, &key, 1, bytes))
			return true;
		lru_put(s->lru, &key, answer);
		return false;
	}
	struct writer out = writer_over(bytes, sizeof bytes);
	struct cache_hit hit;
	if (cache_find(s->cache, &key, 1, &out, &hit))
		return true;
	struct cache_entry entry = {
	    .answer = {answer, sizeof answer}, .stored_ms = 1, .expires_ms = 1000000};
	(void)cache_put(s->cache, &key, &entry);
	return false;
}

/* ---- draws: uniform, or by Zipf's law (exponent 1) --------------------------------------- */

static uint32_t *draws_uniform(uint32_t names)
{
	uint32_t *draws = calloc(DRAWS, sizeof *draws);
	uint64_t seed = 1;

	if (draws == NULL)
		exit(1);
	for (size_t i = 0; i < DRAWS; i++)
		draws[i] = (uint32_t)(next_random(&seed) % names);
	return draws;
}

static size_t rank_of(const double *sums, double u)
{
	size_t low = 0;
	size_t high = NAMES - 1;

	while (low < high) {
		size_t middle = (low + high) / 2;
		if (sums[middle] < u)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static uint32_t *draws_skewed(void)
{
	uint32_t *draws = calloc(DRAWS, sizeof *draws);
	double *sums = calloc(NAMES, sizeof *sums);
	uint64_t seed = 2;
	double sum = 0;

	if (draws == NULL || sums == NULL)
		exit(1);
	for (size_t i = 0; i < NAMES; i++)
		sums[i] = sum += 1.0 / (double)(i + 1);
	for (size_t i = 0; i < DRAWS; i++) {
		double u = (double)(next_random(&seed) >> 11) * 0x1p-53 * sum;
		draws[i] = (uint32_t)rank_of(sums, u);
	}
	free(sums);
	return draws;
}

/* ---- measuring -------------------------------------------------------------------------- */

struct runner {
	const struct subject *subject;
	const uint32_t *draws;
	size_t start;
	size_t finds;
	size_t hits;
};

static void *run(void *arg)
{
	struct runner *r = arg;
	for (size_t i = 0; i < r->finds; i++)
		r->hits += ask(r->subject, r->draws[(r->start + i) & (DRAWS - 1)]) ? 1 : 0;
	return NULL;
}

static void measure(const struct subject *s, const char *what, const uint32_t *draws,
    unsigned threads, size_t finds)
{
	struct runner runners[THREADS_MAX];
	pthread_t ids[THREADS_MAX];
	size_t hits = 0;

	uint64_t begin = clock_ns(CLOCK_MONOTONIC);
	uint64_t cpu_begin = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	for (unsigned i = 0; i < threads; i++) {
		runners[i] =
		    (struct runner){s, draws, i * (size_t)(DRAWS / THREADS_MAX), finds, 0};
		if (pthread_create(&ids[i], NULL, run, &runners[i]) != 0)
			exit(1);
	}
	for (unsigned i = 0; i < threads; i++) {
		(void)pthread_join(ids[i], NULL);
		hits += runners[i].hits;
	}
	uint64_t cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu_begin;
	uint64_t spent = clock_ns(CLOCK_MONOTONIC) - begin;
	printf(
	    "%-7s %-8s %u threads  %6.1f ns CPU, %6.1f ns of time a find  %5.1f %% hits\n",
	    s->lru == NULL ? "s3-fifo" : "lru", what, threads,
	    (double)cpu / (double)(finds * threads), (double)spent / (double)finds,
	    100.0 * (double)hits / (double)(finds * threads));
}

/* Hits among skewed draws while `flood` one-time names stand between two of them. */
static void measure_flood(
    const struct subject *s, const uint32_t *draws, unsigned flood, size_t finds)
{
	uint32_t one_time = NAMES;
	size_t hits = 0;

	for (size_t i = 0; i < finds; i++) {
		hits += ask(s, draws[i & (DRAWS - 1)]) ? 1 : 0;
		for (unsigned k = 0; k < flood; k++)
			(void)ask(s, one_time++);
	}
	printf("%-7s skewed, %2u one-time names between two  %5.1f %% hits\n",
	    s->lru == NULL ? "s3-fifo" : "lru", flood,
	    100.0 * (double)hits / (double)finds);
}

int main(int argc, char **argv)
{
	size_t finds = (argc > 1 ? strtoul(argv[1], NULL, 10) : 2) * 1000000u;
	uint32_t *skewed = draws_skewed();
	uint32_t *uniform = draws_uniform(NAMES);
	uint32_t *hot = draws_uniform(HOT_NAMES);

	for (unsigned use_lru = 0; use_lru < 2; use_lru++) {
		struct subject s = {NULL, NULL};
		if (cache_new(&s.cache, CACHE_BYTES, (struct hash_key){1, 2}) != OK)
			return 1;
		if (use_lru != 0)
			s.lru = lru_new(CACHE_BYTES);
		measure(&s, "warm-up", skewed, 1, finds);
		for (unsigned threads = 1; threads <= THREADS_MAX; threads++) {
			measure(&s, "skewed", skewed, threads, finds);
			measure(&s, "uniform", uniform, threads, finds);
			measure(&s, "hot", hot, threads, finds);
		}
		measure_flood(&s, skewed, 1, finds / 2);
		measure_flood(&s, skewed, 10, finds / 10);
		if (s.lru != NULL)
			lru_free(s.lru);
		cache_free(s.cache);
	}
	free(skewed);
	free(uniform);
	free(hot);
	return 0;
}
