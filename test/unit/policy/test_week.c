/* A week of a school, minute by minute: what the timetable, exam days, grants and the clock's
 * troubles make of a few names, against a model that shares nothing with lib/policy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "school.h"

enum {
	HOUR_S = 3600,
	DAY_S = 86400,
	VN_S = 7 * HOUR_S,
	WEEK_MIN = 7 * 24 * 60,
	MONDAY = 20808 /* 2026-12-21, a Monday: the week of the exams */
};

static const char YAML[] =
    "school: {levels: [lower_secondary, upper_secondary]}\n"
    "filter:\n"
    "  never_block: [bo-giao-duc.vn]\n"
    "  groups: [{name: phong-tin-1, clients: [10.1.1.0/24]}]\n"
    "  tiers:\n"
    "    - name: lower_secondary\n"
    "      block: [games, gambling, social_network]\n"
    "      block_services: [tiktok]\n"
    "      allow: [lesson.vn]\n"
    "      youtube: moderate\n"
    "      safe_search: off\n"
    "      schedules:\n"
    "        - {name: lunch, days: [mon, tue, wed, thu, fri], from: 11:30, to: 13:00, unblock: [games, tiktok]}\n"
    "        - {name: quiet, days: [wed], from: 12:15, to: 12:45, block: [games]}\n"
    "        - {name: exam, dates: [2026-12-22..2026-12-23], from: 07:00, to: 10:30, allow_only: on}\n"
    "    - name: upper_secondary\n"
    "      block: [gambling]\n"
    "      block_services: []\n"
    "      youtube: moderate\n"
    "      safe_search: off\n"
    "      schedules:\n"
    "        - {name: night, days: [sun, mon, tue, wed, thu], from: 22:00, to: 05:30, block: [games, streaming]}\n"
    "        - {name: exam, dates: [2026-12-24], from: 00:00, to: 24:00, block: [social_network]}\n";

static const char FEEDS[] = "g games game.vn\n"
                            "b gambling bet.vn\n"
                            "s social_network social.vn\n"
                            "v streaming film.vn\n"
                            "c child_abuse bad.vn\n";

enum subject {
	GAME,
	BET,
	SOCIAL,
	FILM,
	BAD,
	TIKTOK,
	LESSON,
	MINISTRY,
	OTHER,
	SUBJECTS
};

static const char *const NAMES[SUBJECTS] = {
    [GAME] = "www.game.vn",
    [BET] = "bet.vn",
    [SOCIAL] = "social.vn",
    [FILM] = "film.vn",
    [BAD] = "bad.vn",
    [TIKTOK] = "www.tiktok.com",
    [LESSON] = "lesson.vn",
    [MINISTRY] = "www.bo-giao-duc.vn",
    [OTHER] = "nobody-knows.example",
};

/* ---- the model ------------------------------------------------------------------------------------ */

/* The school's wall clock, in plain numbers. */
struct wall {
	int day; /* 0: Monday, 6: Sunday */
	int minute;
};

/* Tuesday, 09:00 to 09:45: a teacher opens the game for room 1 in the middle of the exam; from
 * Thursday noon on the tier lower_secondary may not see film.vn, for a day. */
static bool granted_game(struct wall t)
{
	return t.day == 1 && t.minute >= 9 * 60 && t.minute < 9 * 60 + 45;
}

static bool denied_film(struct wall t)
{
	int at = t.day * 1440 + t.minute;
	return at >= 3 * 1440 + 720 && at < 4 * 1440 + 720;
}

static bool in_lunch(struct wall t)
{
	return t.day <= 4 && t.minute >= 690 && t.minute < 780;
}

static bool in_quiet(struct wall t)
{
	return t.day == 2 && t.minute >= 735 && t.minute < 765;
}

static bool in_exam(struct wall t)
{
	return (t.day == 1 || t.day == 2) && t.minute >= 420 && t.minute < 630;
}

static bool lower_passes(enum subject s, struct wall t, bool in_room)
{
	if (s == BAD)
		return false;
	if (s == GAME && in_room && granted_game(t))
		return true;
	if (s == FILM && denied_film(t))
		return false;
	if (s == LESSON || s == MINISTRY)
		return true;
	if (in_exam(t))
		return false;
	if (s == GAME)
		return in_lunch(t) && !in_quiet(t);
	if (s == TIKTOK)
		return in_lunch(t);
	return s == FILM || s == OTHER;
}

