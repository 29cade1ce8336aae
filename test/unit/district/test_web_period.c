/* Which days a preset means. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "district/config.h"
#include "district/web_period.h"

static const struct district_config config = {
    .reports = {.school_year = {.from = {9, 1}, .to = {5, 31}}}};

static void expect(enum web_preset preset, int32_t today, int32_t from, int32_t to)
{
	const struct web_period period = web_period_of(preset, today, &config);

	assert_int_equal(period.from, from);
	assert_int_equal(period.to, to);
}

static void the_last_days_end_yesterday(void **state)
{
	const int32_t today = day_make(2026, 11, 22);

	(void)state;
	expect(PRESET_7_DAYS, today, day_make(2026, 11, 15), today);
	expect(PRESET_30_DAYS, today, day_make(2026, 10, 23), today);
}

static void what_has_not_come_yet_is_cut_off(void **state)
{
	const int32_t today = day_make(2026, 11, 22);

	(void)state;
	expect(PRESET_MONTH, today, day_make(2026, 11, 1), today);
	expect(PRESET_HALF_YEAR, today, day_make(2026, 7, 1), today);
	expect(PRESET_YEAR, today, day_make(2026, 1, 1), today);
	expect(PRESET_LAST_YEAR, today, day_make(2025, 1, 1), day_make(2026, 1, 1));
	expect(PRESET_MONTH, day_make(2026, 11, 1), day_make(2026, 11, 1),
	    day_make(2026, 11, 2));
	expect(PRESET_HALF_YEAR, day_make(2026, 6, 30), day_make(2026, 1, 1),
	    day_make(2026, 6, 30));
}

static void a_school_year_is_the_last_one_that_began(void **state)
{
	(void)state;
	expect(PRESET_SCHOOL_YEAR, day_make(2026, 11, 22), day_make(2026, 9, 1),
	    day_make(2026, 11, 22));
	expect(PRESET_SCHOOL_YEAR, day_make(2026, 3, 1), day_make(2025, 9, 1),
	    day_make(2026, 3, 1));
	/* In summer the year is over and whole. */
	expect(PRESET_SCHOOL_YEAR, day_make(2026, 7, 15), day_make(2025, 9, 1),
	    day_make(2026, 6, 1));
}

static void the_year_before_has_the_same_days(void **state)
{
	struct web_period period = {
	    PRESET_ANY, day_make(2026, 11, 1), day_make(2026, 11, 22)};
	struct web_period before = web_period_before(&period);

	(void)state;
	assert_int_equal(before.from, day_make(2025, 11, 1));
	assert_int_equal(before.to, day_make(2025, 11, 22));
	/* A leap day alone has one day beside it. */
	period =
	    (struct web_period){PRESET_ANY, day_make(2028, 2, 29), day_make(2028, 3, 1)};
	before = web_period_before(&period);
	assert_true(before.to > before.from);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_last_days_end_yesterday),
	    cmocka_unit_test(what_has_not_come_yet_is_cut_off),
	    cmocka_unit_test(a_school_year_is_the_last_one_that_began),
	    cmocka_unit_test(the_year_before_has_the_same_days),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
