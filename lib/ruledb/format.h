/* ruledb/format -- the rule database as bytes. Private to ruledb and its tests.
 *
 * Every number is little-endian on every machine; every section begins at a multiple of 8
 * (the entries at one of 64), in this order, zero bytes between them:
 *
 *   0 +--------------------------------------------------------------------------+
 *     | "lachanR1"  version:4  header bytes:4  file bytes:8  checksum:8          |
 *  32 | key:16  generation:8  built_s:8                                          |
 *  64 | directory bits k:4  counts of entries, overflow, sets, members, feeds,   |
 *     | categories, reasons, specials, networks, bytes of terms and text: 4 each |
 * 112 | least labels:1  most labels:1  0:2  patterns:4  rules:8                  |
 * 128 | offsets of the twelve sections below, in their order: 8 each   0:32      |
 * 256 +--------------------------------------------------------------------------+
 *     | entries     u64 each, ascending within a bucket:                         |
 *     |               63            16 15         0                              |
 *     |               [ remainder:48  ][ value:16 ]                              |
 *     |             bucket = first k bits of the name's hash, remainder = the    |
 *     |             next 48 (zero bits beyond its end), value = index of a set,  |
 *     |             or 65535: see overflow                                       |
 *     | directory   u32 each, 2^k + 1: bucket b is entries [d[b], d[b+1])        |
 *     | overflow    {entry index u32, set index u32}, ascending                  |
 *     | sets        {at u64, below u64, first member u32, members u16, flags u16}|
 *     |             at: categories that block the set's name itself;             |
 *     |             below: those that block names below it, both as if no        |
 *     |             exception and no special rule existed; flag 1: it holds one, |
 *     |             judge feed by feed                                           |
 *     | members     {feed u16, kinds u16}, ascending by feed within a set;       |
 *     |             bit i of kinds: the feed has a plain rule of enum rule_kind  |
 *     |             i; bit 3 or 7: it has special rules here (3), special        |
 *     |             exceptions (7)                                               |
 *     | feeds       96 bytes each, see FEED_AT_...                               |
 *     | categories  {name text u32, patterns and networks u32, names u64}        |
 *     | reasons     {reason text u32, 0 u32, lines u64}, of the feeds in order   |
 *     | specials    24 bytes each, see SPECIAL_AT_...; names, then patterns,     |
 *     |             then networks; each ascending by hash, feed, kind, terms     |
 *     | networks    {octets 16, family u8, bits u8, 0 u16, special u32},         |
 *     |             ascending by family, bits, octets, special                   |
 *     | terms       what rule_terms_write() made, of the specials                |
 *     | text        strings, each ended by a zero byte                           |
 *     +--------------------------------------------------------------------------+
 *
 * The checksum is checksum64() over bytes 32 to the end in pieces of 64 KiB. */
#ifndef RULEDB_FORMAT_H
#define RULEDB_FORMAT_H

#include <stdint.h>
#include <string.h>

#define RULEDB_MAGIC "lachanR1"

enum {
	FORMAT_VERSION = 2,
	FORMAT_HEADER_BYTES = 256,
	FORMAT_CHECKED_FROM = 32,
	FORMAT_PIECE_BYTES = 65536,
	FORMAT_BITS_MIN = 1,
	FORMAT_BITS_MAX = 30,
	FORMAT_ENTRY_BYTES = 8,
	FORMAT_SLOT_BYTES = 4,
	FORMAT_OVERFLOW_BYTES = 8,
	FORMAT_SET_BYTES = 24,
	FORMAT_MEMBER_BYTES = 4,
	FORMAT_FEED_BYTES = 96,
	FORMAT_CATEGORY_BYTES = 16,
	FORMAT_REASON_BYTES = 16,
	FORMAT_SPECIAL_BYTES = 24,
	FORMAT_NETWORK_BYTES = 24,
	FORMAT_VALUE_OVERFLOW = 65535
};

enum section {
	SECTION_ENTRIES,
	SECTION_DIRECTORY,
	SECTION_OVERFLOW,
	SECTION_SETS,
	SECTION_MEMBERS,
	SECTION_FEEDS,
	SECTION_CATEGORIES,
	SECTION_REASONS,
	SECTION_SPECIALS,
	SECTION_NETWORKS,
	SECTION_TERMS,
	SECTION_TEXT,
	SECTIONS
};

