#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "unit/ruledb/fixture.h"

enum {
	BLOCK = RULE_SUBTREE,
	EXCEPT = RULE_EXCEPTION,
	FORCE = RULE_IMPORTANT,
	EXCEPT_FORCE = RULE_EXCEPTION | RULE_IMPORTANT
};
#define END             \
	{               \
		NULL, 0 \
	}
#define RULES(...) ((const struct fixture_rule[]){__VA_ARGS__, END})

static void a_subtree_rule_lists_the_name_and_all_below_it(void **state)
{
	(void)state;
	struct ruledb_builder *b = fixture_builder();
	fixture_feed(b, "f", "adult", RULES({"bad.example", BLOCK}));
	struct ruledb *db = fixture_open(b);
	struct listing listing;

	assert_true(fixture_match(db, "bad.example", &listing));
	assert_int_equal(listing.categories, 1);
	assert_int_equal(listing.depth[0], 2);
	assert_int_equal(listing.feeds[0], 1);
	assert_true(fixture_match(db, "a.b.bad.example", &listing));
	assert_int_equal(listing.depth[0], 2);
	assert_false(fixture_match(db, "example", &listing));
	assert_false(fixture_match(db, "notbad.example", &listing));
	assert_false(fixture_match(db, ".", &listing));
	assert_int_equal(listing.categories, 0);
	ruledb_close(db);
}

static void exact_and_below_rules_reach_only_what_they_say(void **state)
{
	(void)state;
	struct ruledb_builder *b = fixture_builder();
	fixture_feed(b, "f", "adult",
	    RULES({"one.example", RULE_EXACT}, {"under.example", RULE_BELOW}));
	struct ruledb *db = fixture_open(b);
	struct listing listing;

	assert_true(fixture_match(db, "one.example", &listing));
	assert_false(fixture_match(db, "www.one.example", &listing));
	assert_false(fixture_match(db, "under.example", &listing));
	assert_true(fixture_match(db, "x.under.example", &listing));
	ruledb_close(db);
}

static void categories_of_all_feeds_are_united_with_their_deepest_rule(void **state)
{
	(void)state;
	struct ruledb_builder *b = fixture_builder();
	fixture_feed(b, "f", "games", RULES({"example.vn", BLOCK}));
	fixture_feed(
	    b, "g", "adult", RULES({"a.example.vn", BLOCK}, {"example.vn", BLOCK}));
	struct ruledb *db = fixture_open(b);
	struct listing listing;

	assert_true(fixture_match(db, "x.a.example.vn", &listing));
	assert_int_equal(
	    listing.categories, fixture_bit(db, "games") | fixture_bit(db, "adult"));
	assert_int_equal(listing.depth[ruledb_category_find(db, "games")], 2);
	assert_int_equal(listing.depth[ruledb_category_find(db, "adult")], 3);
	assert_int_equal(listing.feeds[0], 3);
	ruledb_close(db);
}

static void an_exception_acts_on_its_own_feed_alone(void **state)
{
	(void)state;
	struct ruledb_builder *b = fixture_builder();
	fixture_feed(
	    b, "f", "games", RULES({"example.vn", BLOCK}, {"ok.example.vn", EXCEPT}));
	fixture_feed(b, "g", "adult", RULES({"example.vn", BLOCK}));
	struct ruledb *db = fixture_open(b);
	struct listing listing;

	assert_true(fixture_match(db, "example.vn", &listing));
	assert_int_equal(listing.feeds[0], 3);
	assert_true(fixture_match(db, "ok.example.vn", &listing));
	assert_int_equal(listing.categories, fixture_bit(db, "adult"));
	assert_int_equal(listing.feeds[0], 2);
	assert_false(listing.allowed);
	ruledb_close(db);
}

/* Nearness does not matter within a feed: an exception of the parent wins over a block of
 * the child, as in AdGuard. */
static void ranks_decide_before_nearness(void **state)
{
	(void)state;
	struct ruledb_builder *b = fixture_builder();
	fixture_feed(b, "f", "adult",
	    RULES({"a.vn", EXCEPT}, {"x.a.vn", BLOCK}, {"b.vn", EXCEPT}, {"x.b.vn", FORCE},
	        {"c.vn", EXCEPT_FORCE}, {"x.c.vn", FORCE}, {"d.vn", BLOCK},
	        {"x.d.vn", FORCE}));
	struct ruledb *db = fixture_open(b);
	struct listing listing;

	assert_false(fixture_match(db, "x.a.vn", &listing));
	assert_true(fixture_match(db, "x.b.vn", &listing));
	assert_int_equal(listing.depth[0], 3);
	assert_false(fixture_match(db, "y.b.vn", &listing));
	assert_false(fixture_match(db, "x.c.vn", &listing));
	assert_true(fixture_match(db, "x.d.vn", &listing));
	ruledb_close(db);
}

static void an_allow_feed_is_reported_apart(void **state)
{
	(void)state;
	struct ruledb_builder *b = fixture_builder();
	fixture_feed(b, "f", "adult", RULES({"example.vn", BLOCK}));
	unsigned allow = fixture_feed(
	    b, "g", "allow", RULES({"ok.example.vn", BLOCK}, {"too.example.vn", EXCEPT}));
	struct ruledb *db = fixture_open(b);
	struct listing listing;

	assert_true(fixture_match(db, "x.ok.example.vn", &listing));
	assert_true(listing.allowed);
	assert_int_equal(listing.allowed_depth, 3);
	assert_int_equal(listing.categories, fixture_bit(db, "adult"));
	assert_true(listing.feeds[0] & 1u << allow);
	assert_true(fixture_match(db, "too.example.vn", &listing));
	assert_true(listing.allowed);
	assert_true(fixture_match(db, "other.example.vn", &listing));
	assert_false(listing.allowed);
	assert_int_equal(ruledb_category_find(db, "allow"), -1);
	ruledb_close(db);
}

