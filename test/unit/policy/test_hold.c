#include "policy/hold.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "fixture.h"

static const char *const NAMES[] = {"moet.gov.vn", "google.com", "facebook.com"};

static size_t hold(const struct fixture_rule *old, size_t old_count,
    const struct fixture_rule *fresh, size_t fresh_count, struct hold out[4])
{
	struct fixture_names storage;
	struct config_names names = {.items = storage.items, .count = COUNT_OF(NAMES)};
	struct ruledb *before = fixture_rules(old, old_count);
	struct ruledb *now = fixture_rules(fresh, fresh_count);

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

static const struct fixture_rule OLD[] = {
    {"games", "games", RULEDB_SUBTREE, "game.vn"},
    {"social", "adult", RULEDB_SUBTREE, "facebook.com"},
};

static void a_feed_that_newly_covers_a_protected_name_is_held(void **state)
{
	(void)state;
	static const struct fixture_rule FRESH[] = {
	    {"new", "games", RULEDB_SUBTREE, "google.com"}, /* just configured */
	    {"social", "adult", RULEDB_SUBTREE, "facebook.com"},
	    {"games", "games", RULEDB_SUBTREE, "gov.vn"}, /* above moet.gov.vn */
	    {"games", "games", RULEDB_EXACT, "google.com"},
	    {"games", "games", RULEDB_SUBTREE, "www.facebook.com"}, /* below: no matter */
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
	    {"games", "games", RULEDB_SUBTREE, "google.com"},
	    {"games", "games", RULEDB_SUBTREE | RULEDB_EXCEPTION, "google.com"},
	    {"social", "adult", RULEDB_BELOW, "google.com"},
	};
	struct hold out[4];

	assert_int_equal(hold(OLD, COUNT_OF(OLD), FRESH, COUNT_OF(FRESH), out), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_feed_that_newly_covers_a_protected_name_is_held),
	    cmocka_unit_test(what_a_feed_excepts_itself_it_does_not_cover),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
