#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "district/unit_limits.h"

enum {
	HOUR_MS = 3600 * 1000
};

static struct unit_limits *limits;

static int begin(void **state)
{
	(void)state;
	return unit_limits_open(&limits, (struct hash_key){1, 2}) == OK ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	unit_limits_close(limits);
	return 0;
}

static void an_hours_worth_passes_at_once_and_no_more(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 60; i++)
		assert_int_equal(unit_limits_take(limits, "a", 60, 1000), 0);
	assert_int_equal(unit_limits_take(limits, "a", 60, 1000), 60);
	assert_int_equal(unit_limits_take(limits, "b", 60, 1000), 0);
}

static void it_fills_evenly(void **state)
{
	uint64_t now = 5;

	(void)state;
	while (unit_limits_take(limits, "a", 6, now) == 0)
		;
	for (unsigned i = 0; i < 20; i++) {
		now += HOUR_MS / 6;
		assert_int_equal(unit_limits_take(limits, "a", 6, now), 0);
		assert_int_not_equal(unit_limits_take(limits, "a", 6, now), 0);
	}
	now += 5 * HOUR_MS; /* no more than an hour's worth was saved up */
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(unit_limits_take(limits, "a", 6, now), 0);
	assert_int_not_equal(unit_limits_take(limits, "a", 6, now), 0);
}

static void what_is_told_to_wait_is_true(void **state)
{
	(void)state;
	while (unit_limits_take(limits, "a", 7, 0) == 0)
		;
	unsigned wait_s = unit_limits_take(limits, "a", 7, 0);
	assert_int_equal(unit_limits_take(limits, "a", 7, wait_s * 1000), 0);
}

static void a_crowd_of_units_does_not_grow_it(void **state)
{
	char word[32];

	(void)state;
	for (unsigned i = 0; i < 4 * UNIT_LIMITS_MAX; i++) {
		(void)snprintf(word, sizeof word, "unit:%u", i);
		(void)unit_limits_take(limits, word, 60, i);
	}
	(void)snprintf(word, sizeof word, "unit:new");
	assert_int_equal(unit_limits_take(limits, word, 60, 4 * UNIT_LIMITS_MAX), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
	        an_hours_worth_passes_at_once_and_no_more, begin, end),
	    cmocka_unit_test_setup_teardown(it_fills_evenly, begin, end),
	    cmocka_unit_test_setup_teardown(what_is_told_to_wait_is_true, begin, end),
	    cmocka_unit_test_setup_teardown(a_crowd_of_units_does_not_grow_it, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
