#include "unit/ruledb/fixture.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

struct ruledb_builder *fixture_builder(void)
{
	struct ruledb_builder_options options = {.key = FIXTURE_KEY,
	    .generation = 7,
	    .built_s = 1790000000,
	    .max_bytes = 64 << 20};
	struct ruledb_builder *b;

	assert_int_equal(ruledb_builder_new(&b, &options), OK);
	return b;
}

struct name_buf fixture_name(const char *text)
{
	struct name_buf name;

	assert_int_equal(name_from_text(&name, slice_of(text), NULL), OK);
	return name;
}

unsigned fixture_feed(struct ruledb_builder *b, const char *feed, const char *category,
    const struct fixture_rule *rules)
{
	unsigned index;

	assert_int_equal(ruledb_builder_feed(b, feed, category, &index), OK);
	for (; rules->name != NULL; rules++) {
		struct name_buf name = fixture_name(rules->name);
		assert_int_equal(ruledb_builder_add(b, name_of(&name), rules->kind), OK);
	}
	return index;
}

struct ruledb *fixture_open(struct ruledb_builder *b)
{
	struct ruledb *db;
	struct diag why = {0};
	int fd = memfd_create("rules", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(ruledb_builder_write(b, fd), OK);
	enum err rc = ruledb_open_fd(&db, fd, &why);
	assert_string_equal(why.text, "");
	assert_int_equal(rc, OK);
	close(fd);
	ruledb_builder_free(b);
	return db;
}

uint8_t *fixture_image(struct ruledb_builder *b, size_t *size)
{
	struct ruledb *db = fixture_open(b);
	struct slice bytes = ruledb_bytes(db);
	uint8_t *copy = malloc(bytes.len);

	assert_non_null(copy);
	memcpy(copy, bytes.ptr, bytes.len);
	*size = bytes.len;
	ruledb_close(db);
	return copy;
}

void fixture_hashes(const struct ruledb *db, const char *text, struct name_hashes *out)
{
	struct name_buf name = fixture_name(text);
	name_hash_all(out, name_of(&name), ruledb_key(db));
}

static struct slice octets_of(const char *text, uint8_t octets[16])
{
	int family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;

	assert_int_equal(inet_pton(family, text, octets), 1);
	return (struct slice){octets, family == AF_INET ? 4 : 16};
}

bool fixture_ask(const struct ruledb *db, const char *text,
    const struct fixture_asker *asker, struct listing *out)
{
	struct name_buf name = fixture_name(text);
	struct name_hashes hashes;
	uint8_t octets[16];

	name_hash_all(&hashes, name_of(&name), ruledb_key(db));
	ruledb_prefetch(db, &hashes);
	struct ruledb_question asked = {.name = name_of(&name),
	    .hashes = &hashes,
	    .qtype = asker->qtype,
	    .client_names = asker->names,
	    .tags = asker->tags,
	    .whoever = asker->whoever};
	if (asker->address != NULL)
		asked.client = octets_of(asker->address, octets);
	return ruledb_match(db, fixture_scratch(), &asked, out);
}

bool fixture_match(const struct ruledb *db, const char *text, struct listing *out)
{
	return fixture_ask(db, text, &(struct fixture_asker){.qtype = 1}, out);
}

bool fixture_match_address(
    const struct ruledb *db, const char *address, const char *name, struct listing *out)
{
	struct name_buf own = fixture_name(name);
	struct name_hashes hashes;
	uint8_t octets[16];

	name_hash_all(&hashes, name_of(&own), ruledb_key(db));
	struct ruledb_question asked = {
	    .name = name_of(&own), .hashes = &hashes, .qtype = 1};
	return ruledb_match_address(db, octets_of(address, octets), &asked, out);
}

void fixture_special(struct ruledb_builder *b, const char *name, unsigned kind,
    const struct rule_terms *terms)
{
	struct rule rule = {.kind = kind, .terms = terms};
	struct name_buf own;

	if (name != NULL) {
		own = fixture_name(name);
		rule.name = name_of(&own);
	} else if (terms->pattern.len > 0) {
		rule.subject = RULE_OF_PATTERN;
	} else {
		rule.subject = RULE_OF_NETWORK;
	}
	assert_int_equal(ruledb_builder_add_rule(b, &rule), OK);
}

void fixture_pattern(struct ruledb_builder *b, const char *pattern, unsigned kind)
{
	struct rule_terms terms = {.pattern = slice_of(pattern)};
	fixture_special(b, NULL, kind, &terms);
}

struct rule_network fixture_network(const char *text)
{
	struct slice bits = slice_of(text), address = slice_cut(&bits, '/');
	struct rule_network network = {.family = 0};
	char copy[64];
	uint64_t number = 0;

	assert_true(address.len < sizeof copy);
	memcpy(copy, address.ptr, address.len);
	copy[address.len] = 0;
	network.family = octets_of(copy, network.octets).len == 4 ? 4 : 6;
	assert_true(slice_to_u64(bits, 128, &number));
	network.bits = (uint8_t)number;
	return network;
}

/* One for the whole test program, as a worker has one for all its databases. */
struct ruledb_scratch *fixture_scratch(void)
{
	static struct ruledb_scratch *scratch;

	if (scratch == NULL)
		assert_int_equal(ruledb_scratch_new(&scratch), OK);
	return scratch;
}

uint64_t fixture_bit(const struct ruledb *db, const char *category)
{
	int index = ruledb_category_find(db, category);

	assert_true(index >= 0);
	return UINT64_C(1) << index;
}
