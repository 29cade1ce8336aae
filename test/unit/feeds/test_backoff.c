#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "feeds/backoff.h"
#include "feeds/judge.h"

static void waits_double_from_a_minute_to_six_hours(void **state)
{
	uint32_t expected_s = BACKOFF_FIRST_S;

	(void)state;
	for (uint32_t failures = 1; failures < 40; failures++) {
		uint32_t least = backoff_after_failure(failures, 0, 0);
		uint32_t most = backoff_after_failure(failures, 0, expected_s / 2);
		assert_int_equal(least, expected_s / 2);
		assert_int_equal(most, expected_s);
		if (expected_s < BACKOFF_MAX_S)
			expected_s *= 2;
		if (expected_s > BACKOFF_MAX_S)
			expected_s = BACKOFF_MAX_S;
	}
	assert_int_equal(expected_s, BACKOFF_MAX_S);
}

static void any_random_number_stays_within_the_wait(void **state)
{
	(void)state;
	for (uint64_t r = 1; r != 0; r *= 2) {
		uint32_t wait_s = backoff_after_failure(4, 0, r - 1);
		assert_in_range(wait_s, 240, 480);
		wait_s = backoff_after_success(86400, r - 1);
		assert_in_range(wait_s, 86400 - 8640, 86400);
	}
}

static void a_server_may_ask_for_a_longer_wait_but_not_for_ever(void **state)
{
	(void)state;
	assert_int_equal(backoff_after_failure(1, 3600, 0), 3600);
	assert_int_equal(backoff_after_failure(1, UINT32_MAX, 0), BACKOFF_MAX_S);
	assert_int_equal(backoff_after_failure(9, 1, 0), 7680);
}

static void a_short_refresh_still_waits_a_minute(void **state)
{
	(void)state;
	assert_int_equal(backoff_after_success(0, 7), BACKOFF_FIRST_S);
	assert_int_equal(backoff_after_success(30, 7), BACKOFF_FIRST_S);
}

static void a_clock_that_jumped_back_makes_feeds_due(void **state)
{
	(void)state;
	assert_true(backoff_is_due(0, 1000, 86400));
	assert_true(backoff_is_due(1000, 1000, 86400));
	assert_false(backoff_is_due(1060, 1000, 86400));
	assert_false(backoff_is_due(1000 + 86400, 1000, 86400));
	assert_true(backoff_is_due(1000 + 86401, 1000, 86400));
	/* A back-off may be longer than a short refresh. */
	assert_false(backoff_is_due(1000 + BACKOFF_MAX_S, 1000, 60));
}

static void too_few_or_too_many_lost_entries_are_refused(void **state)
{
	struct config_feed feed = {.min_entries = 10, .max_shrink_percent = 50};
	struct diag why;

	(void)state;
	assert_int_equal(judge_count(&feed, 9, 0, &why), ERR_RANGE);
	assert_non_null(strstr(why.text, "min_entries"));
	assert_int_equal(judge_count(&feed, 10, 0, &why), OK);
	assert_int_equal(judge_count(&feed, 50, 100, &why), OK);
	assert_int_equal(judge_count(&feed, 49, 100, &why), ERR_RANGE);
	assert_non_null(strstr(why.text, "51 percent"));
	assert_int_equal(judge_count(&feed, 1000, 100, &why), OK);
	feed.max_shrink_percent = 100;
	assert_int_equal(judge_count(&feed, 10, 1000000, &why), OK);
	feed.max_shrink_percent = 0;
	assert_int_equal(judge_count(&feed, 99, 100, &why), ERR_RANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(waits_double_from_a_minute_to_six_hours),
	    cmocka_unit_test(any_random_number_stays_within_the_wait),
	    cmocka_unit_test(a_server_may_ask_for_a_longer_wait_but_not_for_ever),
	    cmocka_unit_test(a_short_refresh_still_waits_a_minute),
	    cmocka_unit_test(a_clock_that_jumped_back_makes_feeds_due),
	    cmocka_unit_test(too_few_or_too_many_lost_entries_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
