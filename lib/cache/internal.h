/* cache/internal -- one shard: its memory, its two rings, its index. Every function here
 * is called with the shard's lock held,
 * but for the two that prefetch. The rings in a drawing:
 *
 *	not wrapped:  | free |tail  records  head| free      |   wrap == size
 *	wrapped:      | records  head| free |tail  records  wrap|unused|
 *
 * A record never wraps. Replaced and removed records stay where they are, dead, until the
 * tail passes them. */
#ifndef CACHE_INTERNAL_H
#define CACHE_INTERNAL_H

#include <pthread.h>

#include "cache/cache.h"

enum {
	SHARDS_MAX = 1024,
	SHARD_MIN_BYTES = 32 * 1024,
	SHARD_MAX_BYTES = 256 * 1024, /* above: more shards. An offset / 8 fits 16 bits */
	CACHE_SECOND_CHANCES = 16,    /* moves in main that one put pays for */
	RECORD_HITS_MAX = 3
};

struct record {
	uint64_t stored_ms;
	uint64_t user_bits;
	uint32_t life_ms;
	uint16_t qtype;
	uint16_t answer_len;
	uint16_t tag;         /* low 16 bits of the hash: where the index begins to look */
	uint16_t fingerprint; /* bits 16..31: what a ghost remembers */
	uint8_t name_len;
	uint8_t flags;
	uint8_t kind;
	uint8_t hits : 2;
	uint8_t live : 1;
	uint8_t in_main : 1;
	uint8_t payload[]; /* name, answer */
};
_Static_assert(sizeof(struct record) == 32, "a record's head is four words");

enum {
	RECORD_MAX_BYTES =
	    sizeof(struct record) + CACHE_NAME_MAX_BYTES + CACHE_ANSWER_MAX_BYTES + 7
};

struct ring {
	uint32_t head; /* where the next record goes */
	uint32_t tail; /* the oldest record */
	uint32_t wrap; /* where the records before the wrap end; 0: not wrapped */
	uint32_t records;
};

/* All zero is an empty shard: memory that was never touched is ready for use. */
struct shard {
	pthread_mutex_t lock; /* guards all below, and the shard's memory */
	struct ring probation;
	struct ring main;
	uint32_t entries;
	uint32_t bytes;
	uint32_t negative_bytes;
	uint32_t main_negative_bytes;
	uint64_t hits;
	uint64_t misses;
	uint64_t insertions;
	uint64_t evictions;
	uint64_t refused;
} __attribute__((aligned(64))); /* two workers never share a line of two shards */

/* Where things are in every shard's memory; the ghosts are at 0. */
struct geometry {
	uint32_t shard_bytes; /* but for its index, which lies with those of the others */
	uint32_t slots;  /* power of two, at most 2^16: a tag holds the home position */
	uint32_t ghosts; /* power of two */
	uint32_t probation_at;
	uint32_t probation_bytes;
	uint32_t main_at;
	uint32_t main_bytes;
	uint32_t main_negative_max;
	uint32_t entries_max;
};

/* A shard in hand. */
struct place {
	const struct geometry *geo;
	struct shard *shard;
	uint8_t *base;
	uint32_t *index; /* geo->slots of them */
};

/* Of a shard that takes `bytes` in all, its index included. */
struct geometry geometry_of(uint32_t bytes);

/* The live record of `key`, or NULL. */
struct record *shard_find(const struct place *p, const struct cache_key *key);
/* The entry fits: its record has at most RECORD_MAX_BYTES. */
void shard_put(
    const struct place *p, const struct cache_key *key, const struct cache_entry *entry);
/* Takes a live record out of the index; its bytes come back with the tail. */
void shard_forget(const struct place *p, struct record *record);
/* Forgets all at or below `name`; how many. */
uint64_t shard_flush(const struct place *p, struct slice name);

/* Without the lock; read only, and a race costs no more than a useless prefetch. */
void shard_prefetch_index(const struct place *p, const struct cache_key *key);
bool shard_prefetch_record(const struct place *p, const struct cache_key *key);

#endif
