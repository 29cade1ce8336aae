/* Who is told to have decided, and what to do about it, for every kind of rule. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "school.h"

enum {
	HOUR_S = 3600,
	NONE = -1
};

static const char YAML[] =
    "school: {levels: [lower_secondary]}\n"
    "filter:\n"
    "  never_block: [kept.vn]\n"
    "  tiers:\n"
    "    - name: lower_secondary\n"
    "      block: [games, streaming, proxy_vpn_doh]\n"
    "      block_services: [tiktok]\n"
    "      allow: [lesson.vn]\n"
    "      deny: [shut.vn]\n"
    "      safe_search: on\n"
    "      youtube: off\n"
    "      schedules:\n"
    "        - {name: lunch, from: 11:30, to: 13:00, unblock: [games]}\n"
    "        - {name: late, from: 20:00, to: 21:00, block: [dating]}\n"
    "        - {name: exam, from: 15:00, to: 16:00, allow_only: on}\n"
    "    - {name: primary, allow_only: on, schedules: []}\n";

static const char FEEDS[] = "g games game.vn\n"
                            "d dating love.vn\n"
                            "c child_abuse bad.vn\n"
                            "k games kept.vn\n"
                            "x allow fine.vn\n"
                            "g2 games fine.vn\n"
                            "s social_network social.vn\n";

struct witness {
	const char *tier;
	int hour;
	const char *name;
	int source; /* of the winner that is told first, or NONE */
	enum advice advice;
	const char *window; /* that opens or closes it next, or "" */
};

static const struct witness WITNESSES[] = {
    {"lower_secondary", 8, "lachan.internal", RULE_OF_PORTAL, ADVICE_NONE, ""},
    {"lower_secondary", 8, "bad.vn", RULE_OF_FEED, ADVICE_NONE, ""},
    {"lower_secondary", 8, "opened.vn", RULE_OF_GRANT, ADVICE_REVOKE, ""},
    {"lower_secondary", 8, "x.closed.vn", RULE_OF_GRANT, ADVICE_REVOKE, ""},
    {"lower_secondary", 8, "lesson.vn", RULE_OF_TIER_ALLOW, ADVICE_DROP_ALLOW, ""},
    {"lower_secondary", 8, "shut.vn", RULE_OF_TIER_DENY, ADVICE_DROP_DENY, ""},
    {"primary", 8, "any.vn", RULE_OF_ALLOW_ONLY, ADVICE_ALLOW, ""},
    {"lower_secondary", 15, "any.vn", RULE_OF_WINDOW, ADVICE_WINDOW, "exam"},
    {"lower_secondary", 8, "kept.vn", RULE_OF_NEVER_BLOCK, ADVICE_DENY, ""},
    {"lower_secondary", 8, "fine.vn", RULE_OF_FEED, ADVICE_DENY, ""},
    {"lower_secondary", 8, "game.vn", RULE_OF_FEED, ADVICE_ALLOW, "lunch"},
    {"lower_secondary", 12, "game.vn", RULE_OF_WINDOW, ADVICE_DENY, "lunch"},
    {"lower_secondary", 20, "love.vn", RULE_OF_WINDOW, ADVICE_WINDOW, "late"},
    {"lower_secondary", 8, "www.tiktok.com", RULE_OF_SERVICE, ADVICE_DROP_SERVICE, ""},
    {"lower_secondary", 8, "www.youtube.com", RULE_OF_YOUTUBE, ADVICE_ALLOW, ""},
    {"lower_secondary", 8, "www.baidu.com", RULE_OF_SAFE_SEARCH, ADVICE_ALLOW, ""},
    {"lower_secondary", 8, "mask.icloud.com", RULE_OF_BYPASS, ADVICE_ALLOW, ""},
    {"lower_secondary", 8, "social.vn", NONE, ADVICE_BLOCK_CATEGORY, ""},
    {"lower_secondary", 8, "nobody.example", NONE, ADVICE_DENY, ""},
};

static void open_it(struct school *s)
{
	school_open(s, YAML, FEEDS, 0);
	school_grant(s, 4, false, "opened.vn", "all", INT64_MAX);
	school_grant(s, 5, true, "closed.vn", "tier:lower_secondary", INT64_MAX);
}