/* Sunday to Thursday evening, into the next morning. */
static bool in_night(struct wall t)
{
	bool evening = t.minute >= 1320 && (t.day == 6 || t.day <= 3);
	bool morning = t.minute < 330 && t.day <= 4;
	return evening || morning;
}

static bool upper_passes(enum subject s, struct wall t)
{
	if (s == BAD || s == BET)
		return false;
	if (s == GAME || s == FILM)
		return !in_night(t);
	if (s == SOCIAL)
		return t.day != 3;
	return true;
}

/* ---- the week ---------------------------------------------------------------------------------------- */

static int64_t wall_of(int minute)
{
	return (int64_t)MONDAY * DAY_S - VN_S + (int64_t)minute * 60;
}

static void open_week(struct school *s)
{
	school_open(s, YAML, FEEDS, VN_S);
	school_set_clock(s, wall_of(0), 0, true);
}

/* Grants are given when their time has come, as people do. */
static void give_grants(struct school *s, int minute)
{
	if (minute == 1440 + 540)
		school_grant(
		    s, 1, false, "game.vn", "group:phong-tin-1", wall_of(1440 + 585));
	else if (minute == 3 * 1440 + 720)
		school_grant(
		    s, 2, true, "film.vn", "tier:lower_secondary", wall_of(4 * 1440 + 720));
	else
		return;
	school_publish_grants(s);
}

static void expect(const struct school *s, const char *who, enum subject subject,
    struct wall t, bool passes)
{
	struct school_question q;

	school_ask(s, &q, slice_of(who), slice_of(NAMES[subject]));
	struct verdict v = school_decide(s, &q);
	if ((v.action == POLICY_PASS) != passes)
		fail_msg("%s for %s on day %d at %02d:%02d: %s by %s", NAMES[subject], who,
		    t.day, t.minute / 60, t.minute % 60,
		    v.action == POLICY_PASS ? "passes" : "blocked",
		    policy_reason_text(v.reason));
}

static void expect_all(const struct school *s, int minute)
{
	const struct wall t = {minute / 1440 % 7, minute % 1440};

	for (enum subject i = 0; i < SUBJECTS; i++) {
		expect(s, "lower_secondary", i, t, lower_passes(i, t, false));
		expect(s, "lower_secondary/phong-tin-1", i, t, lower_passes(i, t, true));
		expect(s, "upper_secondary", i, t, upper_passes(i, t));
	}
}

/* Main makes a new state when the old one is stale, and only then: so the borders that a state
 * names for itself must be all there are. */
static void every_minute_of_a_week_is_as_the_timetable_says(void **state)
{
	struct school s;
	unsigned states = 1;

	(void)state;
	open_week(&s);
	for (int minute = 0; minute < WEEK_MIN; minute++) {
		s.now.wall_s = wall_of(minute);
		s.now.mono_ms = SCHOOL_MONO_MS + (uint64_t)minute * 60000;
		if (policy_state_is_stale(&s.state, s.now)) {
			school_set_clock(&s, s.now.wall_s, (uint64_t)minute * 60000, true);
			states++;
		}
		give_grants(&s, minute);
		expect_all(&s, minute);
	}
	/* 28 borders here, and those of the tiers of rules/tiers.yaml: not one a minute. */
	assert_in_range(states, 25, 120);
	school_close(&s);
}

static void a_clock_that_jumps_is_believed_at_the_next_look(void **state)
{
	static const int JUMPS[] = {
	    700, 1440 + 500, 2 * 1440 + 740, 60, 5 * 1440, 3 * 1440 + 1400};
	struct school s;

	(void)state;
	open_week(&s);
	for (size_t i = 0; i < COUNT_OF(JUMPS); i++) {
		s.now.wall_s = wall_of(JUMPS[i]);
		s.now.mono_ms += 250;
		assert_true(policy_state_is_stale(&s.state, s.now));
		school_set_clock(&s, s.now.wall_s, s.now.mono_ms - SCHOOL_MONO_MS, true);
		assert_false(policy_state_is_stale(&s.state, s.now));
		const struct wall t = {JUMPS[i] / 1440, JUMPS[i] % 1440};
		for (enum subject k = 0; k < SUBJECTS; k++)
			if (k != GAME && k != FILM) /* which grants of the week touch */
				expect(
				    &s, "lower_secondary", k, t, lower_passes(k, t, false));
	}
	school_close(&s);
}

