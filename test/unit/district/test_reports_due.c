/* When the annual report is due. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "district/reports_due.h"

static struct district_config with(struct district_month_day from,
    struct district_month_day to, struct district_month_day due)
{
	struct district_config config = {.store_kind = DISTRICT_SQLITE};

	config.reports.annual.from = from;
	config.reports.annual.to = to;
	config.reports.annual.due = due;
	config.reports.school_year.from = (struct district_month_day){9, 1};
	config.reports.school_year.to = (struct district_month_day){5, 31};
	return config;
}

static void is(const struct district_config *config, uint32_t today, uint32_t due, int days)
{
	struct reports_due next = reports_next_due(config, today);

	assert_int_equal(next.due, due);
	assert_int_equal(next.days, days);
	assert_int_equal(next.period.kind, PERIOD_ANNUAL);
}

static void it_is_due_on_the_last_day_of_its_period(void **state)
{
	struct district_config config = with((struct district_month_day){12, 16},
	    (struct district_month_day){12, 15}, (struct district_month_day){12, 15});
	(void)state;

	is(&config, 20261122, 20261215, 23);
	is(&config, 20261215, 20261215, 0);
	is(&config, 20261216, 20271215, 364);
	assert_int_equal(reports_next_due(&config, 20261122).period.from, 20251216);
}

static void a_calendar_year_may_be_due_in_the_january_behind_it(void **state)
{
	struct district_config config = with((struct district_month_day){1, 1},
	    (struct district_month_day){12, 31}, (struct district_month_day){1, 15});
	(void)state;

	is(&config, 20270110, 20270115, 5);
	assert_int_equal(reports_next_due(&config, 20270110).period.to, 20261231);
	is(&config, 20270116, 20280115, 364);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(it_is_due_on_the_last_day_of_its_period),
	    cmocka_unit_test(a_calendar_year_may_be_due_in_the_january_behind_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
