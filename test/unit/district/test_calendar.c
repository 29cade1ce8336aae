/* A school that rests at Tết, in summer and at weekends is neither late nor silent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

#include "district/calendar.h"

static int32_t date(int year, int month, int day)
{
	struct tm tm = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day};

	return (int32_t)(timegm(&tm) / 86400);
}

/* The school year 2025-2026 with Tết (14 to 22 February 2026). */
static struct rules_date_range terms[1];
static struct rules_date_range holidays[1];

static struct district_config school_year(void)
{
	struct district_config config = {.store_kind = DISTRICT_SQLITE};

	terms[0] = (struct rules_date_range){date(2025, 9, 1), date(2026, 5, 31)};
	holidays[0] = (struct rules_date_range){date(2026, 2, 14), date(2026, 2, 22)};
	config.calendar.terms.items = terms;
	config.calendar.terms.count = 1;
	config.calendar.holidays.items = holidays;
	config.calendar.holidays.count = 1;
	return config;
}

static void due_are_weekdays_in_terms_and_in_no_holiday(void **state)
{
	struct district_config config = school_year();
	(void)state;

	assert_true(calendar_is_due(&config, date(2025, 9, 1)));   /* Monday */
	assert_true(calendar_is_due(&config, date(2026, 2, 13)));  /* Friday */
	assert_false(calendar_is_due(&config, date(2026, 2, 16))); /* Tết */
	assert_true(calendar_is_due(&config, date(2026, 2, 23)));
	assert_false(calendar_is_due(&config, date(2026, 2, 28))); /* Saturday */
	assert_false(calendar_is_due(&config, date(2026, 6, 1)));  /* summer */
	/* February 2026: 20 weekdays, five of them at Tết. */
	assert_int_equal(
	    calendar_due_days(&config, date(2026, 2, 1), date(2026, 3, 1)), 15);
	assert_int_equal(calendar_due_days(&config, date(2026, 2, 2), date(2026, 2, 2)), 0);
}

static void without_terms_all_year_is_school_time(void **state)
{
	struct district_config config = {.store_kind = DISTRICT_SQLITE};
	(void)state;

	assert_int_equal(
	    calendar_due_days(&config, date(2026, 7, 1), date(2026, 8, 1)), 23);
}

static void silent_is_more_than_seven_days_without_rest(void **state)
{
	struct district_config config = school_year();
	int32_t friday = date(2026, 2, 13);
	(void)state;

	assert_false(calendar_is_silent(&config, friday, friday));
	/* Nine days of Tết, then seven of school. */
	assert_false(calendar_is_silent(&config, friday, date(2026, 3, 1)));
	assert_true(calendar_is_silent(&config, friday, date(2026, 3, 2)));
	/* The last of May until well into the next September: one long rest. */
	assert_false(calendar_is_silent(&config, date(2026, 5, 31), date(2026, 8, 31)));
	assert_true(calendar_is_silent(&config, DAY_NONE, friday));
	assert_true(calendar_is_silent(&config, date(2025, 3, 1), date(2026, 8, 1)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(due_are_weekdays_in_terms_and_in_no_holiday),
	    cmocka_unit_test(without_terms_all_year_is_school_time),
	    cmocka_unit_test(silent_is_more_than_seven_days_without_rest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
