/* Which days a report speaks of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "yearbook/period.h"

static struct period find(
    enum period_kind kind, uint32_t year, uint32_t half, uint32_t today)
{
	struct period_dates dates = PERIOD_DATES_DEFAULT;
	struct period_wish wish = {kind, year, half, today};
	struct period out = {.from = 0};

	assert_true(period_find(&out, &dates, &wish));
	return out;
}

static void is(struct period period, uint32_t from, uint32_t to, uint32_t year)
{
	assert_int_equal(period.from, from);
	assert_int_equal(period.to, to);
	assert_int_equal(period.year, year);
}

static void the_annual_report_ends_where_the_next_begins(void **state)
{
	(void)state;
	is(find(PERIOD_ANNUAL, 2026, 0, 20261122), 20251216, 20261215, 2026);
	is(find(PERIOD_ANNUAL, 0, 0, 20261122), 20251216, 20261215, 2026);
	is(find(PERIOD_ANNUAL, 0, 0, 20261215), 20251216, 20261215, 2026);
	is(find(PERIOD_ANNUAL, 0, 0, 20261216), 20261216, 20271215, 2027);
	is(find(PERIOD_ANNUAL, 0, 0, 20270101), 20261216, 20271215, 2027);
}

static void in_summer_it_is_the_school_year_that_was(void **state)
{
	(void)state;
	is(find(PERIOD_SCHOOL_YEAR, 0, 0, 20261122), 20260901, 20270531, 2026);
	is(find(PERIOD_SCHOOL_YEAR, 0, 0, 20260715), 20250901, 20260531, 2025);
	is(find(PERIOD_SCHOOL_YEAR, 2024, 0, 20260715), 20240901, 20250531, 2024);
}

static void halves_meet_and_fill_the_year(void **state)
{
	(void)state;
	struct period first = find(PERIOD_HALF_YEAR, 2026, 1, 20261122);
	struct period second = find(PERIOD_HALF_YEAR, 2026, 2, 20261122);

	is(first, 20251216, 20260615, 2026);
	is(second, 20260616, 20261215, 2026);
	assert_int_equal(find(PERIOD_HALF_YEAR, 0, 0, 20261122).half, 2);
	assert_int_equal(find(PERIOD_HALF_YEAR, 0, 0, 20260122).half, 1);
}

static void years_within_one_year_are_named_after_it(void **state)
{
	struct period_dates dates = {101, 1231, 115, 1130};
	struct period_wish wish = {PERIOD_ANNUAL, 0, 0, 20260101};
	struct period out;
	(void)state;

	assert_true(period_find(&out, &dates, &wish));
	is(out, 20260101, 20261231, 2026);
	wish.kind = PERIOD_SCHOOL_YEAR;
	assert_true(period_find(&out, &dates, &wish));
	is(out, 20250115, 20251130, 2025);
}

static void what_is_no_period_is_refused(void **state)
{
	struct period_dates dates = PERIOD_DATES_DEFAULT;
	struct period_wish wish = {PERIOD_HALF_YEAR, 2026, 3, 20261122};
	const char *bad[] = {"", "2026-01-01", "2026-01-01..2026-13-01",
	    "2026-02-29..2026-03-01", "2026-03-01..2026-02-01", "2026-1-01..2026-02-01x",
	    "2026-01-01..2046-01-02", "2026-01-01--2026-02-01"};
	struct period out = {.from = 7};
	(void)state;

	assert_false(period_find(&out, &dates, &wish));
	wish.half = 0;
	wish.year = 99999;
	assert_false(period_find(&out, &dates, &wish));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(period_read(bad[i], &out));
	assert_int_equal(out.from, 7);
	assert_true(period_read("2026-01-01..2026-06-30", &out));
	is(out, 20260101, 20260630, 0);
}

static void a_year_before_knows_leap_days(void **state)
{
	struct period out;
	(void)state;

	assert_true(period_read("2027-03-01..2028-02-29", &out));
	struct period before = period_year_before(&out);
	assert_int_equal(before.from, 20260301);
	assert_int_equal(before.to, 20270228);
}

static void days_are_numbers_and_back(void **state)
{
	(void)state;
	assert_int_equal(period_day_number(19700101), 0);
	assert_int_equal(period_day_number(20261120), 20777);
	for (int32_t day = 0; day < 40000; day++)
		assert_int_equal(period_day_number(period_day_of(day)), day);
}

static void titles_say_the_period_in_both_languages(void **state)
{
	struct yearbook book;
	struct period any;
	(void)state;

	yearbook_init(&book, YEARBOOK_VI);
	struct period annual = find(PERIOD_ANNUAL, 2026, 0, 20261122);
	struct period school = find(PERIOD_SCHOOL_YEAR, 2025, 0, 20261122);
	assert_string_equal(period_title(&book, &annual), "Báo cáo năm 2026");
	assert_string_equal(period_title(&book, &school), "Báo cáo năm học 2025–2026");
	assert_true(period_read("2026-09-01..2026-12-31", &any));
	assert_string_equal(
	    period_title(&book, &any), "Báo cáo từ 01/09/2026 đến 31/12/2026");
	book.language = YEARBOOK_EN;
	struct period half = find(PERIOD_HALF_YEAR, 2026, 1, 20261122);
	assert_string_equal(period_title(&book, &half), "Report of the first half of 2026");
	yearbook_deinit(&book);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_annual_report_ends_where_the_next_begins),
	    cmocka_unit_test(in_summer_it_is_the_school_year_that_was),
	    cmocka_unit_test(halves_meet_and_fill_the_year),
	    cmocka_unit_test(years_within_one_year_are_named_after_it),
	    cmocka_unit_test(what_is_no_period_is_refused),
	    cmocka_unit_test(a_year_before_knows_leap_days),
	    cmocka_unit_test(days_are_numbers_and_back),
	    cmocka_unit_test(titles_say_the_period_in_both_languages),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
