/* A timetable's windows in words: what a school publishes must be what holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/words.h"
#include "lachanctl/window.h"

enum {
	GAMES = 1 << 1,
	STREAMING = 1 << 2,
	EXAM_FIRST = 20808, /* 2026-12-21 */
	EXAM_LAST = 20813
};

static struct rules_category categories[] = {
    {.name = {"adult", {"", 0, 0}}},
    {.name = {"games", {"", 0, 0}}},
    {.name = {"streaming", {"", 0, 0}}},
};
static struct rules_service services[] = {
    {.name = {"tiktok", {"", 0, 0}}, .title = {"TikTok", {"", 0, 0}}},
    {.name = {"zalo", {"", 0, 0}}, .title = {"Zalo", {"", 0, 0}}},
};
static struct config config = {
    .categories = {categories, 3, {"", 0, 0}},
    .services = {services, 2, {"", 0, 0}},
};
static const struct ctl ctl = {.config = &config, .english = true};

/* ask.c has the real ones, which want a whole configuration. */
const char *ctl_category_words(const struct ctl *c, const char *category)
{
	(void)c;
	return category;
}

static void expect_times(const struct rules_schedule *window, const char *said)
{
	struct buf out = BUF_INIT(4096);

	window_say_times(&out, window);
	assert_string_equal(buf_cstr(&out), said);
	buf_deinit(&out);
}

static void expect_effects(const struct rules_schedule *window, const char *said)
{
	struct buf out = BUF_INIT(4096);

	window_say_effects(&out, &ctl, window);
	assert_string_equal(buf_cstr(&out), said);
	buf_deinit(&out);
}

static void days_in_a_row_are_a_span(void **state)
{
	struct rules_schedule w = {.from_min = 690, .to_min = 810, .days = 0x1f};

	(void)state;
	expect_times(&w, "Monday to Friday, 11:30–13:30");
	w.days = 0x7f;
	expect_times(&w, "every day, 11:30–13:30");
	w.days = 1 << 0 | 1 << 1 | 1 << 5;
	expect_times(&w, "Monday, Tuesday, Saturday, 11:30–13:30");
	w.days = 1 << 6 | 1 << 0 | 1 << 1 | 1 << 2;
	expect_times(&w, "Monday to Wednesday, Sunday, 11:30–13:30");
}

static void a_night_and_a_whole_day_are_said(void **state)
{
	struct rules_schedule w = {.from_min = 1290, .to_min = 330, .days = 0x7f};

	(void)state;
	expect_times(&w, "every day, 21:30–05:30 (of the next day)");
	w.from_min = 0;
	w.to_min = RULES_DAY_MIN;
	expect_times(&w, "every day, all day");
	w.from_min = 1200;
	expect_times(&w, "every day, 20:00–24:00");
}

static void dates_are_said_as_people_write_them(void **state)
{
	struct rules_date_range dates[] = {
	    {EXAM_FIRST, EXAM_LAST}, {EXAM_LAST + 2, EXAM_LAST + 2}};
	struct rules_schedule w = {
	    .from_min = 420, .to_min = 1020, .dates = dates, .date_count = 2};

	(void)state;
	expect_times(&w, "21/12/2026–26/12/2026, 28/12/2026, 07:00–17:00");
	w.days = RULES_EVERY_DAY;
	expect_times(&w, "21/12/2026–26/12/2026, 28/12/2026, 07:00–17:00");
	w.days = 1 << 0;
	expect_times(&w, "Monday (21/12/2026–26/12/2026, 28/12/2026), 07:00–17:00");
}

static void effects_name_categories_then_services(void **state)
{
	struct rules_schedule w = {.unblock = GAMES | STREAMING};

	(void)state;
	rules_services_add(&w.unblock_services, 1);
	rules_services_add(&w.block_services, 0);
	expect_effects(&w, "opens games, streaming, Zalo; blocks TikTok");
	w = (struct rules_schedule){.allow_only = true};
	expect_effects(&w, "only what the school allows resolves");
}

static void programs_get_the_words_of_the_configuration(void **state)
{
	struct rules_date_range dates[] = {{EXAM_FIRST, EXAM_LAST}};
	struct rules_schedule w = {.name = {"exam", {"", 0, 0}},
	    .from_min = 0,
	    .to_min = RULES_DAY_MIN,
	    .days = 1 << 0 | 1 << 6,
	    .dates = dates,
	    .date_count = 1,
	    .block = GAMES};

	(void)state;
	rules_services_add(&w.block_services, 0);
	json_t *made = window_to_json(&config, &w);
	char *text = json_dumps(made, JSON_COMPACT);
	assert_string_equal(text,
	    "{\"name\":\"exam\",\"days\":[\"mon\",\"sun\"],"
	    "\"dates\":[[\"2026-12-21\",\"2026-12-26\"]],\"from\":\"00:00\",\"to\":\"24:00\","
	    "\"unblock\":[],\"block\":[\"games\",\"tiktok\"],\"allow_only\":false}");
	free(text);
	json_decref(made);
}

static int use_english(void **state)
{
	(void)state;
	words_use("en", NULL);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(days_in_a_row_are_a_span),
	    cmocka_unit_test(a_night_and_a_whole_day_are_said),
	    cmocka_unit_test(dates_are_said_as_people_write_them),
	    cmocka_unit_test(effects_name_categories_then_services),
	    cmocka_unit_test(programs_get_the_words_of_the_configuration),
	};
	return cmocka_run_group_tests(tests, use_english, NULL);
}
