#include "policy/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "fixture.h"

enum {
	NONE = POLICY_NO_CATEGORY
};

/* What is expected of one name in one tier. */
struct expected {
	unsigned tier;
	const char *name;
	enum policy_action action;
	enum policy_reason reason;
	unsigned category;
	unsigned labels;
};

static void check_rows(const struct fixture *f, const struct expected *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct expected *e = &rows[i];
		struct verdict v = fixture_decide(f, e->tier, e->name);
		if (v.action != e->action || v.reason != e->reason ||
		    v.category != e->category || v.matched_labels != e->labels)
			fail_msg("%s in tier %u: %s %s, category %u, %u labels", e->name,
			    e->tier, v.action == POLICY_BLOCK ? "blocked" : "passed",
			    policy_reason_text(v.reason), v.category, v.matched_labels);
		assert_true(v.valid_until_ms == UINT64_MAX);
	}
}

#define CHECK(f, rows) check_rows(&(f), rows, COUNT_OF(rows))

static void row_1_a_locked_category_is_opened_by_nothing(void **state)
{
	(void)state;
	static const struct fixture_rule RULES[] = {
	    {"iwf", "child_abuse", RULE_SUBTREE, "bad.vn"},
	    {"good", "allow", RULE_SUBTREE, "bad.vn"},
	};
	static const struct expected ROWS[] = {
	    {PRIMARY, "bad.vn", POLICY_BLOCK, REASON_LOCKED, CHILD, 2},
	    {PRIMARY, "www.bad.vn", POLICY_BLOCK, REASON_LOCKED, CHILD, 2},
	    {STAFF, "a.b.bad.vn", POLICY_BLOCK, REASON_LOCKED, CHILD, 2},
	};
	struct fixture f;

	fixture_init(&f);
	for (unsigned t = 0; t < FIXTURE_TIERS; t++)
		fixture_allow(&f, t, "www.bad.vn");
	fixture_never_block(&f, "bad.vn");
	fixture_build(&f, RULES, COUNT_OF(RULES));
	CHECK(f, ROWS);
	struct verdict v = fixture_decide(&f, STAFF, "bad.vn");
	assert_true(v.locked);
	assert_true(v.sensitive);
	fixture_deinit(&f);
}

static void row_3_the_longest_name_of_allow_and_deny_wins(void **state)
{
	(void)state;
	static const struct fixture_rule RULES[] = {
	    {"g", "games", RULE_SUBTREE, "game.vn"},
	    {"m", "malware", RULE_SUBTREE, "virus.vn"},
	};
	static const struct expected ROWS[] = {
	    {PRIMARY, "game.vn", POLICY_BLOCK, REASON_CATEGORY, GAMES, 2},
	    {PRIMARY, "learn.game.vn", POLICY_PASS, REASON_ALLOW, NONE, 3},
	    {PRIMARY, "x.learn.game.vn", POLICY_PASS, REASON_ALLOW, NONE, 3},
	    {PRIMARY, "chat.learn.game.vn", POLICY_BLOCK, REASON_DENY, GAMES, 4},
	    {PRIMARY, "ok.chat.learn.game.vn", POLICY_PASS, REASON_ALLOW, NONE, 5},
	    {PRIMARY, "virus.vn", POLICY_PASS, REASON_ALLOW, NONE, 2},
	    {PRIMARY, "denied.vn", POLICY_BLOCK, REASON_DENY, CUSTOM, 2},
	    {PRIMARY, "moet.gov.vn", POLICY_BLOCK, REASON_DENY, CUSTOM, 3},
	    {UPPER, "denied.vn", POLICY_PASS, REASON_NONE, NONE, 0},
	};
	struct fixture f;

	fixture_init(&f);
	fixture_allow(&f, PRIMARY, "learn.game.vn");
	fixture_deny(&f, PRIMARY, "chat.learn.game.vn");
	fixture_allow(&f, PRIMARY, "ok.chat.learn.game.vn");
	fixture_allow(&f, PRIMARY, "virus.vn");
	fixture_deny(&f, PRIMARY, "denied.vn");
	fixture_deny(&f, PRIMARY, "moet.gov.vn");
	fixture_never_block(&f, "gov.vn");
	fixture_build(&f, RULES, COUNT_OF(RULES));
	CHECK(f, ROWS);
	fixture_deinit(&f);
}