/* Places in the header. */
enum {
	HEADER_AT_VERSION = 8,
	HEADER_AT_HEADER_BYTES = 12,
	HEADER_AT_FILE_BYTES = 16,
	HEADER_AT_CHECKSUM = 24,
	HEADER_AT_KEY = 32,
	HEADER_AT_GENERATION = 48,
	HEADER_AT_BUILT = 56,
	HEADER_AT_BITS = 64,
	HEADER_AT_COUNTS = 68, /* eleven: sections without the directory */
	HEADER_AT_LABELS_MIN = 112,
	HEADER_AT_LABELS_MAX = 113,
	HEADER_AT_PATTERNS = 116,
	HEADER_AT_RULES = 120,
	HEADER_AT_OFFSETS = 128
};

/* Places in a feed's record; texts are offsets into the text section. */
enum {
	FEED_AT_NAME = 0,
	FEED_AT_URL = 4,
	FEED_AT_SOURCE = 8,
	FEED_AT_FORMAT = 12,
	FEED_AT_SHA256 = 16,
	FEED_AT_CATEGORY = 20, /* u16 */
	FEED_AT_FLAGS = 22,    /* u16, FEED_FLAG_... */
	FEED_AT_FETCHED = 24,
	FEED_AT_NAMES = 32,
	FEED_AT_EXCEPTIONS = 40,
	FEED_AT_RULES = 48,
	FEED_AT_IDLE = 56,
	FEED_AT_REFUSED = 64,
	FEED_AT_REASON_FIRST = 72, /* u32 */
	FEED_AT_REASON_COUNT = 76, /* u32 */
	FEED_AT_SPECIALS = 80,     /* u32, and the two that follow */
	FEED_AT_PATTERNS = 84,
	FEED_AT_NETWORKS = 88,
	FEED_FLAG_EXACT = 1,
	FEED_FLAG_LONGEST = 2,
	FEED_FLAG_REWRITE = 4,
	FEED_FLAGS_ALL = 7
};

/* Places in a special rule's record. */
enum {
	SPECIAL_AT_HASH = 0,       /* of the name; 0 for patterns and networks */
	SPECIAL_AT_TERMS = 8,      /* u32, offset into the terms section */
	SPECIAL_AT_TERMS_LEN = 12, /* u16 */
	SPECIAL_AT_FEED = 14,      /* u16 */
	SPECIAL_AT_KIND = 16,      /* u8, enum rule_kind */
	SPECIAL_AT_SUBJECT = 17    /* u8, enum rule_subject */
};

/* Places in a network's record. */
enum {
	NETWORK_AT_OCTETS = 0,
	NETWORK_AT_FAMILY = 16,
	NETWORK_AT_BITS = 17,
	NETWORK_AT_RULE = 20
};

/* Places in a set's record. */
enum {
	SET_AT_MASK_AT = 0,
	SET_AT_MASK_BELOW = 8,
	SET_AT_MEMBER_FIRST = 16,
	SET_AT_MEMBER_COUNT = 20,
	SET_AT_FLAGS = 22,
	SET_FLAG_JUDGE = 1
};

static inline uint16_t le16_load(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t le32_load(const uint8_t *p)
{
	uint32_t v;
	memcpy(&v, p, sizeof v);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v = __builtin_bswap32(v);
#endif
	return v;
}

static inline uint64_t le64_load(const uint8_t *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof v);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v = __builtin_bswap64(v);
#endif
	return v;
}

static inline void le16_store(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static inline void le32_store(uint8_t *p, uint32_t v)
{
	le16_store(p, (uint16_t)v);
	le16_store(p + 2, (uint16_t)(v >> 16));
}

static inline void le64_store(uint8_t *p, uint64_t v)
{
	le32_store(p, (uint32_t)v);
	le32_store(p + 4, (uint32_t)(v >> 32));
}

/* Where a hash stands: its bucket, and what its entry keeps of the rest, already in the
 * entry's place. k is FORMAT_BITS_MIN..FORMAT_BITS_MAX. */
static inline size_t hash_bucket(uint64_t hash, unsigned k)
{
	return (size_t)(hash >> (64 - k));
}

static inline uint64_t hash_remainder(uint64_t hash, unsigned k)
{
	return hash << k & ~(uint64_t)0xffff;
}

#endif
