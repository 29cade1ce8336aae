/* hash -- keyed 64-bit hashes and a checksum.
 *
 * siphash13 is for tables an outsider can fill (clients, cache keys): without the key he
 * cannot make keys collide. siphash24 is for what an outsider sees and must not be able to
 * make (DNS cookies). checksum64 finds accidents in our files, not forgery. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include "base/bytes.h"

struct hash_key {
	uint64_t k0;
	uint64_t k1;
};

/* SipHash-1-3 (Aumasson, Bernstein: "SipHash: a fast short-input PRF"). */
uint64_t siphash13(struct hash_key key, struct slice data);
/* SipHash-2-4 of the same paper. Its key is 16 octets; k0 holds the first eight, the lowest
 * first. */
uint64_t siphash24(struct hash_key key, struct slice data);

/* The finaliser of splitmix64: spreads every bit of `x` over all 64. */
static inline uint64_t hash_mix64(uint64_t x)
{
	x ^= x >> 30;
	x *= 0xbf58476d1ce4e5b9u;
	x ^= x >> 27;
	x *= 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

/* A running checksum: start with 0, feed pieces in order; the pieces' borders count. */
uint64_t checksum64(uint64_t sum, struct slice data);

#endif
