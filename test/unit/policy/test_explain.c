#include "policy/explain.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "fixture.h"

static void explain(
    const struct fixture *f, unsigned tier, const char *name, struct explanation *out)
{
	struct policy_who who = policy_member(f->policy, (uint8_t)tier);
	struct moment now = {.mono_ms = 1000};
	struct asked a;

	asked_init(&a, f->policy, name);
	policy_explain(f->policy, &who, &a.question, NULL, now, out);
}

static const struct explained_rule *find_rule(
    const struct explanation *e, enum rule_source source, unsigned labels)
{
	for (size_t i = 0; i < e->rule_count; i++)
		if (e->rules[i].source == source && e->rules[i].labels == labels)
			return &e->rules[i];
	return NULL;
}

static size_t winners(const struct explanation *e)
{
	size_t count = 0;
	for (size_t i = 0; i < e->rule_count; i++)
		count += e->rules[i].wins ? 1 : 0;
	return count;
}

static void a_blocked_name_shows_its_feed_and_those_that_lost(void **state)
{
	(void)state;
	static const struct fixture_rule RULES[] = {
	    {"ut1-games", "games", RULE_SUBTREE, "chess.com"},
	    {"ut1-games", "games", RULE_EXACT, "www.chess.com"},
	    {"teens", "adult", RULE_SUBTREE, "chess.com"},
	    {"teens", "adult", RULE_SUBTREE | RULE_EXCEPTION, "www.chess.com"},
	    {"trackers", "ads_tracking", RULE_BELOW, "chess.com"},
	};
	struct explanation e;
	struct fixture f;

	fixture_init(&f);
	fixture_build(&f, RULES, COUNT_OF(RULES));
	explain(&f, PRIMARY, "www.chess.com", &e);
	assert_int_equal(e.verdict.reason, REASON_CATEGORY);
	assert_int_equal(e.verdict.category, GAMES);
	assert_int_equal(e.tier, PRIMARY);
	assert_int_equal(e.rule_count, 5);
	assert_int_equal(winners(&e), 2); /* both of ut1-games */
	const struct explained_rule *rule = find_rule(&e, RULE_OF_FEED, 3);
	assert_non_null(rule);
	for (size_t i = 0; i < e.rule_count; i++) {
		rule = &e.rules[i];
		assert_int_equal(rule->wins, rule->category == GAMES);
		assert_true(rule->in_force);
		if (rule->wins)
			assert_string_equal(rule->feed, "ut1-games");
		assert_int_equal(rule->opens, rule->category == ADULT && rule->labels == 3);
		if (rule->category == ADS)
			assert_int_equal(rule->reach, RULE_REACHES_BELOW);
	}
	assert_int_equal(e.advice, ADVICE_ALLOW);
	assert_int_equal(e.advice_labels, 3);
	fixture_deinit(&f);
}

static void each_verdict_comes_with_the_change_that_would_alter_it(void **state)
{
	(void)state;
	static const struct fixture_rule RULES[] = {
	    {"g", "games", RULE_SUBTREE, "game.vn"},
	    {"g", "games", RULE_SUBTREE, "olm.vn"},
	    {"g", "games", RULE_SUBTREE, "kahoot.it"},
	    {"c", "child_abuse", RULE_SUBTREE, "bad.vn"},
	    {"ok", "allow", RULE_SUBTREE, "kahoot.it"},
	};
	static const struct {
		unsigned tier;
		const char *name;
		enum policy_reason reason;
		enum advice advice;
		unsigned labels;
		size_t rules;
		size_t winners;
	} ROWS[] = {
	    {PRIMARY, "bad.vn", REASON_LOCKED, ADVICE_NONE, 0, 1, 1},
	    {PRIMARY, "a.game.vn", REASON_CATEGORY, ADVICE_ALLOW, 3, 1, 1},
	    {PRIMARY, "b.open.game.vn", REASON_ALLOW, ADVICE_DROP_ALLOW, 3, 2, 1},
	    {PRIMARY, "x.shut.open.game.vn", REASON_DENY, ADVICE_DROP_DENY, 4, 3, 1},
	    {PRIMARY, "www.olm.vn", REASON_NEVER_BLOCK, ADVICE_DENY, 3, 2, 1},
	    {PRIMARY, "kahoot.it", REASON_ALLOW, ADVICE_DENY, 2, 2, 1},
	    {UPPER, "game.vn", REASON_NONE, ADVICE_BLOCK_CATEGORY, 2, 1, 0},
	    {PRIMARY, "x.com", REASON_NONE, ADVICE_DENY, 2, 0, 0},
	    {PRIMARY, "lachan.internal", REASON_PORTAL, ADVICE_NONE, 0, 1, 1},
	};
	struct explanation e;
	struct fixture f;

	fixture_init(&f);
	fixture_allow(&f, PRIMARY, "open.game.vn");
	fixture_deny(&f, PRIMARY, "shut.open.game.vn");
	fixture_never_block(&f, "olm.vn");
	fixture_build(&f, RULES, COUNT_OF(RULES));
	for (size_t i = 0; i < COUNT_OF(ROWS); i++) {
		explain(&f, ROWS[i].tier, ROWS[i].name, &e);
		if (e.verdict.reason != ROWS[i].reason || e.advice != ROWS[i].advice ||
		    e.advice_labels != ROWS[i].labels || e.rule_count != ROWS[i].rules ||
		    winners(&e) != ROWS[i].winners)
			fail_msg("%s: %s, advice %d of %u labels, %zu rules, %zu won",
			    ROWS[i].name, policy_reason_text(e.verdict.reason), e.advice,
			    e.advice_labels, e.rule_count, winners(&e));
	}
	explain(&f, UPPER, "game.vn", &e);
	assert_int_equal(e.advice_category, GAMES);
	assert_false(e.rules[0].in_force);
	explain(&f, PRIMARY, "x.shut.open.game.vn", &e);
	const struct explained_rule *deny = find_rule(&e, RULE_OF_TIER_DENY, 4);
	assert_non_null(deny);
	assert_int_equal(deny->mark.line, 20);
	assert_string_equal(deny->mark.file, "lachan.yaml");
	assert_string_equal(deny->feed, "");
	fixture_deinit(&f);
}

static void a_pause_is_among_the_witnesses(void **state)
{
	(void)state;
	static const struct fixture_rule RULES[] = {
	    {"g", "games", RULE_SUBTREE, "game.vn"}};
	struct policy_state paused;
	struct moment now = {.mono_ms = 1};
	struct explanation e;
	struct fixture f;
	struct asked a;

	fixture_init(&f);
	fixture_build(&f, RULES, COUNT_OF(RULES));
	struct policy_who who = policy_member(f.policy, PRIMARY);
	fixture_state(&f, &paused);
	paused.tiers[PRIMARY].paused_until_ms = 5000;
	asked_init(&a, f.policy, "game.vn");
	policy_explain(f.policy, &who, &a.question, &paused, now, &e);
	assert_int_equal(e.verdict.reason, REASON_PAUSED);
	assert_int_equal(e.rules[0].source, RULE_OF_PAUSE);
	assert_true(e.rules[0].wins);
	assert_int_equal(e.rule_count, 2);
	assert_int_equal(e.advice, ADVICE_RESUME);
	fixture_deinit(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_blocked_name_shows_its_feed_and_those_that_lost),
	    cmocka_unit_test(each_verdict_comes_with_the_change_that_would_alter_it),
	    cmocka_unit_test(a_pause_is_among_the_witnesses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
