/* Numbers and times as readers of each language write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "district/format.h"

static char text[FORMAT_BYTES];

static const char *number(uint64_t n, enum language language)
{
	format_number(text, n, language);
	return text;
}

static const char *percent(uint64_t part, uint64_t whole, enum language language)
{
	format_percent(text, part, whole, language);
	return text;
}

static const char *change(uint64_t before, uint64_t now, enum language language)
{
	format_change(text, before, now, language);
	return text;
}

static void numbers_are_grouped_by_threes(void **state)
{
	(void)state;
	assert_string_equal(number(0, LANGUAGE_VI), "0");
	assert_string_equal(number(999, LANGUAGE_VI), "999");
	assert_string_equal(number(1234, LANGUAGE_VI), "1.234");
	assert_string_equal(number(1234567, LANGUAGE_EN), "1,234,567");
	assert_string_equal(number(UINT64_MAX, LANGUAGE_EN), "18,446,744,073,709,551,615");
}

static void percentages_have_one_decimal_where_they_need_it(void **state)
{
	(void)state;
	assert_string_equal(percent(1, 8, LANGUAGE_VI), "12,5\u00a0%");
	assert_string_equal(percent(1, 8, LANGUAGE_EN), "12.5%");
	assert_string_equal(percent(1, 2, LANGUAGE_EN), "50%");
	assert_string_equal(percent(2, 3, LANGUAGE_EN), "66.7%");
	assert_string_equal(percent(0, 3, LANGUAGE_EN), "0%");
	assert_string_equal(percent(3, 0, LANGUAGE_EN), "–");
	assert_string_equal(percent(UINT64_MAX, UINT64_MAX, LANGUAGE_EN), "100%");
}

static void a_change_has_its_sign(void **state)
{
	(void)state;
	assert_string_equal(change(100, 125, LANGUAGE_VI), "+25\u00a0%");
	assert_string_equal(change(8, 7, LANGUAGE_EN), "−12.5%");
	assert_string_equal(change(8, 8, LANGUAGE_EN), "0%");
	assert_string_equal(change(0, 8, LANGUAGE_EN), "–");
	assert_string_equal(change(1, 100001, LANGUAGE_VI), "+10.000.000\u00a0%");
}

static void days_stand_as_each_language_writes_them(void **state)
{
	const int32_t day = day_make(2026, 11, 5);

	(void)state;
	format_day(text, day, LANGUAGE_VI);
	assert_string_equal(text, "05/11/2026");
	format_day(text, day, LANGUAGE_EN);
	assert_string_equal(text, "5 Nov 2026");
	format_month(text, day, LANGUAGE_VI);
	assert_string_equal(text, "11/2026");
	format_month(text, day, LANGUAGE_EN);
	assert_string_equal(text, "Nov 2026");
	format_day(text, DAY_NONE, LANGUAGE_EN);
	assert_string_equal(text, "–");
	format_day(text, DAY_FOREVER, LANGUAGE_EN);
	assert_string_equal(text, "–");
}

static void times_are_local(void **state)
{
	(void)state;
	format_time(
	    text, 1795107600, 7 * 3600, LANGUAGE_VI); /* 2026-11-20T00:00:00+07:00 */
	assert_string_equal(text, "20/11/2026 00:00");
	format_time(text, 1795107600 + 3660, 7 * 3600, LANGUAGE_EN);
	assert_string_equal(text, "20 Nov 2026, 01:01");
	format_time(text, 0, 7 * 3600, LANGUAGE_EN);
	assert_string_equal(text, "–");
	format_offset(text, 7 * 3600);
	assert_string_equal(text, "+07:00");
	format_offset(text, -(3 * 3600 + 1800));
	assert_string_equal(text, "-03:30");
}

static void durations_have_two_units_at_most(void **state)
{
	(void)state;
	format_duration(text, 59, LANGUAGE_VI);
	assert_string_equal(text, "59 giây");
	format_duration(text, 120, LANGUAGE_EN);
	assert_string_equal(text, "2 min");
	format_duration(text, 7500, LANGUAGE_VI);
	assert_string_equal(text, "2 giờ 5 phút");
	format_duration(text, 7200, LANGUAGE_EN);
	assert_string_equal(text, "2 h");
	format_duration(text, UINT64_MAX, LANGUAGE_EN);
	assert_true(strlen(text) < FORMAT_BYTES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(numbers_are_grouped_by_threes),
	    cmocka_unit_test(percentages_have_one_decimal_where_they_need_it),
	    cmocka_unit_test(a_change_has_its_sign),
	    cmocka_unit_test(days_stand_as_each_language_writes_them),
	    cmocka_unit_test(times_are_local),
	    cmocka_unit_test(durations_have_two_units_at_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
