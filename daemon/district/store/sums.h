/* sums -- a sparse vector of counts, and its packed form: what a document adds.
 *
 * An item is a key and four numbers. Vectors add and take away exactly, and an item of
 * zeros does not stand in one, so the same documents give the same bytes whatever order they
 * came in. docs/formats/district-store.md describes keys and packed form. */
#ifndef DISTRICT_STORE_SUMS_H
#define DISTRICT_STORE_SUMS_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"

enum {
	SUMS_NUMBERS = 4,
	SUMS_MAX_BYTES = 4 * 1024 * 1024, /* packed */
	SUMS_WORD_BITS = 12               /* word ids are below 2^12 */
};

enum sums_kind {
	SUMS_TOTAL = 1,   /* key: enum counts_sum; the number alone */
	SUMS_CELL = 2,    /* category, tier; attempts, devices, published, withheld */
	SUMS_TIER = 3,    /* 0, tier; device days, days, by-default percent */
	SUMS_FAILURE = 4, /* 0, type; count, days */
	SUMS_NAME = 5     /* category, name; device days, days */
};

struct sums_item {
	uint64_t key;
	uint64_t n[SUMS_NUMBERS];
};

/* Ordered by key. */
struct sums {
	struct sums_item *items;
	size_t count;
	size_t capacity;
};
#define SUMS_NONE ((struct sums){NULL, 0, 0})

static inline uint64_t sums_key(enum sums_kind kind, uint32_t a, uint32_t b)
{
	unsigned shift = kind == SUMS_NAME ? 32 : SUMS_WORD_BITS;
	return (uint64_t)kind << 56 | (uint64_t)a << shift | b;
}

static inline enum sums_kind sums_kind_of(uint64_t key)
{
	return (enum sums_kind)(key >> 56);
}

static inline uint32_t sums_a(uint64_t key)
{
	unsigned shift = sums_kind_of(key) == SUMS_NAME ? 32 : SUMS_WORD_BITS;
	return (uint32_t)((key & UINT64_C(0xffffffffffffff)) >> shift);
}

static inline uint32_t sums_b(uint64_t key)
{
	return (uint32_t)(sums_kind_of(key) == SUMS_NAME
	        ? key & UINT32_MAX
	        : key & ((1u << SUMS_WORD_BITS) - 1));
}

void sums_deinit(struct sums *s);
/* Adds the numbers to the item of the key; for few items. ERR_MEMORY. */
MUST_CHECK enum err sums_add_item(struct sums *s, const struct sums_item *item);
/* ERR_MEMORY; ERR_FORMAT when more would be taken away than is there: then *s is as it was. */
MUST_CHECK enum err sums_add(struct sums *s, const struct sums *other);
MUST_CHECK enum err sums_take(struct sums *s, const struct sums *other);
bool sums_equal(const struct sums *a, const struct sums *b);

/* Appends the packed form. */
MUST_CHECK enum err sums_pack(const struct sums *s, struct buf *out);

/* Reads a packed form item by item, without memory. */
struct sums_reader {
	struct reader in;
	uint64_t key;
	bool begun;
};
static inline struct sums_reader sums_reader_over(struct slice packed)
{
	return (struct sums_reader){.in = reader_over(packed)};
}
/* False at the end, or when it is damaged: in.bad. */
bool sums_next(struct sums_reader *r, struct sums_item *item);
/* Empty bytes are an empty vector. *s must be empty. ERR_FORMAT, ERR_MEMORY. */
MUST_CHECK enum err sums_unpack(struct sums *s, struct slice packed);

#endif
