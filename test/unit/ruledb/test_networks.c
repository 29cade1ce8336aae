/* Networks: what a list says of the addresses in an answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ruledb/internal.h"
#include "unit/ruledb/fixture.h"

#define END             \
	{               \
		NULL, 0 \
	}
#define RULES(...) ((const struct fixture_rule[]){__VA_ARGS__, END})

static void add_network(struct ruledb_builder *b, const char *text, unsigned kind)
{
	struct rule_terms terms = {.network = fixture_network(text)};
	fixture_special(b, NULL, kind, &terms);
}

static void begin(struct ruledb_builder *b, const char *feed)
{
	fixture_feed(b, feed, feed, RULES(END));
	ruledb_builder_feed_options(b, true, true);
}

static bool lists(const struct ruledb *db, const char *address)
{
	struct listing listing;
	return fixture_match_address(db, address, "www.example.vn", &listing);
}

static void the_longest_prefix_of_a_feed_decides(void **state)
{
	(void)state;
	struct ruledb_builder *b = fixture_builder();
	struct listing listing;

	begin(b, "rpz");
	add_network(b, "10.0.0.0/8", 0);
	add_network(b, "10.1.0.0/16", RULE_EXCEPTION);
	add_network(b, "10.1.2.3/32", 0);
	add_network(b, "2001:db8::/32", 0);
	begin(b, "other");
	add_network(b, "10.1.0.0/16", 0);
	struct ruledb *db = fixture_open(b);

	assert_true(ruledb_has_addresses(db));
	assert_true(lists(db, "10.200.0.1"));
	assert_true(fixture_match_address(db, "10.1.0.1", "a.vn", &listing));
	assert_int_equal(listing.categories, fixture_bit(db, "other"));
	assert_true(fixture_match_address(db, "10.1.2.3", "a.vn", &listing));
	assert_int_equal(
	    listing.categories, fixture_bit(db, "other") | fixture_bit(db, "rpz"));
	assert_false(lists(db, "11.0.0.1"));
	assert_true(lists(db, "2001:db8:1::1"));
	assert_false(lists(db, "2001:db9::1"));
	ruledb_close(db);
}

static void prefixes_of_all_lengths_are_found(void **state)
{
	(void)state;
	for (unsigned bits = 0; bits <= 32; bits++) {
		struct ruledb_builder *b = fixture_builder();
		struct rule_terms terms = {.network = {.family = 4, .bits = (uint8_t)bits}};
		uint32_t address =
		    bits == 0 ? 0 : 0xc0a80101u & ~(uint32_t)0 << (32 - bits);
		for (unsigned i = 0; i < 4; i++)
			terms.network.octets[i] = (uint8_t)(address >> (24 - 8 * i));
		begin(b, "rpz");
		fixture_special(b, NULL, 0, &terms);
		struct ruledb *db = fixture_open(b);
		assert_true(lists(db, "192.168.1.1"));
		assert_int_equal(lists(db, "63.168.1.1"), bits == 0);
		assert_false(lists(db, "::"));
		ruledb_close(db);
	}
}

static void a_feed_that_spoke_of_the_name_says_nothing_of_its_addresses(void **state)
{
	(void)state;
	struct ruledb_builder *b = fixture_builder();
	struct listing listing;
	struct name_buf name = fixture_name("ok.vn");

	begin(b, "rpz");
	add_network(b, "10.0.0.0/8", 0);
	assert_int_equal(ruledb_builder_add(b, name_of(&name), RULE_EXCEPTION), OK);
	begin(b, "other");
	add_network(b, "10.0.0.0/8", 0);
	struct ruledb *db = fixture_open(b);

	assert_true(fixture_match_address(db, "10.0.0.1", "www.ok.vn", &listing));
	assert_int_equal(listing.categories, fixture_bit(db, "other"));
	ruledb_close(db);
}

static void data_of_a_network_answer_where_the_feed_may_rewrite(void **state)
{
	(void)state;
	static const uint8_t address[] = {192, 0, 2, 1};
	struct ruledb_builder *b = fixture_builder();
	struct rule_terms terms = {.network = fixture_network("10.0.0.0/8"),
	    .action = RULE_RECORD,
	    .data_type = 1,
	    .data = {address, 4}};
	struct listing listing;

	begin(b, "rpz");
	fixture_special(b, NULL, 0, &terms);
	struct ruledb *db = fixture_open(b);
	assert_true(fixture_match_address(db, "10.9.9.9", "a.vn", &listing));
	assert_int_equal(listing.data_count, 1);
	assert_true(listing.named);
	ruledb_close(db);
}

static void an_allow_feed_opens_addresses(void **state)
{
	(void)state;
	struct ruledb_builder *b = fixture_builder();
	struct listing listing;

	fixture_feed(b, "ok", "allow", RULES(END));
	add_network(b, "10.0.0.0/8", 0);
	struct ruledb *db = fixture_open(b);
	assert_true(fixture_match_address(db, "10.9.9.9", "a.vn", &listing));
	assert_true(listing.allowed);
	assert_int_equal(listing.categories, 0);
	ruledb_close(db);
}

static void a_database_without_networks_is_never_asked(void **state)
{
	(void)state;
	struct ruledb_builder *b = fixture_builder();

	fixture_feed(b, "f", "adult", RULES({"a.vn", 0}));
	struct ruledb *db = fixture_open(b);
	assert_false(ruledb_has_addresses(db));
	assert_false(lists(db, "10.0.0.1"));
	ruledb_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_longest_prefix_of_a_feed_decides),
	    cmocka_unit_test(prefixes_of_all_lengths_are_found),
	    cmocka_unit_test(a_feed_that_spoke_of_the_name_says_nothing_of_its_addresses),
	    cmocka_unit_test(data_of_a_network_answer_where_the_feed_may_rewrite),
	    cmocka_unit_test(an_allow_feed_opens_addresses),
	    cmocka_unit_test(a_database_without_networks_is_never_asked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
