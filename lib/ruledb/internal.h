/* ruledb/internal -- what the files of ruledb share. */
#ifndef RULEDB_INTERNAL_H
#define RULEDB_INTERNAL_H

#include "base/buf.h"
#include "ruledb/builder.h"
#include "ruledb/format.h"
#include "ruledb/ruledb.h"

/* ---- reading ---- */

/* An image whose header has been read: where everything is. */
struct layout {
	const uint8_t *section[SECTIONS];
	uint32_t count[SECTIONS]; /* of records; of bytes for the text */
	unsigned bits;            /* k, 1..30 */
	uint8_t labels_min;       /* 1 and 0 when there is no entry */
	uint8_t labels_max;
	struct hash_key key;
	uint64_t checksum;
	struct slice image;
};

struct ruledb {
	struct layout at;
	bool mapped; /* munmap at the end */
};

/* Reads and checks the header alone: after OK every section lies inside `image`. */
MUST_CHECK enum err layout_read(struct layout *out, struct slice image, struct diag *why);

/* The checksum of a whole image. */
uint64_t image_checksum(struct slice image);

/* What one set does, read from its record. */
struct set_view {
	uint64_t at;
	uint64_t below;
	const uint8_t *members;
	unsigned member_count;
	bool judge;
};

struct set_view set_view_at(const struct layout *l, uint32_t set);

/* The set of the name with this hash, or RULEDB_NO_SET. */
#define RULEDB_NO_SET UINT32_MAX
uint32_t layout_find(const struct layout *l, uint64_t hash);

/* A set that matched, and how deep its name is. */
struct met_set {
	uint32_t set;
	unsigned depth;
};

/* All sets at or above a name, TLD first; returns how many. */
size_t layout_collect(const struct layout *l, const struct name_hashes *hashes,
    struct met_set met[NAME_LABELS_MAX]);

/* Kinds by what they do, as bits 1 << kind. */
enum {
	KINDS_SUBTREE = 0x1111,
	KINDS_EXACT = 0x2222,
	KINDS_BELOW = 0x4444,
	KINDS_VALID = 0x7777,
	KINDS_BLOCK = 0x0007,
	KINDS_EXCEPTION = 0x0070,
	KINDS_IMPORTANT_BLOCK = 0x0700,
	KINDS_IMPORTANT_EXCEPTION = 0x7000,
	KINDS_ANY_BLOCK = KINDS_BLOCK | KINDS_IMPORTANT_BLOCK,
	KINDS_ANY_EXCEPTION = KINDS_EXCEPTION | KINDS_IMPORTANT_EXCEPTION
};

/* The kinds that act on a name, whose rule stands at the name itself or above it. */
static inline unsigned kinds_reaching(unsigned kinds, bool at_name)
{
	return kinds &
	    (at_name ? KINDS_SUBTREE | KINDS_EXACT : KINDS_SUBTREE | KINDS_BELOW);
}

/* The rank that decides among all the kinds of one feed that act on a name: as kinds bits,
 * 0 when there is none. */
static inline unsigned kinds_rank(unsigned kinds)
{
	if (kinds & KINDS_IMPORTANT_EXCEPTION)
		return KINDS_IMPORTANT_EXCEPTION;
	if (kinds & KINDS_IMPORTANT_BLOCK)
		return KINDS_IMPORTANT_BLOCK;
	if (kinds & KINDS_EXCEPTION)
		return KINDS_EXCEPTION;
	return kinds & KINDS_BLOCK ? KINDS_BLOCK : 0;
}

/* ---- building ---- */

/* One rule: 12 bytes, so that a million names take 12 MB. */
struct record {
	uint32_t hash_high;
	uint32_t hash_low;
	uint32_t tag; /* feed << 4 | kind */
};

static inline uint64_t record_hash(const struct record *r)
{
	return (uint64_t)r->hash_high << 32 | r->hash_low;
}

/* By hash, then tag; in place. */
void records_sort(struct record *records, size_t count);
/* Drops equal neighbours of sorted records; the new count. */
size_t records_unique(struct record *records, size_t count);

struct member {
	uint16_t feed;
	uint16_t kinds;
};

struct set {
	uint64_t at;
	uint64_t below;
	uint32_t first;
	uint16_t count;
	uint16_t flags;
};

/* Interned sets: equal member lists are one set. */
struct sets {
	struct set *items;
	uint32_t count, capacity;
	struct member *members;
	uint32_t member_count, member_capacity;
	uint32_t *table; /* index + 1 of a set, 0 empty; open addressing */
	uint32_t table_size;
};

void sets_deinit(struct sets *s);
/* The index of the set of these members (ascending by feed). A new one is given `at`,
 * `below` and `flags` by the caller through sets->items. *is_new tells. ERR_MEMORY,
 * ERR_FULL. */
MUST_CHECK enum err sets_intern(struct sets *s, const struct member *members,
    uint16_t count, uint32_t *out, bool *is_new);

struct builder_reason {
	uint32_t text;
	uint64_t lines;
};

struct builder_feed {
	uint32_t name, url, source, format, sha256;
	uint16_t category;
	uint16_t flags;
	int64_t fetched_s;
	uint64_t names, exceptions, rules, idle, refused;
	uint32_t reason_first, reason_count;
};

struct builder_category {
	uint32_t name;
	uint64_t names;
};

struct overflow {
	uint32_t entry;
	uint32_t set;
};

struct ruledb_builder {
	struct ruledb_builder_options options;
	struct record *records; /* after merging: entries, 8 bytes each */
	size_t count, capacity, max;
	unsigned labels_min, labels_max;
	struct builder_feed feeds[RULEDB_FEEDS_MAX];
	unsigned feed_count;
	struct builder_category categories[RULEDB_CATEGORIES_MAX];
	unsigned category_count;
	struct builder_reason *reasons;
	uint32_t reason_count;
	struct buf text;
	/* made by merging */
	struct sets sets;
	struct overflow *overflow;
	uint32_t overflow_count, overflow_capacity;
	uint32_t *directory;
	unsigned bits;
	uint32_t entry_count;
	uint64_t rule_count;
	bool merged;
};

/* Records become entries, directory, sets, overflow and counts. */
MUST_CHECK enum err builder_merge(struct ruledb_builder *b);
MUST_CHECK enum err builder_emit(const struct ruledb_builder *b, int fd);

static inline uint8_t *builder_entries(const struct ruledb_builder *b)
{
	return (uint8_t *)b->records;
}

#endif
