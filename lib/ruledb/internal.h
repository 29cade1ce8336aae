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
	uint32_t patterns; /* of the specials; they stand before the networks */
	struct hash_key key;
	uint64_t checksum;
	struct slice image;
};

struct patterns;

struct ruledb {
	struct layout at;
	bool mapped;               /* munmap at the end */
	struct patterns *patterns; /* NULL without any */
	/* Bit b: there is a network with a prefix of b bits; IPv4, IPv6. */
	uint64_t prefixes[2][3];
};

/* Reads and checks the header alone: after OK every section lies inside `image`. */
MUST_CHECK enum err layout_read(struct layout *out, struct slice image, struct diag *why);

/* Begins like a database of this format, and has the length it says. */
MUST_CHECK enum err image_check_preamble(struct slice image, struct diag *why);
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

/* A special rule's record, opened. */
struct special_view {
	uint64_t hash;
	struct slice terms;
	unsigned feed;
	unsigned kind;
	unsigned subject;
};

struct special_view special_at(const struct layout *l, uint32_t rule);
/* Name specials come first; the number of those. */
static inline uint32_t layout_named_specials(const struct layout *l)
{
	return l->count[SECTION_SPECIALS] - l->patterns - l->count[SECTION_NETWORKS];
}
/* The first special rule of a name; those that follow with the same hash are its others. */
uint32_t layout_find_special(const struct layout *l, uint64_t hash);

static inline const uint8_t *layout_feed(const struct layout *l, unsigned feed)
{
	return l->section[SECTION_FEEDS] + (size_t)feed * FORMAT_FEED_BYTES;
}

/* ---- patterns (patterns.c) ---- */

enum {
	/* Of one name; what is more is cut. PCRE2 counts its steps anew at each letter that a
	 * match may begin at, and a name has 253: so most patterns get few, and only some of
	 * those that need more. */
	PATTERN_HITS_MAX = 32,     /* rules */
	PATTERN_RUNS_MAX = 256,    /* of PCRE2 */
	PATTERN_SLOW_MAX = 4,      /* of those, with all the steps there are */
	PATTERN_LOOKS_MAX = 20000, /* for a literal in the name */
	PATTERN_FEW_STEPS = 40,
	PATTERN_LIMIT_STEPS = 1000,
	PATTERN_LIMIT_HEAP_KIB = 256,
	PATTERN_CODE_MAX_BYTES = 32 * 1024,
	PATTERN_CODES_MAX_BYTES = 16 * 1024 * 1024
};

struct pattern_hits {
	uint32_t rules[PATTERN_HITS_MAX];
	size_t count;
	bool cut;
};

/* Compiles the patterns of a verified database; *out is NULL without any. ERR_MEMORY. */
MUST_CHECK enum err patterns_new(struct patterns **out, const struct layout *l);
void patterns_free(struct patterns *p); /* NULL is fine */
/* The patterns that match the name, in any order; what s remembers is not asked again. */
void patterns_find(const struct patterns *p, struct ruledb_scratch *s,
    const struct ruledb_question *question, struct pattern_hits *out);
uint64_t patterns_cut(const struct patterns *p, unsigned i);

enum pattern_fitness {
	PATTERN_FITS,
	PATTERN_FITS_WITHOUT_LITERAL,
	PATTERN_DOES_NOT_COMPILE,
	PATTERN_TOO_LARGE
};
/* Whether a reader could use it. *code_bytes is set unless it does not compile. */
enum pattern_fitness pattern_check(struct slice text, size_t *code_bytes);

/* ---- literals (literal.c) ---- */

enum {
	LITERAL_MIN = 3,
	LITERAL_MAX_BYTES = 64,
	LITERALS_MAX = 16
};

struct literal {
	uint8_t len;
	uint8_t bytes[LITERAL_MAX_BYTES]; /* lower case */
};

/* For each alternative of a pattern a text of LITERAL_MIN octets or more that every name it
 * matches holds; their number, or 0 where that is not certain. */
size_t pattern_literals(struct slice pattern, struct literal out[LITERALS_MAX]);

/* ---- scratch (scratch.c) ---- */

enum {
	SCRATCH_GROUPS = 2048,
	SCRATCH_GROUP = 4, /* names of one group; the oldest makes room */
	SCRATCH_RULES = 5  /* names with more pattern rules are asked again */
};

struct remembered {
	uint64_t tag; /* 0: empty */
	uint32_t rules[SCRATCH_RULES];
	uint16_t count;
	bool cut;
};

struct ruledb_scratch {
	struct ruledb_scratch_stats stats;
	void *match_data;    /* pcre2_match_data */
	void *match_context; /* pcre2_match_context, with the limits */
	uint32_t round;      /* of `tried` */
	struct remembered memory[SCRATCH_GROUPS][SCRATCH_GROUP];
	uint32_t tried[RULEDB_PATTERNS_MAX]; /* pattern -> the round it was last run in */
};

/* ---- judging (judge.c) ---- */

/* A rule that reaches the name and whose conditions hold; several plain kinds of one feed at
 * one name come together. */
struct taken {
	unsigned feed;
	unsigned kinds; /* bits 1 << kind, only those that reach the name */
	unsigned depth;
	uint32_t rule;                  /* or RULEDB_NO_RULE */
	const struct rule_terms *terms; /* NULL: plain */
};

enum {
	/* Of one question; what is more takes no part. A name has 127 labels, and lists have
	 * room for 128 special rules at each. */
	JUDGE_SPECIALS_MAX = 2048,
	JUDGE_UNDOS_MAX = 32
};

/* An exception from rules with data, of one feed. */
struct undo {
	struct slice data;
	uint16_t feed;
	uint16_t data_type;
	uint8_t action;
};