static void row_5_never_block_holds_against_content_feeds(void **state)
{
	(void)state;
	static const struct fixture_rule RULES[] = {
	    {"g", "games", RULE_SUBTREE, "olm.vn"},
	    {"g", "games", RULE_EXACT, "game.olm.vn"},
	    {"m", "malware", RULE_SUBTREE, "olm.vn"},
	    {"m", "malware", RULE_SUBTREE, "hacked.gov.vn"},
	    {"a", "ads_tracking", RULE_SUBTREE, "ioe.vn"},
	    {"a", "ads_tracking", RULE_SUBTREE, "advzone.ioe.vn"},
	};
	static const struct expected ROWS[] = {
	    /* The content feed is silenced at and below the name; an exact entry of a
	     * security feed blocks that name, not those below it. */
	    {PRIMARY, "olm.vn", POLICY_BLOCK, REASON_CATEGORY, MALWARE, 2},
	    {PRIMARY, "www.olm.vn", POLICY_PASS, REASON_NEVER_BLOCK, NONE, 2},
	    {PRIMARY, "game.olm.vn", POLICY_PASS, REASON_NEVER_BLOCK, NONE, 2},
	    {PRIMARY, "hacked.gov.vn", POLICY_BLOCK, REASON_CATEGORY, MALWARE, 3},
	    {PRIMARY, "www.hacked.gov.vn", POLICY_PASS, REASON_NEVER_BLOCK, NONE, 2},
	    /* Trackers: the more specific name wins. */
	    {PRIMARY, "ioe.vn", POLICY_PASS, REASON_NEVER_BLOCK, NONE, 2},
	    {PRIMARY, "www.ioe.vn", POLICY_PASS, REASON_NEVER_BLOCK, NONE, 2},
	    {PRIMARY, "advzone.ioe.vn", POLICY_BLOCK, REASON_CATEGORY, ADS, 3},
	    {PRIMARY, "x.advzone.ioe.vn", POLICY_BLOCK, REASON_CATEGORY, ADS, 3},
	    {UPPER, "advzone.ioe.vn", POLICY_PASS, REASON_NEVER_BLOCK, NONE, 2},
	    {PRIMARY, "moet.gov.vn", POLICY_PASS, REASON_NEVER_BLOCK, NONE, 2},
	    {PRIMARY, "vn", POLICY_PASS, REASON_NONE, NONE, 0},
	};
	struct fixture f;

	fixture_init(&f);
	fixture_never_block(&f, "olm.vn");
	fixture_never_block(&f, "gov.vn");
	fixture_never_block(&f, "ioe.vn");
	fixture_build(&f, RULES, COUNT_OF(RULES));
	CHECK(f, ROWS);
	fixture_deinit(&f);
}

