#include "policy/hold.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "ruledb/builder.h"

#include "fixture.h"

static const char *const NAMES[] = {"moet.gov.vn", "google.com", "facebook.com"};

/* Takes both databases. */
static size_t hold_between(struct ruledb *before, struct ruledb *now, struct hold out[4])
{
	struct fixture_names storage;
	struct config_names names = {.items = storage.items, .count = COUNT_OF(NAMES)};

	for (size_t i = 0; i < COUNT_OF(NAMES); i++) {
		assert_int_equal(
		    name_from_text(&storage.bufs[i], slice_of(NAMES[i]), NULL), OK);
		storage.items[i].name = name_of(&storage.bufs[i]);
	}
	struct ruledb_scratch *scratch = NULL;
	assert_int_equal(ruledb_scratch_new(&scratch), OK);
	struct hold_sides sides = {now, before, scratch};
	size_t count = policy_hold(&sides, &names, out, 4);
	ruledb_scratch_free(scratch);
	ruledb_close(before);
	ruledb_close(now);
	return count;
}

static size_t hold(const struct fixture_rule *old, size_t old_count,
    const struct fixture_rule *fresh, size_t fresh_count, struct hold out[4])
{
	return hold_between(
	    fixture_rules(old, old_count), fixture_rules(fresh, fresh_count), out);
}

/* The feed "games" with one rule more than a name. */
static struct ruledb *games_with(const struct rule *rule)
{
	struct ruledb_builder_options options = {.key = {3, 4}, .max_bytes = 1 << 20};
	struct ruledb_builder *b = NULL;
	struct ruledb *db = NULL;
	unsigned number;
	int fd = memfd_create("rules", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(ruledb_builder_new(&b, &options), OK);
	assert_int_equal(ruledb_builder_feed(b, "games", "games", &number), OK);
	if (rule != NULL)
		assert_int_equal(ruledb_builder_add_rule(b, rule), OK);
	assert_int_equal(ruledb_builder_write(b, fd), OK);
	ruledb_builder_free(b);
	assert_int_equal(ruledb_open_fd(&db, fd, NULL), OK);
	(void)close(fd);
	return db;
}

static const struct fixture_rule OLD[] = {
    {"games", "games", RULE_SUBTREE, "game.vn"},
    {"social", "adult", RULE_SUBTREE, "facebook.com"},
};

static void a_feed_that_newly_covers_a_protected_name_is_held(void **state)
{
	(void)state;
	static const struct fixture_rule FRESH[] = {
	    {"new", "games", RULE_SUBTREE, "google.com"}, /* just configured */
	    {"social", "adult", RULE_SUBTREE, "facebook.com"},
	    {"games", "games", RULE_SUBTREE, "gov.vn"}, /* above moet.gov.vn */
	    {"games", "games", RULE_EXACT, "google.com"},
	    {"games", "games", RULE_SUBTREE, "www.facebook.com"}, /* below: no matter */
	};
	struct hold out[4];

	assert_int_equal(hold(OLD, COUNT_OF(OLD), FRESH, COUNT_OF(FRESH), out), 2);
	assert_int_equal(out[0].feed, 2);
	assert_int_equal(out[0].name, 0);
	assert_int_equal(out[1].feed, 2);
	assert_int_equal(out[1].name, 1);
}

static void what_a_feed_excepts_itself_it_does_not_cover(void **state)
{
	(void)state;
	static const struct fixture_rule FRESH[] = {
	    {"games", "games", RULE_SUBTREE, "google.com"},
	    {"games", "games", RULE_SUBTREE | RULE_EXCEPTION, "google.com"},
	    {"social", "adult", RULE_BELOW, "google.com"},
	};
	struct hold out[4];

	assert_int_equal(hold(OLD, COUNT_OF(OLD), FRESH, COUNT_OF(FRESH), out), 0);
}

static void patterns_and_rules_for_some_cover_names_too(void **state)
{
	(void)state;
	struct rule_terms goo = {.pattern = SLICE_LIT("^goo")};
	struct rule_terms aaaa = {.type_count = 1, .types = {28}};
	struct rule pattern = {.subject = RULE_OF_PATTERN, .terms = &goo};
	struct name_buf name;
	struct hold out[4];

	assert_int_equal(hold_between(games_with(NULL), games_with(&pattern), out), 1);
	assert_int_equal(out[0].name, 1);
	assert_int_equal(hold_between(games_with(&pattern), games_with(&pattern), out), 0);
	assert_int_equal(name_from_text(&name, SLICE_LIT("gov.vn"), NULL), OK);
	struct rule for_some = {.name = name_of(&name), .terms = &aaaa};
	assert_int_equal(hold_between(games_with(NULL), games_with(&for_some), out), 1);
	assert_int_equal(out[0].name, 0);
}

static void a_pattern_that_is_cut_counts_as_one_that_covers(void **state)
{
	(void)state;
	struct rule_terms slow = {
	    .pattern = SLICE_LIT("(?:(?:[a-z.]|[a-y.])+)+[0-9]google")};
	struct rule pattern = {.subject = RULE_OF_PATTERN, .terms = &slow};
	struct hold out[4];

	assert_int_equal(hold_between(games_with(NULL), games_with(&pattern), out), 1);
	assert_int_equal(out[0].name, 1);
	assert_int_equal(hold_between(games_with(&pattern), games_with(&pattern), out), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_feed_that_newly_covers_a_protected_name_is_held),
	    cmocka_unit_test(what_a_feed_excepts_itself_it_does_not_cover),
	    cmocka_unit_test(patterns_and_rules_for_some_cover_names_too),
	    cmocka_unit_test(a_pattern_that_is_cut_counts_as_one_that_covers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
