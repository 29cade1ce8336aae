/* Calendars, states and their borders, grants as an index. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "school.h"

enum {
	HOUR_S = 3600
};

/* ---- calendar ---------------------------------------------------------------------------------- */

static int32_t turning(void *arg, int64_t wall_s)
{
	return wall_s >= *(int64_t *)arg ? 2 * HOUR_S : HOUR_S;
}

static void a_calendar_finds_the_second_in_which_clocks_turn(void **state)
{
	struct calendar c;
	int64_t turn = 1774746000;

	(void)state;
	calendar_make(&c, turning, &turn, turn - 1000000);
	assert_int_equal(c.count, 2);
	assert_true(calendar_next_change(&c, turn - 1) == turn);
	assert_true(calendar_next_change(&c, turn) == INT64_MAX);
	struct local_time before = calendar_local(&c, turn - 1);
	struct local_time after = calendar_local(&c, turn);
	assert_int_equal(before.minute, 119);
	assert_int_equal(before.second, 59);
	assert_int_equal(after.minute, 180);
	assert_int_equal(before.weekday, 6);
	assert_int_equal(before.day, after.day);
}

static int32_t restless(void *arg, int64_t wall_s)
{
	(void)arg;
	return wall_s / (10 * CALENDAR_DAY_S) % 2 == 0 ? 0 : HOUR_S;
}

static void a_zone_that_never_rests_fills_the_calendar_and_no_more(void **state)
{
	struct calendar c;

	(void)state;
	calendar_make(&c, restless, NULL, 1000000000);
	assert_int_equal(c.count, CALENDAR_SPANS_MAX);
}

static void days_before_1970_and_an_empty_calendar_are_fine(void **state)
{
	static const struct calendar UTC = {.count = 0};
	struct local_time t;

	(void)state;
	t = calendar_local(&UTC, -1);
	assert_int_equal(t.day, -1);
	assert_int_equal(t.minute, 1439);
	assert_int_equal(t.weekday, 2); /* Wednesday */
	t = calendar_local(&UTC, 0);
	assert_int_equal(t.weekday, 3);
	t = calendar_local(&UTC, -5 * CALENDAR_DAY_S);
	assert_int_equal(t.weekday, 5);
	assert_int_equal(school_day(SLICE_LIT("2026-11-23")), 20780);
	assert_int_equal(school_day(SLICE_LIT("1970-01-01")), 0);
	assert_int_equal(school_day(SLICE_LIT("2000-02-29")), 11016);
}

/* ---- states ------------------------------------------------------------------------------------- */

static const char YAML[] =
    "school: {levels: [lower_secondary]}\n"
    "filter:\n"
    "  groups: [{name: phong-tin-1, clients: [10.1.1.0/24]}]\n"
    "  tiers:\n"
    "    - name: lower_secondary\n"
    "      block: [games]\n"
    "      schedules:\n"
    "        - {name: noon, from: 11:30, to: 13:00, unblock: [games]}\n"
    "        - {name: exam, from: 12:00, to: 12:30, allow_only: on}\n"
    "        - {name: shut, from: 12:15, to: 14:00, block: [adult]}\n"
    "    - {name: staff, schedules: []}\n";

static uint8_t tier_of(const struct school *s, const char *name)
{
	uint8_t tier = 0;
	assert_true(policy_find_tier(s->policy, name, &tier));
	return tier;
}

static int64_t at(int hour, int minute)
{
	return 20780 * INT64_C(86400) + hour * HOUR_S + minute * INT64_C(60);
}

static void a_state_names_the_window_that_matters_and_the_next_border(void **state)
{
	struct school s;

	(void)state;
	school_open(&s, YAML, "g games game.vn\n", 0);
	const struct policy_tier_state *t = &s.state.tiers[tier_of(&s, "lower_secondary")];
	const struct policy_tier_state *staff = &s.state.tiers[tier_of(&s, "staff")];
	school_set_clock(&s, at(11, 0), 0, true);
	assert_int_equal(t->window, POLICY_NO_WINDOW);
	assert_true(t->changes_at_ms == s.now.mono_ms + 30 * 60000);
	assert_true(staff->changes_at_ms == UINT64_MAX);
	assert_true(s.state.changes_at_ms <= t->changes_at_ms);
	school_set_clock(&s, at(11, 45), 0, true);
	assert_string_equal(
	    policy_window_name(s.policy, tier_of(&s, "lower_secondary"), t->window),
	    "noon");
	school_set_clock(&s, at(12, 20), 0, true);
	assert_string_equal(
	    policy_window_name(s.policy, tier_of(&s, "lower_secondary"), t->window),
	    "exam");
	assert_true(t->allow_only);
	assert_int_equal(t->windows, 7);
	school_set_clock(&s, at(12, 45), 0, true);
	assert_string_equal(
	    policy_window_name(s.policy, tier_of(&s, "lower_secondary"), t->window),
	    "shut");
	assert_string_equal(policy_window_name(s.policy, 200, 0), "");
	assert_string_equal(policy_service_name(s.policy, POLICY_NO_SERVICE), "");
	assert_string_equal(policy_service_title(s.policy, POLICY_NO_SERVICE), "");
	school_close(&s);
}

