/* Sorted records become what the file holds: one entry a name. */
#include <stdlib.h>

#include "ruledb/internal.h"

enum {
	BUCKET_ENTRIES =
	    12 /* at most, on average; half of it at least: a cache line or two */
};

static unsigned choose_bits(size_t names)
{
	unsigned bits = FORMAT_BITS_MIN;
	while (bits < FORMAT_BITS_MAX && names >> bits >= BUCKET_ENTRIES)
		bits++;
	return bits;
}

static size_t count_names(const struct record *r, size_t count)
{
	size_t names = 0;
	for (size_t i = 0; i < count; i++)
		names += i == 0 || record_hash(&r[i]) != record_hash(&r[i - 1]);
	return names;
}

/* The members of one name, ascending by feed. */
struct group {
	struct member members[RULEDB_FEEDS_MAX];
	unsigned count;
};

static void group_add(struct group *g, uint32_t tag)
{
	uint16_t feed = (uint16_t)(tag >> 4);
	uint16_t kind = (uint16_t)(1u << (tag & 15));
	unsigned at = g->count;

	while (at > 0 && g->members[at - 1].feed > feed)
		at--;
	if (at > 0 && g->members[at - 1].feed == feed) {
		g->members[at - 1].kinds |= kind;
		return;
	}
	for (unsigned i = g->count; i > at; i--)
		g->members[i] = g->members[i - 1];
	g->members[at] = (struct member){feed, kind};
	g->count++;
}

static void set_describe(
    const struct ruledb_builder *b, const struct group *g, struct set *set)
{
	for (unsigned i = 0; i < g->count; i++) {
		uint16_t category = b->feeds[g->members[i].feed].category;
		unsigned kinds = g->members[i].kinds;
		if (category == RULEDB_CATEGORY_ALLOW ||
		    kinds & (KINDS_ANY_EXCEPTION | KINDS_SPECIAL))
			set->flags |= SET_FLAG_JUDGE;
		if (category == RULEDB_CATEGORY_ALLOW)
			continue;
		if (kinds_reaching(kinds, true) & KINDS_ANY_BLOCK)
			set->at |= UINT64_C(1) << category;
		if (kinds_reaching(kinds, false) & KINDS_ANY_BLOCK)
			set->below |= UINT64_C(1) << category;
	}
}

static void count_group(struct ruledb_builder *b, const struct group *g)
{
	uint64_t mask = 0;

	for (unsigned i = 0; i < g->count; i++) {
		struct builder_feed *feed = &b->feeds[g->members[i].feed];
		unsigned kinds = g->members[i].kinds;
		bool allows = feed->category == RULEDB_CATEGORY_ALLOW;
		bool blocks = (kinds & (KINDS_ANY_BLOCK | KINDS_SPECIAL_BLOCK)) != 0;
		bool excepts =
		    (kinds & (KINDS_ANY_EXCEPTION | KINDS_SPECIAL_EXCEPTION)) != 0;
		feed->names += allows || blocks;
		feed->exceptions += !allows && excepts;
		if (blocks && !allows)
			mask |= UINT64_C(1) << feed->category;
		b->rule_count += (unsigned)__builtin_popcount(kinds & KINDS_VALID);
	}
	for (; mask != 0; mask &= mask - 1)
		b->categories[__builtin_ctzll(mask)].names++;
}

static enum err overflow_add(struct ruledb_builder *b, uint32_t entry, uint32_t set)
{
	if (b->overflow_count == b->overflow_capacity) {
		uint32_t capacity = b->overflow_capacity * 2 + 1024;
		struct overflow *items = reallocarray(b->overflow, capacity, sizeof *items);
		if (items == NULL)
			return ERR_MEMORY;
		b->overflow = items;
		b->overflow_capacity = capacity;
	}
	b->overflow[b->overflow_count++] = (struct overflow){entry, set};
	return OK;
}

static enum err emit_entry(struct ruledb_builder *b, const struct group *g, uint64_t hash)
{
	uint32_t set, entry = b->entry_count;
	bool is_new;

	enum err rc = sets_intern(&b->sets, g->members, (uint16_t)g->count, &set, &is_new);
	if (rc != OK)
		return rc;
	if (is_new)
		set_describe(b, g, &b->sets.items[set]);
	count_group(b, g);
	uint16_t value =
	    (uint16_t)(set < FORMAT_VALUE_OVERFLOW ? set : FORMAT_VALUE_OVERFLOW);
	if (value == FORMAT_VALUE_OVERFLOW)
		rc = overflow_add(b, entry, set);
	/* 8 bytes where at least 12 have been read: never ahead of the records. */
	le64_store(builder_entries(b) + (size_t)entry * FORMAT_ENTRY_BYTES,
	    hash_remainder(hash, b->bits) | value);
	b->directory[hash_bucket(hash, b->bits) + 1]++;
	b->entry_count++;
	return rc;
}

/* The same place and remainder: the same name, but for a chance of 1e-8 in a whole list
 * (then both names get the rules of both). */
static bool same_entry(uint64_t a, uint64_t b, unsigned bits)
{
	return hash_bucket(a, bits) == hash_bucket(b, bits) &&
	    hash_remainder(a, bits) == hash_remainder(b, bits);
}

static enum err merge_groups(struct ruledb_builder *b)
{
	struct group g;

	for (size_t i = 0; i < b->count;) {
		uint64_t hash = record_hash(&b->records[i]);
		g.count = 0;
		for (;
		     i < b->count && same_entry(record_hash(&b->records[i]), hash, b->bits);
		     i++)
			group_add(&g, b->records[i].tag);
		enum err rc = emit_entry(b, &g, hash);
		if (rc != OK)
			return rc;
	}
	return OK;
}

enum err builder_merge(struct ruledb_builder *b)
{
	records_sort(b->records, b->count);
	b->count = records_unique(b->records, b->count);
	if (b->specials.count > 0) {
		enum err rc = specials_finish(b);
		if (rc != OK)
			return rc;
		records_sort(b->records, b->count);
		b->count = records_unique(b->records, b->count);
	}
	enum err rc = builder_tell_lost(b);
	if (rc != OK)
		return rc;
	size_t names = count_names(b->records, b->count);
	if (names > UINT32_MAX - 2)
		return ERR_FULL;
	b->bits = choose_bits(names);
	size_t slots = ((size_t)1 << b->bits) + 1;
	b->directory = calloc(slots, sizeof *b->directory);
	if (b->directory == NULL)
		return ERR_MEMORY;
	rc = merge_groups(b);
	for (size_t i = 1; i < slots; i++)
		b->directory[i] += b->directory[i - 1];
	return rc;
}
