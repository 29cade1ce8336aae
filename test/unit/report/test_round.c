/* Rounding, bands, times and ids. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "report/report.h"

static void attempts_go_to_the_nearest_five_then_to_two_digits(void **state)
{
	static const uint64_t pairs[][2] = {{0, 0}, {1, 0}, {2, 0}, {3, 5}, {7, 5}, {8, 10},
	    {12, 10}, {13, 15}, {997, 995}, {998, 1000}, {999, 1000}, {1000, 1000},
	    {1049, 1000}, {1050, 1100}, {9949, 9900}, {9950, 10000}, {123456, 120000}};
	(void)state;

	for (size_t i = 0; i < COUNT_OF(pairs); i++)
		assert_int_equal(report_round_attempts(pairs[i][0]), pairs[i][1]);
	/* What is rounded stays as it is, and order is kept. */
	for (uint64_t n = 0; n < 30000; n++) {
		uint64_t r = report_round_attempts(n);
		assert_int_equal(report_round_attempts(r), r);
		assert_true(r <= report_round_attempts(n + 1));
	}
	assert_int_equal(report_round_two_digits(99), 99);
	assert_int_equal(report_round_two_digits(105), 110);
	assert_true(report_round_two_digits(UINT64_MAX) > 0);
}

static void bands_begin_where_the_contract_says(void **state)
{
	(void)state;
	assert_string_equal(report_band_text(report_band_of(4)), "");
	assert_string_equal(report_band_text(report_band_of(5)), "5-9");
	assert_string_equal(report_band_text(report_band_of(9)), "5-9");
	assert_string_equal(report_band_text(report_band_of(10)), "10-19");
	assert_string_equal(report_band_text(report_band_of(49)), "20-49");
	assert_string_equal(report_band_text(report_band_of(99)), "50-99");
	assert_string_equal(report_band_text(report_band_of(249)), "100-249");
	assert_string_equal(report_band_text(report_band_of(499)), "250-499");
	assert_string_equal(report_band_text(report_band_of(500)), "500+");
	assert_string_equal(report_band_text(report_band_of(UINT32_MAX)), "500+");
}

static void times_carry_their_offset(void **state)
{
	char text[REPORT_TIME_BYTES];
	(void)state;

	report_time(text, 1795107600, 420);
	assert_string_equal(text, "2026-11-20T00:00:00+07:00");
	report_time(text, 0, 0);
	assert_string_equal(text, "1970-01-01T00:00:00+00:00");
	report_time(text, 951782400, -210);
	assert_string_equal(text, "2000-02-28T20:30:00-03:30");
	report_time(text, -1, 0);
	assert_string_equal(text, "1969-12-31T23:59:59+00:00");
}

static void ids_differ_by_unit_period_cut_and_revision(void **state)
{
	struct tally_period day = {20261120, 1795107600, 1795194000, 420, 420};
	struct tally_period next = {20261121, 1795194000, 1795280400, 420, 420};
	char ids[6][REPORT_ID_BYTES];
	(void)state;

	report_id(ids[0], "u1", &day, REPORT_DAY, 1);
	report_id(ids[1], "u2", &day, REPORT_DAY, 1);
	report_id(ids[2], "u1", &next, REPORT_DAY, 1);
	report_id(ids[3], "u1", &day, REPORT_WEEK_SENSITIVE, 1);
	report_id(ids[4], "u1", &day, REPORT_DAY, 2);
	report_id(ids[5], "u1", &day, REPORT_DAY, 1);
	assert_string_equal(ids[0], ids[5]);
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(ids[i][14], '8');           /* version */
		assert_non_null(strchr("89ab", ids[i][19])); /* variant */
		for (size_t k = i + 1; k < 5; k++)
			assert_string_not_equal(ids[i], ids[k]);
	}
	/* The example of docs/protocol.md. */
	report_id(ids[0], "", &day, REPORT_DAY, 1);
	assert_string_equal(ids[0], "d2460bb8-10e3-80ec-a15d-1016986a5ee9");
}

static void the_floor_of_screens_is_never_below_five(void **state)
{
	(void)state;
	assert_false(report_may_show(4, 0));
	assert_true(report_may_show(5, 0));
	assert_false(report_may_show(9, 10));
	assert_true(report_may_show(10, 10));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(attempts_go_to_the_nearest_five_then_to_two_digits),
	    cmocka_unit_test(bands_begin_where_the_contract_says),
	    cmocka_unit_test(times_carry_their_offset),
	    cmocka_unit_test(ids_differ_by_unit_period_cut_and_revision),
	    cmocka_unit_test(the_floor_of_screens_is_never_below_five),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