static void a_state_is_stale_when_the_clock_is_another_one(void **state)
{
	struct school s;

	(void)state;
	school_open(&s, YAML, "", 0);
	school_set_clock(&s, at(11, 0), 0, true);
	struct moment m = s.now;
	m.mono_ms += 10000;
	m.wall_s += 11; /* slewed a little */
	assert_false(policy_state_is_stale(&s.state, m));
	m.wall_s += 2;
	assert_true(policy_state_is_stale(&s.state, m));
	m.wall_s -= 8;
	assert_true(policy_state_is_stale(&s.state, m));
	m = s.now;
	m.wall_trusted = false;
	assert_true(policy_state_is_stale(&s.state, m));
	m = s.now;
	m.mono_ms = s.state.changes_at_ms;
	m.wall_s += (int64_t)((m.mono_ms - s.now.mono_ms) / 1000);
	assert_true(policy_state_is_stale(&s.state, m));
	school_close(&s);
}

static void a_pause_and_grants_outlive_a_new_state(void **state)
{
	struct school s;

	(void)state;
	school_open(&s, YAML, "", 0);
	school_grant(&s, 3, true, "a.vn", "all", INT64_MAX);
	school_publish_grants(&s);
	s.state.tiers[1].paused_until_ms = 77;
	school_set_clock(&s, at(12, 0), 0, true);
	assert_true(s.state.tiers[1].paused_until_ms == 77);
	assert_ptr_equal(s.state.grants, s.grants);
	school_close(&s);
}

/* ---- grants -------------------------------------------------------------------------------------- */

static void grants_for_nobody_are_left_out(void **state)
{
	struct school s;

	(void)state;
	school_open(&s, YAML, "", 0);
	school_grant(&s, 1, true, "a.vn", "tier:nobody", INT64_MAX);
	school_grant(&s, 2, true, "a.vn", "group:nobody", INT64_MAX);
	school_grant(&s, 3, true, ".", "all", INT64_MAX);
	school_grant(&s, 4, false, "b.vn", "group:phong-tin-1", INT64_MAX);
	school_publish_grants(&s);
	assert_int_equal(grants_count(s.grants), 1);
	const struct grant *g = grants_at(s.grants, 0);
	assert_int_equal(g->id, 4);
	assert_string_equal(g->subject, "phong-tin-1");
	assert_string_equal(g->by, "thay-nam");
	assert_string_equal(g->reason, "lesson");
	grants_free(NULL);
	school_close(&s);
}

static void a_grant_ends_by_whichever_clock_is_first(void **state)
{
	struct grant g = {
	    .id = 1, .until_wall_s = 5000, .until_mono_ms = 900000, .by = "", .reason = ""};
	struct moment now = {800000, 4900, true};

	(void)state;
	assert_true(grant_is_live(&g, now));
	assert_true(grant_end_ms(&g, now) == 900000);
	g.until_mono_ms = UINT64_MAX;
	assert_true(grant_end_ms(&g, now) == 900000);
	now.wall_s = 5000;
	assert_false(grant_is_live(&g, now));
	assert_true(grant_end_ms(&g, now) == now.mono_ms);
	now = (struct moment){900000, 100, true}; /* the clock was put back */
	assert_true(grant_is_live(&g, now));
	g.until_mono_ms = 900000;
	assert_false(grant_is_live(&g, now));
	g = (struct grant){.id = 2, .always = true}; /* 0: no such end is known */
	assert_true(grant_is_live(&g, now));
	assert_true(grant_end_ms(&g, now) == UINT64_MAX);
	now.wall_trusted = false;
	assert_false(grant_is_live(&g, now));
	g.deny = true;
	assert_true(grant_is_live(&g, now));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_calendar_finds_the_second_in_which_clocks_turn),
	    cmocka_unit_test(a_zone_that_never_rests_fills_the_calendar_and_no_more),
	    cmocka_unit_test(days_before_1970_and_an_empty_calendar_are_fine),
	    cmocka_unit_test(a_state_names_the_window_that_matters_and_the_next_border),
	    cmocka_unit_test(a_state_is_stale_when_the_clock_is_another_one),
	    cmocka_unit_test(a_pause_and_grants_outlive_a_new_state),
	    cmocka_unit_test(grants_for_nobody_are_left_out),
	    cmocka_unit_test(a_grant_ends_by_whichever_clock_is_first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
