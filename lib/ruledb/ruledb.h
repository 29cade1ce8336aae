/* ruledb -- the compiled rules: one file, mapped read-only, asked for every query.
 *
 * It never changes once open; a new list is a new file. Names are kept as keyed 64-bit
 * fingerprints (the format stands in ruledb/format.h and docs/formats/rules-db.md), so a
 * name that nobody listed matches with a chance of about 4e-14 a probe.
 *
 * Each feed is judged by its own rules into "lists this name" or not: an important
 * exception, an important rule, an exception, a rule, the first of these that it has for
 * the name or above it decides. The categories of all feeds that list the name are united;
 * nearness never hides a parent's category. A feed of category `allow` blocks nothing:
 * whatever it names is reported apart, as an exception from all content categories.
 *
 * Threads: any number may read one database, without locks. */
#ifndef RULEDB_RULEDB_H
#define RULEDB_RULEDB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/diag.h"
#include "base/err.h"
#include "base/hash.h"
#include "dns/name.h"

enum {
	RULEDB_FEEDS_MAX = 512,
	RULEDB_CATEGORIES_MAX = 64,
	RULEDB_FEED_WORDS = RULEDB_FEEDS_MAX / 64,
	/* The category of a feed whose names are exceptions for everybody. */
	RULEDB_CATEGORY_ALLOW = 0xffff
};
#define RULEDB_ALLOW_NAME "allow"

/* How a rule matches, and what it does: one reach, and the two flags. lib/feed uses the
 * same figures (enum feed_kind), so that a feed's rule passes through unchanged. */
enum ruledb_kind {
	RULEDB_SUBTREE = 0, /* the name and all below it */
	RULEDB_EXACT = 1,   /* the name alone */
	RULEDB_BELOW = 2,   /* what is below the name, not the name */
	RULEDB_REACH_MASK = 3,
	RULEDB_EXCEPTION = 4, /* @@ */
	RULEDB_IMPORTANT = 8, /* $important */
	RULEDB_KINDS = 16
};

struct ruledb;

/* Maps the database at `path` after checking all of it. On success *out is the caller's;
 * end it with ruledb_close(). ERR_NOT_FOUND, ERR_IO, ERR_FORMAT or ERR_MEMORY; then *out is
 * untouched and *why (may be NULL) tells a human. A file that somebody truncates later
 * kills its readers: who answers queries opens a sealed memfd instead. */
MUST_CHECK enum err ruledb_open(struct ruledb **out, const char *path, struct diag *why);
/* The same of a descriptor (a sealed memfd), which stays the caller's and may be closed. */
MUST_CHECK enum err ruledb_open_fd(struct ruledb **out, int fd, struct diag *why);
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

/* What the database says of one name. The first line of fields is all a verdict needs. */
struct listing {
	uint64_t categories;   /* bit i: category i of this database lists the name */
	bool allowed;          /* a feed of category `allow` names it */
	uint8_t allowed_depth; /* labels of that feed's deepest rule; 0 without */
	/* For each bit of `categories`, the labels of the deepest rule behind it: equal to
	 * the name's own labels where a rule stands for exactly this name. Where the bit is
	 * clear the value means nothing. */
	uint8_t depth[RULEDB_CATEGORIES_MAX];
	uint64_t feeds[RULEDB_FEED_WORDS]; /* bit i: feed i lists it, or allows it */
};

/* Brings the directory's lines of these probes into the cache; call it for each query of
 * a batch before the first ruledb_match. */
void ruledb_prefetch(const struct ruledb *db, const struct name_hashes *hashes);

/* The second step for those who have a batch: once the directory is there, the names' own
 * places. ruledb_match does without, and waits. */
void ruledb_prefetch_entries(const struct ruledb *db, const struct name_hashes *hashes);

/* Collects what lists the name whose hashes (under ruledb_key()) are given. False, with
 * *out all empty, when nothing does. O(labels); allocates nothing. */
bool ruledb_match(
    const struct ruledb *db, const struct name_hashes *hashes, struct listing *out);

/* One rule that took part, winner or loser. */
struct ruledb_hit {
	uint16_t feed;
	uint8_t depth; /* labels of the rule's name */
	uint8_t kind;  /* enum ruledb_kind */
	bool wins;     /* it is of the rank that decides for its feed */
};

/* Writes up to `max` rules that match the name, the deepest last, and returns how many
 * there are. For explain; not for the hot path. */
size_t ruledb_hits(const struct ruledb *db, const struct name_hashes *hashes,
    struct ruledb_hit *out, size_t max);

/* The kinds (bit 1 << kind) that feed `feed` has for exactly the whole name; 0 for none. */
uint16_t ruledb_kinds_of(
    const struct ruledb *db, const struct name_hashes *hashes, unsigned feed);
/* Whether any feed has a rule for exactly the whole name. */
bool ruledb_has(const struct ruledb *db, const struct name_hashes *hashes);

struct ruledb_stat {
	uint64_t generation; /* as given by the builder's caller */
	int64_t built_s;     /* seconds since 1970 UTC, likewise */
	uint64_t size_bytes;
	uint64_t names; /* distinct names with any rule */
	uint64_t rules; /* distinct (feed, name, kind) */
	unsigned feeds;
	unsigned categories;
	unsigned sets; /* distinct combinations of rules */
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
	int64_t fetched_s;   /* seconds since 1970 UTC; 0 unknown */
	uint64_t names;      /* distinct names it blocks (or allows, category `allow`) */
	uint64_t exceptions; /* distinct names with an exception */
	uint64_t rules;      /* accepted rules, duplicates included */
	uint64_t idle;       /* lines that mean nothing to a DNS filter */
	uint64_t refused;    /* all refused or ignored lines */
	unsigned reasons;    /* how many reasons follow in ruledb_feed_reason() */
};

/* i below ruledb_stat.feeds, else false. */
bool ruledb_feed_at(const struct ruledb *db, unsigned i, struct ruledb_feed *out);
/* Reason k of feed i: its text, and how many lines it cost. NULL beyond the last. */
const char *ruledb_feed_reason(
    const struct ruledb *db, unsigned i, unsigned k, uint64_t *lines);

struct ruledb_category {
	const char *name;
	uint64_t names; /* distinct names that its feeds block */
};

/* i below ruledb_stat.categories, else false. */
bool ruledb_category_at(const struct ruledb *db, unsigned i, struct ruledb_category *out);
/* The index of a category, or -1. */
int ruledb_category_find(const struct ruledb *db, const char *name);

#endif
