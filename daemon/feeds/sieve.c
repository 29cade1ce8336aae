#include "feeds/sieve.h"

/* Nobody gains by guessing this key: a collision costs a look that finds nothing. */
static const struct hash_key key = {1, 2};

void sieve_add(const struct sieve *sieve, struct dname name)
{
	struct name_hashes hashes;

	name_hash_all(&hashes, name, key);
	for (size_t i = 0; i < hashes.count; i++) {
		size_t bit = hashes.at[i] % sieve->bits;
		sieve->words[bit / 64] |= (uint64_t)1 << bit % 64;
	}
}

bool sieve_holds(const struct sieve *sieve, struct dname name)
{
	size_t bit = name_hash(name, key) % sieve->bits;
	return (sieve->words[bit / 64] >> bit % 64 & 1) != 0;
}
