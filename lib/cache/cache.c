#include <sys/mman.h>

#include "cache/internal.h"

enum {
	LARGE_PAGE_BYTES = 2 * 1024 * 1024
};

struct cache {
	struct geometry geo;
	uint32_t shards; /* power of two */
	struct hash_key key;
	size_t mapped_bytes;
	struct shard *heads; /* in the mapping, behind this struct */
	uint32_t *index;     /* behind them: shards * geo.slots */
	uint8_t *memory;     /* behind it: shards * geo.shard_bytes */
};

/* As many shards as give each 32 KiB, at most 1024; more when they would grow too large. */
static uint32_t shard_count(size_t size_bytes)
{
	uint32_t n = 1;
	while (n < SHARDS_MAX &&
	    size_bytes / (n * 2) >= SHARD_MIN_BYTES + sizeof(struct shard))
		n *= 2;
	while (size_bytes / n > SHARD_MAX_BYTES)
		n *= 2;
	return n;
}

static size_t align_64(size_t n)
{
	return (n + 63) & ~(size_t)63;
}

/* A zeroed mutex is a fresh one with every C library of Linux that we know; where it were
 * not, all heads are written once, at the price of touching their pages. */
static void init_locks(struct cache *cache)
{
	static const pthread_mutex_t fresh = PTHREAD_MUTEX_INITIALIZER;
	static const uint8_t zero[sizeof fresh];

	if (memcmp(&fresh, zero, sizeof fresh) == 0)
		return;
	for (uint32_t i = 0; i < cache->shards; i++)
		memcpy(&cache->heads[i].lock, &fresh, sizeof fresh);
}

