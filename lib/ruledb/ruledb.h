/* ruledb -- the compiled rules: one file, mapped read-only, asked for every query.
 *
 * It never changes once open; a new list is a new file. Names are kept as keyed 64-bit
 * fingerprints (the format stands in ruledb/format.h and docs/formats/rules-db.md), so a
 * name that nobody listed matches with a chance of about 4e-14 a probe.
 *
 * Each feed is judged by its own rules into "lists this name" or not, in one of two ways. By
 * rank: an important exception, an important rule, an exception, a rule, the first of these
 * that it has for the name or above it decides. By length: its rule with the most labels
 * decides, of two at one name the exact one. Only rules whose conditions (record type, client,
 * tag, excepted names) hold for the question count. The categories of all feeds that list the
 * name are united; nearness never hides a parent's category. A feed of category `allow` blocks
 * nothing: whatever it names is reported apart, as an exception from all content categories.
 *
 * A rule with more than a name and a kind is "special": it stands in a section of its own and
 * has a number, by which its terms can be opened. Patterns are special rules without a name,
 * networks (RPZ's rpz-ip) are asked of addresses in answers.
 *
 * Threads: any number may read one database, without locks; each brings its own scratch. */
#ifndef RULEDB_RULEDB_H
#define RULEDB_RULEDB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/diag.h"
#include "base/err.h"
#include "base/hash.h"
#include "dns/name.h"
#include "rule/rule.h"

enum {
	RULEDB_FEEDS_MAX = 512,
	RULEDB_CATEGORIES_MAX = 64,
	RULEDB_FEED_WORDS = RULEDB_FEEDS_MAX / 64,
	RULEDB_DATA_MAX = 32,          /* rules with data that one listing holds */
	RULEDB_PATTERNS_MAX = 10000,   /* in one database */
	RULEDB_ALWAYS_MAX = 32,        /* patterns without three certain letters in a row */
	RULEDB_SPECIALS_OF_NAME = 128, /* of one feed for one name */
	/* The category of a feed whose names are exceptions for everybody. */
	RULEDB_CATEGORY_ALLOW = 0xffff
};
#define RULEDB_ALLOW_NAME "allow"
/* No special rule: a plain one has no number. */
#define RULEDB_NO_RULE UINT32_MAX

struct ruledb;

/* Maps the database at `path` after checking all of it. On success *out is the caller's;
 * end it with ruledb_close(). ERR_NOT_FOUND, ERR_IO, ERR_FORMAT or ERR_MEMORY; then *out is
 * untouched and *why (may be NULL) tells a human. A file that somebody truncates later
 * kills its readers: who answers queries takes a copy instead. */
MUST_CHECK enum err ruledb_open(struct ruledb **out, const char *path, struct diag *why);
/* The same of a descriptor (a sealed memfd), which stays the caller's and may be closed. */
MUST_CHECK enum err ruledb_open_fd(struct ruledb **out, int fd, struct diag *why);
/* The same of a private copy of the descriptor's bytes, in large pages where the kernel gives
 * them: nothing that becomes of the file can reach its readers. */
MUST_CHECK enum err ruledb_copy_fd(struct ruledb **out, int fd, struct diag *why);
/* The same of bytes in memory, aligned to 8, that outlive the database and never change. */
MUST_CHECK enum err ruledb_from_bytes(
    struct ruledb **out, struct slice image, struct diag *why);
/* NULL is fine. */
void ruledb_close(struct ruledb *db);

/* Whether `image` (aligned to 8) is a whole, intact database: every offset, index, order
 * and checksum. What passes can never make a reader leave its bytes. ERR_FORMAT. */
MUST_CHECK enum err ruledb_verify(struct slice image, struct diag *why);

/* The whole image, as it would be written to a file. Valid until ruledb_close(). */
struct slice ruledb_bytes(const struct ruledb *db);
/* The key with which names must be hashed for this database. */
struct hash_key ruledb_key(const struct ruledb *db);

/* ---- asking ---- */

