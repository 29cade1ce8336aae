/* A database made from a few rules, for the tests of ruledb. */
#ifndef TEST_RULEDB_FIXTURE_H
#define TEST_RULEDB_FIXTURE_H

#include "ruledb/builder.h"

struct fixture_rule {
	const char *name;
	unsigned kind;
};

#define FIXTURE_KEY ((struct hash_key){0x0123456789abcdefu, 0xfedcba9876543210u})

/* A builder with room for plenty; asserts. */
struct ruledb_builder *fixture_builder(void);
/* Begins a feed and adds its rules, up to the one without a name; asserts. */
unsigned fixture_feed(struct ruledb_builder *b, const char *feed, const char *category,
    const struct fixture_rule *rules);
/* Writes to a memfd, maps it, and frees the builder; asserts. */
struct ruledb *fixture_open(struct ruledb_builder *b);
/* An image in memory of the heap, the caller frees it; frees the builder. */
uint8_t *fixture_image(struct ruledb_builder *b, size_t *size);

struct name_buf fixture_name(const char *text);
void fixture_hashes(const struct ruledb *db, const char *text, struct name_hashes *out);
/* ruledb_match for a name as text. */
bool fixture_match(const struct ruledb *db, const char *text, struct listing *out);
/* The test program's own; never freed. */
struct ruledb_scratch *fixture_scratch(void);
/* The bit of a category. */
uint64_t fixture_bit(const struct ruledb *db, const char *category);

#endif