/* `bytes` that begin where a large page does, if there is one in them. */
static uint8_t *map_aligned(size_t bytes)
{
	size_t spare = bytes < LARGE_PAGE_BYTES ? 0 : LARGE_PAGE_BYTES;
	uint8_t *mapping = mmap(NULL, bytes + spare, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (mapping == MAP_FAILED || spare == 0)
		return mapping == MAP_FAILED ? NULL : mapping;
	size_t before = -(uintptr_t)mapping & (LARGE_PAGE_BYTES - 1);
	if (before > 0)
		(void)munmap(mapping, before);
	if (before < spare)
		(void)munmap(mapping + before + bytes, spare - before);
	return mapping + before;
}

/* All advice: failure changes nothing. Records stay in small pages, so that an answer costs no
 * 2 MiB; but heads and indexes, which every question looks into at random, get large ones
 * where they fill them: a walk of the page tables costs as much as the look. And names that
 * people asked for do not belong into a core file. */
static void advise(uint8_t *mapping, size_t bytes, size_t index_end)
{
	(void)madvise(mapping, bytes, MADV_NOHUGEPAGE);
	(void)madvise(mapping, index_end & ~((size_t)LARGE_PAGE_BYTES - 1), MADV_HUGEPAGE);
	(void)madvise(mapping, bytes, MADV_DONTDUMP);
}

enum err cache_new(struct cache **out, size_t size_bytes, struct hash_key key)
{
	if (size_bytes < CACHE_MIN_BYTES || size_bytes > SIZE_MAX / 2)
		return ERR_RANGE;
	uint32_t shards = shard_count(size_bytes);
	size_t heads_at = align_64(sizeof(struct cache));
	size_t index_at = heads_at + shards * sizeof(struct shard);
	size_t shard_bytes = (size_bytes - index_at) / shards & ~(size_t)63;
	const struct geometry geo =
	    geometry_of((uint32_t)shard_bytes); /* <= SHARD_MAX_BYTES */
	size_t memory_at = index_at + (size_t)shards * geo.slots * sizeof(uint32_t);
	uint8_t *mapping = map_aligned(size_bytes);
	if (mapping == NULL)
		return ERR_MEMORY;

	advise(mapping, size_bytes, memory_at);
	struct cache *cache = (struct cache *)(void *)mapping;
	*cache = (struct cache){
	    .geo = geo,
	    .shards = shards,
	    .key = key,
	    .mapped_bytes = size_bytes,
	    .heads = (struct shard *)(void *)(mapping + heads_at),
	    .index = (uint32_t *)(void *)(mapping + index_at),
	    .memory = mapping + memory_at,
	};
	init_locks(cache);
	*out = cache;
	return OK;
}

void cache_free(struct cache *cache)
{
	if (cache != NULL)
		(void)munmap(cache, cache->mapped_bytes);
}

struct cache_key cache_key_of(
    const struct cache *cache, struct slice name, uint16_t qtype, uint8_t flags)
{
	uint64_t of_name = siphash13(cache->key, name);
	uint64_t rest = (uint64_t)qtype << 8 | flags;
	return (struct cache_key){name, qtype, flags, hash_mix64(of_name ^ rest)};
}

static struct place place_at(struct cache *cache, uint32_t i)
{
	return (struct place){&cache->geo, &cache->heads[i],
	    cache->memory + (size_t)i * cache->geo.shard_bytes,
	    cache->index + (size_t)i * cache->geo.slots};
}

static struct place place_of(struct cache *cache, const struct cache_key *key)
{
	return place_at(cache, (uint32_t)(key->hash >> 32) & (cache->shards - 1));
}

void cache_prefetch(struct cache *cache, const struct cache_key *key)
{
	struct place p = place_of(cache, key);
	shard_prefetch_index(&p, key);
}

bool cache_prefetch_record(struct cache *cache, const struct cache_key *key)
{
	struct place p = place_of(cache, key);
	return shard_prefetch_record(&p, key);
}

static bool copy_out(struct record *r, struct writer *out, struct cache_hit *hit)
{
	if (out->bad || out->cap - out->len < r->answer_len)
		return false;
	writer_bytes(out, (struct slice){r->payload + r->name_len, r->answer_len});
	/* Not written at the ceiling: popular records stay clean in both workers' caches. */
	if (r->hits < RECORD_HITS_MAX)
		r->hits++;
	*hit = (struct cache_hit){
	    .len = r->answer_len,
	    .stored_ms = r->stored_ms,
	    .expires_ms = r->stored_ms + r->life_ms,
	    .kind = (enum cache_kind)r->kind,
	    .hits = r->hits,
	    .user_bits = r->user_bits,
	};
	return true;
}

bool cache_find(struct cache *cache, const struct cache_key *key, uint64_t now_ms,
    struct writer *out, struct cache_hit *hit)
{
	struct place p = place_of(cache, key);

	pthread_mutex_lock(&p.shard->lock);
	struct record *r = shard_find(&p, key);
	bool found =
	    r != NULL && r->stored_ms + r->life_ms > now_ms && copy_out(r, out, hit);
	if (found)
		p.shard->hits++;
	else
		p.shard->misses++;
	pthread_mutex_unlock(&p.shard->lock);
	return found;
}

bool cache_put(
    struct cache *cache, const struct cache_key *key, const struct cache_entry *entry)
{
	struct place p = place_of(cache, key);
	bool fits = entry->answer.len <= CACHE_ANSWER_MAX_BYTES &&
	    key->name.len <= CACHE_NAME_MAX_BYTES;

	pthread_mutex_lock(&p.shard->lock);
	if (fits)
		shard_put(&p, key, entry);
	else
		p.shard->refused++;
	pthread_mutex_unlock(&p.shard->lock);
	return fits;
}

void cache_note(struct cache *cache, const struct cache_key *key, uint64_t stored_ms,
    uint64_t user_bits)
{
	struct place p = place_of(cache, key);

	pthread_mutex_lock(&p.shard->lock);
	struct record *r = shard_find(&p, key);
	if (r != NULL && r->stored_ms == stored_ms)
		r->user_bits = user_bits;
	pthread_mutex_unlock(&p.shard->lock);
}

bool cache_remove(struct cache *cache, const struct cache_key *key)
{
	struct place p = place_of(cache, key);

	pthread_mutex_lock(&p.shard->lock);
	struct record *r = shard_find(&p, key);
	if (r != NULL)
		shard_forget(&p, r);
	pthread_mutex_unlock(&p.shard->lock);
	return r != NULL;
}

uint64_t cache_flush(struct cache *cache, struct slice name)
{
	uint64_t flushed = 0;

	for (uint32_t i = 0; i < cache->shards; i++) {
		struct place p = place_at(cache, i);
		pthread_mutex_lock(&p.shard->lock);
		flushed += shard_flush(&p, name);
		pthread_mutex_unlock(&p.shard->lock);
	}
	return flushed;
}

static void add_stats(struct cache_stats *sum, const struct shard *s)
{
	sum->entries += s->entries;
	sum->bytes += s->bytes;
	sum->negative_bytes += s->negative_bytes;
	sum->hits += s->hits;
	sum->misses += s->misses;
	sum->insertions += s->insertions;
	sum->evictions += s->evictions;
	sum->refused += s->refused;
}

struct cache_stats cache_stats_of(struct cache *cache)
{
	struct cache_stats sum = {.limit_bytes = cache->mapped_bytes};

	for (uint32_t i = 0; i < cache->shards; i++) {
		struct shard *s = &cache->heads[i];
		pthread_mutex_lock(&s->lock);
		add_stats(&sum, s);
		pthread_mutex_unlock(&s->lock);
	}
	return sum;
}