/* One question before one database. */
struct judging {
	const struct ruledb *db;
	const struct ruledb_question *question;
	const struct met_set *met;
	size_t met_count;
	const struct pattern_hits *patterns; /* NULL: none */
	bool named;      /* a special rule stands at the name or above */
	bool has_data;   /* a rule with data takes part */
	size_t specials; /* visited in this round */
	size_t undo_count;
	struct undo undos[JUDGE_UNDOS_MAX];
	uint64_t answers[RULEDB_FEED_WORDS]; /* feeds by rank whose data answer */
	uint64_t undone[RULEDB_FEED_WORDS];  /* feeds by rank some of whose data do not */
	uint16_t kinds[RULEDB_FEEDS_MAX];    /* that are weighed */
	uint16_t best[RULEDB_FEEDS_MAX];     /* feeds by length: 1 + 2 * labels + exact */
};

typedef void (*judge_visit)(struct judging *j, const struct taken *taken, void *arg);

/* Weighs all rules that take part. */
void judge_weigh(struct judging *j);
/* Every rule that takes part: patterns, then names from the TLD on. */
void judge_each(struct judging *j, judge_visit visit, void *arg);
/* The kinds of `taken` that decide for its feed. After judge_weigh. */
unsigned judge_winning(struct judging *j, const struct taken *taken);
/* Adds the deciding rules to a listing that has been emptied. After judge_weigh. */
void judge_list(struct judging *j, struct listing *out);

/* All empty, but for the depths and data, which then mean nothing. */
void listing_clear(struct listing *out);
void listing_add(struct listing *out, const struct layout *l, const struct taken *taken);

/* Kinds by what they do, as bits 1 << kind. */
enum {
	KINDS_SUBTREE = 0x1111,
	KINDS_EXACT = 0x2222,
	KINDS_BELOW = 0x4444,
	KINDS_VALID = 0x7777,
	KINDS_SPECIAL_BLOCK = 0x0008, /* as members say it */
	KINDS_SPECIAL_EXCEPTION = 0x0080,
	KINDS_SPECIAL = KINDS_SPECIAL_BLOCK | KINDS_SPECIAL_EXCEPTION,
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

/* In a tag: undone by a badfilter, to be dropped. */
#define RECORD_DEAD UINT32_C(0x80000000)

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

/* A special rule on its way: 24 bytes. */
struct special {
	uint64_t hash;
	uint32_t terms_at; /* in specials.terms; equal terms stand at one place */
	uint16_t terms_len;
	uint16_t feed;
	uint8_t kind;
	uint8_t subject;
	bool badfilter;
	bool dead;
};

struct terms_at {
	uint32_t at;
	uint32_t len; /* 0: an empty slot */
};

struct specials {
	struct special *items;
	size_t count, capacity;
	struct buf terms;
	struct terms_at *table; /* open addressing, of what stands in `terms` */
	size_t table_size, table_used;
	size_t feed_terms;           /* length of `terms` when the last feed began */
	uint32_t patterns, networks; /* of items, once finished */
};

/* Why the builder itself leaves a rule out. */
enum lost {
	LOST_BAD_PATTERN,
	LOST_LARGE_PATTERN,
	LOST_MANY_PATTERNS,
	LOST_VAGUE_PATTERN,
	LOST_MANY_OF_NAME,
	LOST_BAD_TERMS,
	LOSTS
};

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
	uint32_t specials, patterns, networks;
	uint32_t lost[LOSTS];
};

struct builder_category {
	uint32_t name;
	uint32_t others;
	uint64_t names;
};

struct overflow {
	uint32_t entry;
	uint32_t set;
};

/* A network's record, ready to be sorted and written. */
struct network {
	uint8_t record[FORMAT_NETWORK_BYTES];
};

struct ruledb_builder {
	struct ruledb_builder_options options;
	struct record *records; /* after merging: entries, 8 bytes each */
	size_t count, capacity;
	struct specials specials;
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
	struct network *networks; /* specials.networks of them */
	uint32_t *directory;
	unsigned bits;
	uint32_t entry_count;
	uint64_t rule_count;
	bool merged;
};

int specials_compare(const void *left, const void *right);
/* Sorts, and drops duplicates. */
void specials_sort(struct specials *s);
/* Where equal terms stand; false when nobody has such. */
bool specials_find_terms(const struct specials *s, struct slice terms, uint32_t *at);
/* Encoded terms that say nothing make no rule special. */
bool specials_terms_empty(struct slice terms);
/* Forgets the special rules of feeds from `feed_count` on. */
void specials_drop_feed(struct ruledb_builder *b);
void specials_deinit(struct specials *s);
/* What they hold, and the records that they will need. */
size_t specials_bytes(const struct specials *s);
/* Drops duplicates, undoes what badfilter names (records too: both must be sorted), leaves out
 * what a reader could not use, and adds the records by which names are found. */
MUST_CHECK enum err specials_finish(struct ruledb_builder *b);
/* Adds what was lost to the feeds' reasons. */
MUST_CHECK enum err builder_tell_lost(struct ruledb_builder *b);
MUST_CHECK enum err builder_push(struct ruledb_builder *b, struct record record);
MUST_CHECK enum err builder_keep_text(
    struct ruledb_builder *b, const char *text, uint32_t *out);
void builder_note_labels(struct ruledb_builder *b, struct dname name);

/* Records become entries, directory, sets, overflow and counts. */
MUST_CHECK enum err builder_merge(struct ruledb_builder *b);
MUST_CHECK enum err builder_emit(const struct ruledb_builder *b, int fd);

static inline uint8_t *builder_entries(const struct ruledb_builder *b)
{
	return (uint8_t *)b->records;
}

#endif