/* What is asked. */
struct ruledb_question {
	struct dname name;
	const struct name_hashes *hashes; /* of the name, under ruledb_key() */
	uint16_t qtype;
	struct slice client;             /* 4 or 16 octets, or empty: not known */
	const char *const *client_names; /* NULL-ended: names by which $client may call the
	                                  * asker (room, tier); may be NULL */
	const char *const *tags;         /* NULL-ended: $ctag; may be NULL */
	/* For "could this feed ever block the name": conditions of type, client and tag are
	 * taken to hold for rules, and not to hold for exceptions. */
	bool whoever;
};

/* What one thread needs to put names to patterns: PCRE2's match data, and a memory of the
 * names already put, so that a name seen again costs one look. It serves any number of
 * databases, one after the other or in turn; about 300 KiB once patterns are in use. */
struct ruledb_scratch;

/* ERR_MEMORY. *out is the caller's until ruledb_scratch_free(). */
MUST_CHECK enum err ruledb_scratch_new(struct ruledb_scratch **out);
void ruledb_scratch_free(struct ruledb_scratch *s); /* NULL is fine */

struct ruledb_scratch_stats {
	uint64_t names;  /* put to the patterns */
	uint64_t memory; /* known from before */
	uint64_t runs;   /* of PCRE2 */
	uint64_t looks;  /* for a pattern's letters in a name */
	uint64_t slow;   /* runs that few steps did not end, and that were given more */
	uint64_t cut; /* runs that met a limit, and names with too many to run: no match */
};
void ruledb_scratch_stats(const struct ruledb_scratch *s, struct ruledb_scratch_stats *out);

/* A rule with data that lists the name. */
struct ruledb_data {
	uint8_t category;
	uint32_t rule; /* for ruledb_rule_terms() */
};

/* What the database says of one name. The first line of fields is all a verdict needs. */
struct listing {
	uint64_t categories;   /* bit i: category i of this database lists the name */
	bool allowed;          /* a feed of category `allow` names it */
	uint8_t allowed_depth; /* labels of that feed's deepest rule; 0 without */
	/* Some rule lists the name, or would for another type or client. When false, the asker
	 * may remember "unlisted" for the name alone. */
	bool named;
	bool cut; /* a limit ended the search for patterns: more of them could match */
	/* Of feeds with rewrite on. Where not empty, answer with these. */
	uint8_t data_count;
	/* For each bit of `categories`, the labels of the deepest rule behind it: equal to
	 * the name's own labels where a rule stands for exactly this name, 0 where only
	 * patterns or networks do. Where the bit is clear the value means nothing. */
	uint8_t depth[RULEDB_CATEGORIES_MAX];
	uint64_t feeds[RULEDB_FEED_WORDS]; /* bit i: feed i lists it, or allows it */
	struct ruledb_data data[RULEDB_DATA_MAX];
};

/* Brings the directory's lines of these probes into the cache; call it for each query of
 * a batch before the first ruledb_match. */
void ruledb_prefetch(const struct ruledb *db, const struct name_hashes *hashes);

/* The second step for those who have a batch: once the directory is there, the names' own
 * places. ruledb_match does without, and waits. */
void ruledb_prefetch_entries(const struct ruledb *db, const struct name_hashes *hashes);

/* Collects what lists the name. False, with *out empty but for `named`, when nothing does.
 * `scratch` is never NULL. O(labels) and what the patterns cost; allocates nothing, but for
 * PCRE2's first steps with a new scratch. */
bool ruledb_match(const struct ruledb *db, struct ruledb_scratch *scratch,
    const struct ruledb_question *question, struct listing *out);

/* The same of an address (4 or 16 octets) in the answer to `question`, whose hashes must be
 * set: networks only, the longest prefix of each feed decides. A feed judged by length that
 * speaks of the name itself says nothing of its addresses. */
bool ruledb_match_address(const struct ruledb *db, struct slice address,
    const struct ruledb_question *question, struct listing *out);
/* Whether there is any network: else nobody need look into answers for them. */
bool ruledb_has_addresses(const struct ruledb *db);

/* Opens the terms of a special rule; *out borrows from the database. False for a number
 * that the database does not have. */
bool ruledb_rule_terms(const struct ruledb *db, uint32_t rule, struct rule_terms *out);