static void hits_tell_winners_from_losers(void **state)
{
	(void)state;
	struct ruledb_builder *b = fixture_builder();
	fixture_feed(
	    b, "f", "adult", RULES({"example.vn", BLOCK}, {"ok.example.vn", EXCEPT}));
	struct ruledb *db = fixture_open(b);
	struct name_hashes hashes;
	struct ruledb_hit hits[4];

	fixture_hashes(db, "ok.example.vn", &hashes);
	assert_int_equal(ruledb_hits(db, fixture_scratch(),
	                     &(struct ruledb_question){.hashes = &hashes}, hits, 4),
	    2);
	assert_int_equal(hits[0].depth, 2);
	assert_false(hits[0].wins);
	assert_int_equal(hits[1].depth, 3);
	assert_int_equal(hits[1].kind, RULE_EXCEPTION);
	assert_true(hits[1].wins);
	assert_int_equal(ruledb_hits(db, fixture_scratch(),
	                     &(struct ruledb_question){.hashes = &hashes}, hits, 0),
	    2);
	assert_int_equal(ruledb_kinds_of(db, &hashes, 0), 1u << RULE_EXCEPTION);
	assert_true(ruledb_has(db, &hashes));
	ruledb_close(db);
}

/* Every way of matching, against a reading of the rules that is slow and plain. */
struct plain_rule {
	unsigned feed;
	const char *name;
	unsigned kind;
};

static bool plain_reaches(const struct plain_rule *rule, struct dname name)
{
	struct name_buf own = fixture_name(rule->name);
	bool at = name_equal(name, name_of(&own));
	bool below = !at && name_is_at_or_below(name, name_of(&own));
	switch (rule->kind & RULE_REACH_MASK) {
	case RULE_SUBTREE:
		return at || below;
	case RULE_EXACT:
		return at;
	default:
		return below;
	}
}

static bool plain_lists(
    const struct plain_rule *rules, size_t count, unsigned feed, struct dname name)
{
	static const unsigned ranks[] = {EXCEPT_FORCE, FORCE, EXCEPT, BLOCK};
	for (size_t r = 0; r < 4; r++) {
		for (size_t i = 0; i < count; i++) {
			if (rules[i].feed == feed && (rules[i].kind & ~3u) == ranks[r] &&
			    plain_reaches(&rules[i], name))
				return r == 1 || r == 3;
		}
	}
	return false;
}

static void random_rules_match_as_a_plain_reading_does(void **state)
{
	(void)state;
	static const char *const names[] = {
	    "a.vn", "b.a.vn", "c.b.a.vn", "d.c.b.a.vn", "b.vn", "c.b.vn", "a.b.vn", "vn"};
	enum {
		FEEDS = 5,
		RULES_EACH = 4,
		ROUNDS = 200
	};
	uint64_t random = 42;

	for (unsigned round = 0; round < ROUNDS; round++) {
		struct plain_rule rules[FEEDS * RULES_EACH];
		struct ruledb_builder *b = fixture_builder();
		for (unsigned i = 0; i < FEEDS * RULES_EACH; i++) {
			random = hash_mix64(random + i + 1);
			unsigned kind = (unsigned)(random >> 8 & 15);
			kind = (kind & 3) == 3 ? kind & 12u : kind;
			rules[i] =
			    (struct plain_rule){i / RULES_EACH, names[random % 8], kind};
			char category[2] = {(char)('a' + i / RULES_EACH), 0};
			unsigned index;
			if (i % RULES_EACH == 0)
				assert_int_equal(
				    ruledb_builder_feed(b, category, category, &index), OK);
			struct name_buf name = fixture_name(rules[i].name);
			assert_int_equal(ruledb_builder_add(b, name_of(&name), kind), OK);
		}
		struct ruledb *db = fixture_open(b);
		for (size_t n = 0; n < 8; n++) {
			struct name_buf name = fixture_name(names[n]);
			struct listing listing;
			fixture_match(db, names[n], &listing);
			for (unsigned feed = 0; feed < FEEDS; feed++) {
				bool lists = plain_lists(
				    rules, FEEDS * RULES_EACH, feed, name_of(&name));
				assert_int_equal(listing.categories >> feed & 1, lists);
				assert_int_equal(listing.feeds[0] >> feed & 1, lists);
			}
		}
		ruledb_close(db);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_subtree_rule_lists_the_name_and_all_below_it),
	    cmocka_unit_test(exact_and_below_rules_reach_only_what_they_say),
	    cmocka_unit_test(categories_of_all_feeds_are_united_with_their_deepest_rule),
	    cmocka_unit_test(an_exception_acts_on_its_own_feed_alone),
	    cmocka_unit_test(ranks_decide_before_nearness),
	    cmocka_unit_test(an_allow_feed_is_reported_apart),
	    cmocka_unit_test(hits_tell_winners_from_losers),
	    cmocka_unit_test(random_rules_match_as_a_plain_reading_does),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