/* Before the clock is set only what tightens by the week's days is in force, all day. */
static void before_the_clock_is_set_nothing_opens(void **state)
{
	struct school s;

	(void)state;
	open_week(&s);
	school_grant(&s, 1, false, "bet.vn", "all", INT64_MAX);
	school_publish_grants(&s);
	for (int minute = 0; minute < WEEK_MIN; minute += 45) {
		const struct wall t = {minute / 1440, minute % 1440};
		school_set_clock(&s, wall_of(minute), (uint64_t)minute * 60000, false);
		expect(&s, "lower_secondary", GAME, t, false);
		expect(&s, "lower_secondary", TIKTOK, t, false);
		expect(&s, "lower_secondary", BET, t, false);
		expect(&s, "lower_secondary", OTHER, t, true); /* exams have dates */
		expect(&s, "upper_secondary", GAME, t, false); /* nights do not */
		expect(&s, "upper_secondary", SOCIAL, t, true);
	}
	s.now.wall_trusted = true; /* the time server was heard */
	assert_true(policy_state_is_stale(&s.state, s.now));
	school_set_clock(&s, wall_of(700), 0, true);
	const struct wall lunch = {0, 700};
	expect(&s, "lower_secondary", GAME, lunch, true);
	expect(&s, "lower_secondary", BET, lunch, true);
	school_close(&s);
}

/* ---- a zone that turns its clocks -------------------------------------------------------------------- */

enum {
	/* Berlin: 2026-03-29 01:00 UTC one hour forward, 2026-10-25 01:00 UTC back. */
	SPRING_S = 1774746000,
	AUTUMN_S = 1792890000
};

static int32_t berlin(void *arg, int64_t wall_s)
{
	(void)arg;
	return wall_s >= SPRING_S && wall_s < AUTUMN_S ? 2 * HOUR_S : HOUR_S;
}

static const char NIGHTS[] =
    "school: {levels: [lower_secondary]}\n"
    "filter:\n"
    "  tiers:\n"
    "    - name: lower_secondary\n"
    "      block: [games]\n"
    "      schedules:\n"
    "        - {name: gap, from: 02:15, to: 02:45, unblock: [games]}\n"
    "        - {name: over, days: [sun], from: 01:30, to: 03:30, block: [social_network]}\n";

/* By the clock on the wall alone. */
static void expect_night(const struct school *s, int64_t wall_s)
{
	int64_t local = wall_s + berlin(NULL, wall_s);
	int minute = (int)(local % DAY_S / 60);
	int weekday = (int)((local / DAY_S + 3) % 7);
	const struct wall t = {weekday, minute};

	expect(s, "lower_secondary", GAME, t, minute >= 135 && minute < 165);
	expect(s, "lower_secondary", SOCIAL, t,
	    !(weekday == 6 && minute >= 90 && minute < 210));
}

static void run_night(int64_t from_s, unsigned minutes)
{
	struct school s;
	struct calendar zone;

	school_open(&s, NIGHTS, FEEDS, 0);
	calendar_make(&zone, berlin, NULL, from_s);
	s.calendar = zone;
	school_set_clock(&s, from_s, 0, true);
	for (unsigned i = 0; i < minutes; i++) {
		s.now.wall_s = from_s + (int64_t)i * 60;
		s.now.mono_ms = SCHOOL_MONO_MS + (uint64_t)i * 60000;
		if (policy_state_is_stale(&s.state, s.now))
			school_set_clock(&s, s.now.wall_s, (uint64_t)i * 60000, true);
		expect_night(&s, s.now.wall_s);
	}
	school_close(&s);
}

static void windows_follow_clocks_that_are_put_forward_and_back(void **state)
{
	(void)state;
	run_night(SPRING_S - 2 * DAY_S, 4 * 24 * 60);
	run_night(AUTUMN_S - 2 * DAY_S, 4 * 24 * 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_minute_of_a_week_is_as_the_timetable_says),
	    cmocka_unit_test(a_clock_that_jumps_is_believed_at_the_next_look),
	    cmocka_unit_test(before_the_clock_is_set_nothing_opens),
	    cmocka_unit_test(windows_follow_clocks_that_are_put_forward_and_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