static void set_hour(struct school *s, int hour)
{
	school_set_clock(s, 20780 * INT64_C(86400) + (int64_t)hour * HOUR_S + 60, 0, true);
	school_publish_grants(s);
}

static void explain(
    const struct school *s, const char *tier, const char *name, struct explanation *out)
{
	struct school_question q;

	school_ask(s, &q, slice_of(tier), slice_of(name));
	policy_explain(s->policy, &q.who, &q.asked, &s->state, s->now, out);
}

static const struct explained_rule *winner_of(const struct explanation *e)
{
	for (size_t i = 0; i < e->rule_count; i++)
		if (e->rules[i].wins)
			return &e->rules[i];
	return NULL;
}

static void check_witness(const struct school *s, const struct witness *w)
{
	static struct explanation e;

	explain(s, w->tier, w->name, &e);
	const struct explained_rule *winner = winner_of(&e);
	int source = winner == NULL ? NONE : (int)winner->source;
	const char *window =
	    e.moves ? policy_window_name(s->policy, e.tier, e.move.window) : "";
	if (source != w->source || e.advice != w->advice || strcmp(window, w->window) != 0)
		fail_msg("%s at %d for %s: by %d (not %d), advice %d (not %d), window %s",
		    w->name, w->hour, w->tier, source, w->source, (int)e.advice,
		    (int)w->advice, window);
	assert_true(winner == NULL || winner->source != RULE_OF_GRANT ||
	    (winner->grant != NULL && winner->grant->id == e.verdict.grant));
}

static void every_kind_of_rule_is_told_with_what_to_do(void **state)
{
	struct school s;

	(void)state;
	open_it(&s);
	for (size_t i = 0; i < COUNT_OF(WITNESSES); i++) {
		set_hour(&s, WITNESSES[i].hour);
		check_witness(&s, &WITNESSES[i]);
	}
	school_close(&s);
}

static void a_trial_and_a_pause_are_told_with_what_would_have_blocked(void **state)
{
	static struct explanation e;
	struct school s;

	(void)state;
	open_it(&s);
	set_hour(&s, 8);
	s.state.enforce = false;
	explain(&s, "lower_secondary", "game.vn", &e);
	assert_int_equal(e.verdict.reason, REASON_TRIAL);
	assert_string_equal(
	    policy_category_at(s.policy, e.verdict.category)->name, "games");
	assert_int_equal(winner_of(&e)->source, RULE_OF_TRIAL);
	assert_int_equal(e.advice, ADVICE_ENFORCE);
	explain(&s, "lower_secondary", "nobody.example", &e);
	assert_null(winner_of(&e));
	s.state.tiers[0].paused_until_ms = 0;
	for (size_t t = 0; t < POLICY_TIERS_MAX; t++)
		s.state.tiers[t].paused_until_ms = UINT64_MAX;
	explain(&s, "lower_secondary", "game.vn", &e);
	assert_int_equal(winner_of(&e)->source, RULE_OF_PAUSE);
	assert_int_equal(e.advice, ADVICE_RESUME);
	school_close(&s);
}

static void where_safe_search_leads_is_told_too(void **state)
{
	static struct explanation e;
	char text[NAME_TEXT_MAX];
	struct school s;

	(void)state;
	open_it(&s);
	set_hour(&s, 8);
	explain(&s, "lower_secondary", "www.google.com", &e);
	assert_int_equal(e.verdict.action, POLICY_PASS);
	assert_non_null(e.alias.name.wire);
	name_to_text(text, e.alias.name);
	assert_string_equal(text, "forcesafesearch.google.com");
	assert_false(e.alias.youtube);
	explain(&s, "lower_secondary", "lesson.vn", &e);
	assert_null(e.alias.name.wire);
	school_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_kind_of_rule_is_told_with_what_to_do),
	    cmocka_unit_test(a_trial_and_a_pause_are_told_with_what_would_have_blocked),
	    cmocka_unit_test(where_safe_search_leads_is_told_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