static void row_6_the_tiers_categories_decide_the_rest(void **state)
{
	(void)state;
	static const struct fixture_rule RULES[] = {
	    {"g", "games", RULE_SUBTREE, "game.vn"},
	    {"s", "self_harm", RULE_SUBTREE, "vn-help.com"},
	    {"g2", "games", RULE_SUBTREE, "www.vn-help.com"},
	    {"u", "unknown_here", RULE_SUBTREE, "new.vn"},
	    {"a", "ads_tracking", RULE_EXACT, "ads.vn"},
	};
	static const struct expected ROWS[] = {
	    {PRIMARY, "game.vn", POLICY_BLOCK, REASON_CATEGORY, GAMES, 2},
	    {UPPER, "game.vn", POLICY_PASS, REASON_NONE, NONE, 0},
	    /* Sensitive before the order of categories, and nearness hides nothing. */
	    {PRIMARY, "www.vn-help.com", POLICY_BLOCK, REASON_CATEGORY, SELF_HARM, 2},
	    {UPPER, "www.vn-help.com", POLICY_BLOCK, REASON_CATEGORY, SELF_HARM, 2},
	    {STAFF, "www.vn-help.com", POLICY_PASS, REASON_NONE, NONE, 0},
	    {PRIMARY, "new.vn", POLICY_PASS, REASON_NONE, NONE, 0},
	    {PRIMARY, "ads.vn", POLICY_BLOCK, REASON_CATEGORY, ADS, 2},
	    {PRIMARY, "www.ads.vn", POLICY_PASS, REASON_NONE, NONE, 0},
	    {PRIMARY, ".", POLICY_PASS, REASON_NONE, NONE, 0},
	    {PRIMARY, "never-heard-of.com", POLICY_PASS, REASON_NONE, NONE, 0},
	};
	struct fixture f;

	fixture_init(&f);
	fixture_build(&f, RULES, COUNT_OF(RULES));
	CHECK(f, ROWS);
	assert_int_equal(fixture_decide(&f, PRIMARY, "ads.vn").answer, RULES_ANSWER_NULL);
	assert_int_equal(
	    fixture_decide(&f, PRIMARY, "game.vn").answer, RULES_ANSWER_WARNING);
	assert_true(fixture_decide(&f, PRIMARY, "vn-help.com").sensitive);
	fixture_deinit(&f);
}

static void a_feed_allow_excepts_from_content_not_from_security(void **state)
{
	(void)state;
	static const struct fixture_rule RULES[] = {
	    {"g", "games", RULE_SUBTREE, "kahoot.it"},
	    {"m", "malware", RULE_SUBTREE, "bad.kahoot.it"},
	    {"own", "games", RULE_SUBTREE, "chess.com"},
	    {"own", "games", RULE_SUBTREE | RULE_EXCEPTION, "learn.chess.com"},
	    {"other", "adult", RULE_SUBTREE, "chess.com"},
	    {"ok", "allow", RULE_SUBTREE, "kahoot.it"},
	};
	static const struct expected ROWS[] = {
	    {PRIMARY, "kahoot.it", POLICY_PASS, REASON_ALLOW, NONE, 2},
	    {PRIMARY, "www.kahoot.it", POLICY_PASS, REASON_ALLOW, NONE, 2},
	    {PRIMARY, "bad.kahoot.it", POLICY_BLOCK, REASON_CATEGORY, MALWARE, 3},
	    {UPPER, "kahoot.it", POLICY_PASS, REASON_NONE, NONE, 0},
	    /* An exception acts on its own feed. */
	    {PRIMARY, "learn.chess.com", POLICY_BLOCK, REASON_CATEGORY, ADULT, 2},
	};
	struct fixture f;

	fixture_init(&f);
	fixture_build(&f, RULES, COUNT_OF(RULES));
	CHECK(f, ROWS);
	fixture_deinit(&f);
}

static void the_portal_is_answered_by_us_for_everybody(void **state)
{
	(void)state;
	struct fixture f;

	fixture_init(&f);
	fixture_allow(&f, STAFF, "lachan.internal");
	fixture_build(&f, NULL, 0);
	for (unsigned t = 0; t < FIXTURE_TIERS; t++) {
		struct verdict v = fixture_decide(&f, t, "lachan.internal");
		assert_int_equal(v.action, POLICY_BLOCK);
		assert_int_equal(v.reason, REASON_PORTAL);
		assert_int_equal(v.answer, RULES_ANSWER_WARNING);
		assert_int_equal(v.category, POLICY_NO_CATEGORY);
	}
	assert_int_equal(
	    fixture_decide(&f, PRIMARY, "www.lachan.internal").reason, REASON_NONE);
	fixture_deinit(&f);
}

