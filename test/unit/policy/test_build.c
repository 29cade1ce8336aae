#include "policy/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "fixture.h"

static void one_name_allowed_and_denied_is_a_mistake_at_its_place(void **state)
{
	(void)state;
	struct fixture f;

	fixture_init(&f);
	fixture_allow(&f, PRIMARY, "a.vn");
	fixture_allow(&f, PRIMARY, "a.vn"); /* twice the same is harmless */
	fixture_deny(&f, PRIMARY, "A.vn.");
	fixture_deny(&f, UPPER, "a.vn"); /* another tier may */
	fixture_never_block(&f, ".");
	assert_int_equal(fixture_try(&f), ERR_CONFIG);
	assert_int_equal(f.mistakes.errors, 2);
	assert_int_equal(f.mistakes.items[0].line, 20);
	assert_string_equal(f.mistakes.items[0].file, "lachan.yaml");
	assert_non_null(strstr(f.mistakes.items[0].text, "allowed and denied"));
	assert_int_equal(f.mistakes.items[1].line, 30);
	fixture_deinit(&f);
}

static void categories_that_block_with_no_names_are_told(void **state)
{
	(void)state;
	static const struct fixture_rule RULES[] = {
	    {"g", "games", RULE_SUBTREE, "game.vn"},
	    {"m", "malware", RULE_SUBTREE, "virus.vn"},
	    {"u", "unknown_here", RULE_SUBTREE, "x.vn"},
	};
	uint64_t every = UINT64_C(1) << ADULT | UINT64_C(1) << CHILD | UINT64_C(1) << ADS |
	    UINT64_C(1) << SELF_HARM;
	struct fixture f;

	fixture_init(&f);
	fixture_build(&f, RULES, COUNT_OF(RULES));
	assert_true(policy_empty_categories(f.policy) == every);
	fixture_deinit(&f);

	fixture_init(&f);
	for (size_t t = 0; t < FIXTURE_TIERS; t++)
		f.tiers[t].block = UINT64_C(1) << GAMES;
	fixture_build(&f, NULL, 0); /* no rules at all; locked ones block in every tier */
	assert_true(policy_empty_categories(f.policy) ==
	    (UINT64_C(1) << GAMES | UINT64_C(1) << CHILD));
	assert_true(policy_tier_at(f.policy, STAFF)->block ==
	    (UINT64_C(1) << GAMES | UINT64_C(1) << CHILD));
	fixture_deinit(&f);
}

static void a_policy_outlives_the_configuration_it_came_from(void **state)
{
	(void)state;
	static const struct fixture_rule RULES[] = {
	    {"g", "games", RULE_SUBTREE, "game.vn"}};
	struct fixture f;

	fixture_init(&f);
	fixture_allow(&f, PRIMARY, "a.game.vn");
	fixture_build(&f, RULES, COUNT_OF(RULES));
	memset(f.allow, 0x5a, sizeof f.allow);
	memset(f.tiers, 0x5a, sizeof f.tiers);
	memset(f.categories, 0x5a, sizeof f.categories);
	memset(&f.config, 0x5a, sizeof f.config);
	assert_int_equal(fixture_decide(&f, PRIMARY, "a.game.vn").reason, REASON_ALLOW);
	struct verdict v = fixture_decide(&f, PRIMARY, "b.game.vn");
	assert_int_equal(v.reason, REASON_CATEGORY);
	assert_string_equal(policy_category_at(f.policy, v.category)->name, "games");
	assert_string_equal(policy_tier_at(f.policy, STAFF)->name, "staff");
	assert_int_equal(policy_category_count(f.policy), FIXTURE_CATEGORIES);
	assert_null(policy_category_at(f.policy, FIXTURE_CATEGORIES));
	fixture_deinit(&f);
	policy_free(NULL);
}

static void many_names_are_all_found(void **state)
{
	(void)state;
	static char texts[FIXTURE_NAMES_MAX][32];
	struct fixture f;

	fixture_init(&f);
	for (unsigned i = 0; i < FIXTURE_NAMES_MAX; i++) {
		(void)snprintf(texts[i], sizeof texts[i], "n%u.vn", i);
		fixture_deny(&f, UPPER, texts[i]);
	}
	fixture_build(&f, NULL, 0);
	for (unsigned i = 0; i < FIXTURE_NAMES_MAX; i++)
		assert_int_equal(fixture_decide(&f, UPPER, texts[i]).reason, REASON_DENY);
	assert_int_equal(fixture_decide(&f, UPPER, "n99.vn").reason, REASON_NONE);
	assert_int_equal(fixture_decide(&f, UPPER, "vn").reason, REASON_NONE);
	fixture_deinit(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_name_allowed_and_denied_is_a_mistake_at_its_place),
	    cmocka_unit_test(categories_that_block_with_no_names_are_told),
	    cmocka_unit_test(a_policy_outlives_the_configuration_it_came_from),
	    cmocka_unit_test(many_names_are_all_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
