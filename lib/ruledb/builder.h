/* ruledb/builder -- collects the rules of many feeds and writes one rule database.
 *
 * Memory: 12 bytes a plain rule (feed, name, kind), and for a special one 24 bytes more and its
 * terms, equal terms once; up to the ceiling given when it is made. Duplicates are dropped
 * before the ceiling is called reached. One thread. */
#ifndef RULEDB_BUILDER_H
#define RULEDB_BUILDER_H

#include "ruledb/ruledb.h"

struct ruledb_builder;

struct ruledb_builder_options {
	struct hash_key key; /* random, new for each database */
	uint64_t generation; /* any number that grows */
	int64_t built_s;     /* now, seconds since 1970 UTC */
	size_t max_bytes;    /* ceiling of the rules held in memory */
};

/* ERR_MEMORY. The builder is the caller's until ruledb_builder_free(). */
MUST_CHECK enum err ruledb_builder_new(
    struct ruledb_builder **out, const struct ruledb_builder_options *options);
void ruledb_builder_free(struct ruledb_builder *b); /* NULL is fine */

/* Adds a category (even one that no feed fills) and gives its index; the same name twice
 * is the same category. ERR_FULL above RULEDB_CATEGORIES_MAX, ERR_RANGE for "allow" or "". */
MUST_CHECK enum err ruledb_builder_category(
    struct ruledb_builder *b, const char *name, unsigned *out);

/* Begins a feed: rules added from now on are its. `category` is a name; "allow" makes its
 * names exceptions. *out is the feed's index. ERR_FULL, ERR_MEMORY. */
MUST_CHECK enum err ruledb_builder_feed(
    struct ruledb_builder *b, const char *name, const char *category, unsigned *out);

/* Adds one rule to the feed begun last. `kind` is a valid enum rule_kind combination.
 * ERR_FULL at the ceiling, ERR_MEMORY, ERR_RANGE. */
MUST_CHECK enum err ruledb_builder_add(
    struct ruledb_builder *b, struct dname name, unsigned kind);

/* The same of any rule. What the reader could not use is no error: it is counted among the
 * feed's refused lines, with its reason (a pattern that PCRE2 does not take or that is beyond
 * a ceiling of ruledb.h, too many special rules for one name, terms that are not whole). A rule
 * with `badfilter` undoes, when the database is written, the rule of its feed that is equal
 * otherwise. */
MUST_CHECK enum err ruledb_builder_add_rule(
    struct ruledb_builder *b, const struct rule *rule);

/* How the feed begun last is judged (default: by rank), and whether its data may answer. */
void ruledb_builder_feed_options(struct ruledb_builder *b, bool longest, bool rewrite);

/* Forgets the feed begun last with all its rules (it turned out to be no list). The category
 * stays. */
void ruledb_builder_drop_feed(struct ruledb_builder *b);

/* Where the feed begun last came from. Texts are copied; NULL means "". */
struct ruledb_provenance {
	const char *url;
	const char *source;
	const char *format;
	const char *sha256;
	bool exact;
	int64_t fetched_s;
	uint64_t rules;
	uint64_t idle;
};
MUST_CHECK enum err ruledb_builder_provenance(
    struct ruledb_builder *b, const struct ruledb_provenance *from);
/* `lines` of the feed begun last were refused because of `reason`. */
MUST_CHECK enum err ruledb_builder_refused(
    struct ruledb_builder *b, const char *reason, uint64_t lines);

/* Rules held now, and their bytes. */
size_t ruledb_builder_rules(const struct ruledb_builder *b);

/* Sorts, merges and writes the database to `fd` (seekable, empty, at position 0: the fd of
 * a struct atomic_file, or a memfd). Afterwards the builder can only be freed. ERR_IO with
 * errno set, ERR_MEMORY, ERR_FULL (more than 2^32-2 names). */
MUST_CHECK enum err ruledb_builder_write(struct ruledb_builder *b, int fd);

#endif