/* One rule that took part, winner or loser. */
struct ruledb_hit {
	uint16_t feed;
	uint8_t depth; /* labels of the rule's name; 0 for a pattern */
	uint8_t kind;  /* enum rule_kind */
	bool wins;     /* it is of those that decide for its feed */
	uint32_t rule; /* RULEDB_NO_RULE, or the number of a special rule that holds */
};

/* Writes up to `max` rules that match the question, patterns first and then the deepest last,
 * and returns how many there are. For explain; not for the hot path. */
size_t ruledb_hits(const struct ruledb *db, struct ruledb_scratch *scratch,
    const struct ruledb_question *question, struct ruledb_hit *out, size_t max);

/* A pattern as it stands, and what became of it. */
struct ruledb_pattern {
	uint32_t rule;
	uint16_t feed;
	uint8_t kind;
	struct slice text; /* as the list's parser gave it; the database's */
	uint64_t cut;      /* how often a limit ended it since the database was opened */
};
/* i below ruledb_stat.patterns, else false. Any thread. */
bool ruledb_pattern_at(const struct ruledb *db, unsigned i, struct ruledb_pattern *out);

/* The kinds (bit 1 << kind) that feed `feed` has for exactly the whole name, special rules
 * included whatever their conditions; 0 for none. */
uint16_t ruledb_kinds_of(
    const struct ruledb *db, const struct name_hashes *hashes, unsigned feed);
/* Whether any feed has a rule for exactly the whole name. */
bool ruledb_has(const struct ruledb *db, const struct name_hashes *hashes);

struct ruledb_stat {
	uint64_t generation; /* as given by the builder's caller */
	int64_t built_s;     /* seconds since 1970 UTC, likewise */
	uint64_t size_bytes;
	uint64_t names; /* distinct names with any rule */
	uint64_t rules; /* distinct (feed, name, kind), and special rules */
	unsigned feeds;
	unsigned categories;
	unsigned sets;     /* distinct combinations of rules */
	unsigned specials; /* rules with terms, patterns and networks included */
	unsigned patterns;
	unsigned networks;
	uint64_t cut; /* patterns ended by a limit, since the database was opened */
};

void ruledb_stat(const struct ruledb *db, struct ruledb_stat *out);

/* One feed and where it came from. Texts are the database's, never NULL, "" if unknown. */
struct ruledb_feed {
	const char *name;
	const char *url;     /* where it was fetched */
	const char *source;  /* the stored copy, plain or gzip; "" when none is kept */
	const char *format;  /* "hosts", … as it was read */
	const char *sha256;  /* hexadecimal, of the text */
	unsigned category;   /* index, or RULEDB_CATEGORY_ALLOW */
	bool exact;          /* a bare name meant that name alone */
	bool longest;        /* judged by length, not by rank */
	bool rewrite;        /* its data may answer */
	int64_t fetched_s;   /* seconds since 1970 UTC; 0 unknown */
	uint64_t names;      /* distinct names it blocks (or allows, category `allow`) */
	uint64_t exceptions; /* distinct names with an exception */
	uint64_t rules;      /* accepted rules, duplicates included */
	unsigned specials;   /* distinct rules with terms, patterns and networks included */
	unsigned patterns;
	unsigned networks;
	uint64_t idle;    /* lines that mean nothing to a DNS filter */
	uint64_t refused; /* all refused or ignored lines */
	unsigned reasons; /* how many reasons follow in ruledb_feed_reason() */
};

/* i below ruledb_stat.feeds, else false. */
bool ruledb_feed_at(const struct ruledb *db, unsigned i, struct ruledb_feed *out);
/* Reason k of feed i: its text, and how many lines it cost. NULL beyond the last. */
const char *ruledb_feed_reason(
    const struct ruledb *db, unsigned i, unsigned k, uint64_t *lines);

struct ruledb_category {
	const char *name;
	uint64_t names;  /* distinct names that its feeds block */
	uint64_t others; /* patterns and networks that do */
};

/* i below ruledb_stat.categories, else false. */
bool ruledb_category_at(const struct ruledb *db, unsigned i, struct ruledb_category *out);
/* The index of a category, or -1. */
int ruledb_category_find(const struct ruledb *db, const char *name);

#endif
