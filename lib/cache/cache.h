/* cache -- answers by question, shared by all workers, within a fixed number of bytes.
 *
 * One anonymous mapping made at creation holds everything; nothing is allocated later, and
 * pages that were never written cost no memory. The mapping is cut into shards, a question
 * belongs to one shard by its keyed hash:
 *
 *   mapping  | shard heads     | index 0 … n-1  | shard 0 | shard 1 | ... | shard n-1 |
 *              mutex, counters   u32 slots:
 *                                tag16,offset16
 *
 *   shard    | ghosts | probation ring, 10 % | main ring: the rest        |
 *                       new answers            those that were asked again
 *
 *   record   | 32 bytes: times, lengths, kind | name | answer | pad to 8 |
 *
 * S3-FIFO: a new answer enters probation. When it leaves there it moves to main if it was
 * asked again meanwhile, else only its fingerprint stays, in a small ghost ring; a name that
 * comes back while the ghost remembers it enters main at once. In main a record that was hit
 * gets another round. So a flood of names that are asked once passes through a tenth of the
 * bytes and leaves the rest alone. Negative answers never hold more than a quarter.
 *
 * The oldest records make room for new ones: a full cache never refuses. Answers above
 * CACHE_ANSWER_MAX_BYTES are not kept.
 *
 * Threads: every function may be called from any thread; a shard's mutex is held for the copy
 * of one record (put: and for at most CACHE_SECOND_CHANCES moves), flush and stats hold one
 * shard at a time. Times are `mono_ms` of struct moment. */
#ifndef CACHE_CACHE_H
#define CACHE_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/hash.h"

enum {
	CACHE_MIN_BYTES = 2 * 1024 * 1024,
	CACHE_ANSWER_MAX_BYTES = 4096,
	CACHE_NAME_MAX_BYTES = 255
};

struct cache;

/* What a question is known by. `name` is lower-case, uncompressed wire form with the root
 * byte, borrowed; `flags` tells apart answers that differ by the query's bits (below).
 * Make it with cache_key_of(): `hash` is then computed once for find, put and in-flight. */
struct cache_key {
	struct slice name;
	uint16_t qtype;
	uint8_t flags;
	uint64_t hash;
};

enum {
	CACHE_FLAG_DO = 1, /* the query asked for DNSSEC records (RFC 3225) */
	CACHE_FLAG_CD = 2  /* checking disabled (RFC 4035) */
};

enum cache_kind {
	CACHE_POSITIVE,
	CACHE_NEGATIVE, /* NXDOMAIN, NODATA (RFC 2308) */
	CACHE_FAILURE   /* a SERVFAIL kept for seconds (RFC 9520); counts as negative */
};

struct cache_entry {
	struct slice answer;
	uint64_t stored_ms;
	uint64_t expires_ms; /* at most 2^32 ms after stored_ms; more is cut to that */
	enum cache_kind kind;
	uint64_t user_bits; /* the caller's; kept beside the answer */
};

struct cache_hit {
	size_t len;
	uint64_t stored_ms; /* the answer's age is now - stored_ms, by the caller's clock */
	uint64_t expires_ms;
	enum cache_kind kind;
	uint8_t hits; /* finds of late, this one included; 3 and more are 3 */
	uint64_t user_bits;
};

struct cache_stats {
	uint64_t entries; /* records that can be found, expired ones among them */
	uint64_t bytes;   /* that they hold in the rings, their heads and names included */
	uint64_t negative_bytes;
	uint64_t limit_bytes; /* the whole mapping */
	uint64_t hits;
	uint64_t misses;
	uint64_t insertions;
	uint64_t evictions;
	uint64_t refused; /* answers too large to keep */
};

/* A cache of at most `size_bytes` (>= CACHE_MIN_BYTES), heads and index included. `key` is
 * random: an outsider must not be able to aim at one shard. On success *out is owned by the
 * caller; end it with cache_free(). ERR_RANGE, or ERR_MEMORY when the mapping is refused. */
MUST_CHECK enum err cache_new(struct cache **out, size_t size_bytes, struct hash_key key);
/* No thread may use it any more. NULL is allowed. */
void cache_free(struct cache *cache);

struct cache_key cache_key_of(
    const struct cache *cache, struct slice name, uint16_t qtype, uint8_t flags);

/* For those who have a batch of questions: brings what cache_find() will touch near, in two
 * steps with other work between them. Takes no lock. The second one tells: false means that
 * no answer is there, or is just being put or moved, and that cache_find() may be spared by
 * those who have a use for knowing so without a lock. */
void cache_prefetch(struct cache *cache, const struct cache_key *key);
bool cache_prefetch_record(struct cache *cache, const struct cache_key *key);

/* Appends the answer to `out` and fills *hit, when one is known that expires after `now_ms`;
 * else false, nothing written (also when `out` has no room for it). Expired records stay
 * until they are pushed out: who may use a stale answer (RFC 8767) passes
 * `now_ms - limit_ms` and compares hit->expires_ms with his own clock. */
bool cache_find(struct cache *cache, const struct cache_key *key, uint64_t now_ms,
    struct writer *out, struct cache_hit *hit);

/* Keeps `entry` under `key`, in the place of what was there. False when it is too large;
 * then nothing was changed. */
bool cache_put(
    struct cache *cache, const struct cache_key *key, const struct cache_entry *entry);

/* Sets the caller's bits beside the answer that was stored under `key` at `stored_ms`; nothing
 * happens when another one, or none, is there now. */
void cache_note(struct cache *cache, const struct cache_key *key, uint64_t stored_ms,
    uint64_t user_bits);

/* Forgets one question; false when it was not known. */
bool cache_remove(struct cache *cache, const struct cache_key *key);
/* Forgets every question at or below `name` (wire form; the root byte alone: all).
 * Returns their number. Walks the whole cache, shard by shard: for the control path. */
uint64_t cache_flush(struct cache *cache, struct slice name);

/* Sums over the shards, each read under its mutex but not all at one moment. */
struct cache_stats cache_stats_of(struct cache *cache);

#endif
