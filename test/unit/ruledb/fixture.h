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

/* Adds a rule of any kind to the feed begun last; `name` may be NULL. Asserts. */
void fixture_special(struct ruledb_builder *b, const char *name, unsigned kind,
    const struct rule_terms *terms);
void fixture_pattern(struct ruledb_builder *b, const char *pattern, unsigned kind);
/* "10.0.0.0/8" or "2001:db8::/32". */
struct rule_network fixture_network(const char *text);

struct name_buf fixture_name(const char *text);
void fixture_hashes(const struct ruledb *db, const char *text, struct name_hashes *out);
/* ruledb_match for a name as text. */
bool fixture_match(const struct ruledb *db, const char *text, struct listing *out);
/* The same with a record type, a client as text and tags; NULL for none. */
struct fixture_asker {
	uint16_t qtype;
	const char *address;
	const char *const *names;
	const char *const *tags;
	bool whoever;
};
bool fixture_ask(const struct ruledb *db, const char *text,
    const struct fixture_asker *asker, struct listing *out);
/* ruledb_match_address for an address and the name that led to it, as text. */
bool fixture_match_address(
    const struct ruledb *db, const char *address, const char *name, struct listing *out);
/* The test program's own; never freed. */
struct ruledb_scratch *fixture_scratch(void);
/* The bit of a category. */
uint64_t fixture_bit(const struct ruledb *db, const char *category);

#endif