static struct verdict decide_paused(
    const struct fixture *f, unsigned tier, const char *name, uint64_t now_ms)
{
	struct policy_who who = policy_member(f->policy, (uint8_t)tier);
	struct moment now = {.mono_ms = now_ms};
	struct policy_state state;
	struct asked a;

	fixture_state(f, &state);
	state.tiers[PRIMARY].paused_until_ms = 5000;
	asked_init(&a, f->policy, name);
	return policy_decide(f->policy, &who, &a.question, &state, now);
}

static void a_pause_lifts_content_and_deny_until_it_ends(void **state)
{
	(void)state;
	static const struct fixture_rule RULES[] = {
	    {"g", "games", RULE_SUBTREE, "game.vn"},
	    {"g", "games", RULE_SUBTREE, "virus.vn"},
	    {"m", "malware", RULE_SUBTREE, "virus.vn"},
	    {"iwf", "child_abuse", RULE_SUBTREE, "bad.vn"},
	};
	struct fixture f;

	fixture_init(&f);
	fixture_deny(&f, PRIMARY, "denied.vn");
	fixture_build(&f, RULES, COUNT_OF(RULES));
	struct verdict v = decide_paused(&f, PRIMARY, "game.vn", 4999);
	assert_int_equal(v.action, POLICY_PASS);
	assert_int_equal(v.reason, REASON_PAUSED);
	assert_int_equal(v.category, GAMES);
	assert_true(v.valid_until_ms == 5000);
	v = decide_paused(&f, PRIMARY, "denied.vn", 4999);
	assert_int_equal(v.reason, REASON_PAUSED);
	v = decide_paused(&f, PRIMARY, "game.vn", 5000);
	assert_int_equal(v.action, POLICY_BLOCK);
	v = decide_paused(&f, PRIMARY, "virus.vn", 1);
	assert_int_equal(v.action, POLICY_BLOCK);
	assert_int_equal(v.category, MALWARE);
	assert_int_equal(decide_paused(&f, PRIMARY, "bad.vn", 1).reason, REASON_LOCKED);
	assert_int_equal(decide_paused(&f, UPPER, "virus.vn", 1).reason, REASON_CATEGORY);
	assert_int_equal(decide_paused(&f, PRIMARY, "olm.vn", 1).reason, REASON_NONE);
	fixture_deinit(&f);
}

static void without_rules_the_schools_own_lists_still_work(void **state)
{
	(void)state;
	static const struct expected ROWS[] = {
	    {PRIMARY, "denied.vn", POLICY_BLOCK, REASON_DENY, CUSTOM, 2},
	    {PRIMARY, "game.vn", POLICY_PASS, REASON_NONE, NONE, 0},
	};
	struct fixture f;

	fixture_init(&f);
	fixture_deny(&f, PRIMARY, "denied.vn");
	fixture_build(&f, NULL, 0);
	CHECK(f, ROWS);
	struct verdict v = policy_refuse();
	assert_int_equal(v.action, POLICY_BLOCK);
	assert_int_equal(v.reason, REASON_NO_RULES);
	assert_int_equal(v.answer, RULES_ANSWER_REFUSED);
	fixture_deinit(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(row_1_a_locked_category_is_opened_by_nothing),
	    cmocka_unit_test(row_3_the_longest_name_of_allow_and_deny_wins),
	    cmocka_unit_test(row_5_never_block_holds_against_content_feeds),
	    cmocka_unit_test(row_6_the_tiers_categories_decide_the_rest),
	    cmocka_unit_test(a_feed_allow_excepts_from_content_not_from_security),
	    cmocka_unit_test(the_portal_is_answered_by_us_for_everybody),
	    cmocka_unit_test(a_pause_lifts_content_and_deny_until_it_ends),
	    cmocka_unit_test(without_rules_the_schools_own_lists_still_work),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
