#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the headers above. */
#include <cmocka.h>

#include "filter/rate.h"

static struct rate_table *new_table(void)
{
	struct rate_table *table = NULL;
	assert_int_equal(rate_table_new(&table), OK);
	return table;
}

/* How many of `count` queries at `now_ms` pass. */
static unsigned passed(struct rate_table *table, uint64_t client, uint64_t now_ms,
    const struct rate_limit *limit, unsigned count)
{
	unsigned within = 0;
	for (unsigned i = 0; i < count; i++)
		within += rate_take(table, client, now_ms, limit) == RATE_WITHIN ? 1 : 0;
	return within;
}

static void a_burst_passes_and_then_the_rate(void **state)
{
	(void)state;
	struct rate_table *table = new_table();
	struct rate_limit limit = rate_limit_of(200, 1000);
	uint64_t now_ms = 5000000;
	assert_int_equal(passed(table, 7, now_ms, &limit, 2000), 1000);
	for (unsigned s = 1; s <= 10; s++)
		assert_int_equal(passed(table, 7, now_ms + s * 1000, &limit, 2000), 200);
	/* Long silence fills the bucket and no more than that. */
	assert_int_equal(passed(table, 7, now_ms + 86400000, &limit, 5000), 1000);
	rate_table_free(table);
}

static void without_a_burst_it_is_five_seconds_worth(void **state)
{
	(void)state;
	struct rate_table *table = new_table();
	struct rate_limit limit = rate_limit_of(30, 0);
	assert_int_equal(passed(table, 7, 1000, &limit, 1000), 150);
	rate_table_free(table);
}

static void a_query_a_millisecond_passes_at_a_thousand_a_second(void **state)
{
	(void)state;
	struct rate_table *table = new_table();
	struct rate_limit limit = rate_limit_of(1000, 1);
	for (uint64_t ms = 1; ms < 3000; ms++)
		assert_int_equal(passed(table, 7, ms, &limit, 3), 1);
	rate_table_free(table);
}

static void the_extremes_hold(void **state)
{
	(void)state;
	struct rate_table *table = new_table();
	struct rate_limit fast = rate_limit_of(1000000, 10000000);
	struct rate_limit slow = rate_limit_of(1, 1);
	assert_int_equal(passed(table, 7, 1, &fast, 100000), 100000);
	assert_int_equal(passed(table, 8, 1, &slow, 10), 1);
	assert_int_equal(passed(table, 8, 1000, &slow, 10), 0);
	assert_int_equal(passed(table, 8, 1001, &slow, 10), 1);
	/* The hash that stands for "nobody" in the table. */
	assert_int_equal(passed(table, 0, 1, &slow, 10), 1);
	rate_table_free(table);
}

static void every_second_query_over_the_limit_is_told(void **state)
{
	(void)state;
	struct rate_table *table = new_table();
	struct rate_limit limit = rate_limit_of(1, 1);
	unsigned told = 0;
	assert_int_equal(rate_take(table, 7, 1, &limit), RATE_WITHIN);
	for (unsigned i = 0; i < 100; i++) {
		enum rate_verdict verdict = rate_take(table, 7, 1, &limit);
		assert_int_not_equal(verdict, RATE_WITHIN);
		told += verdict == RATE_OVER_TELL ? 1 : 0;
		/* Another client in between changes nothing. */
		(void)rate_take(table, 7 + RATE_SETS, 1, &limit);
	}
	assert_int_equal(told, 50);
	rate_table_free(table);
}

static void clients_do_not_pay_for_each_other(void **state)
{
	(void)state;
	struct rate_table *table = new_table();
	struct rate_limit limit = rate_limit_of(10, 50);
	for (uint64_t client = 1; client <= RATE_CLIENTS / 2; client++)
		assert_int_equal(passed(table, client, 1, &limit, 60), 50);
	rate_table_free(table);
}

static void a_flood_of_clients_does_not_free_the_one_who_floods(void **state)
{
	(void)state;
	struct rate_table *table = new_table();
	struct rate_limit limit = rate_limit_of(10, 50);
	uint64_t now_ms = 1000;
	assert_int_equal(passed(table, 99, now_ms, &limit, 60), 50);
	/* Each asks once and has a nearly full bucket; he asks on between them. */
	for (uint64_t client = 1000; client < 1000 + 20 * RATE_CLIENTS; client++)
		assert_int_equal(rate_take(table, client, now_ms, &limit), RATE_WITHIN);
	assert_int_equal(passed(table, 99, now_ms, &limit, 60), 0);
	rate_table_free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_burst_passes_and_then_the_rate),
	    cmocka_unit_test(without_a_burst_it_is_five_seconds_worth),
	    cmocka_unit_test(a_query_a_millisecond_passes_at_a_thousand_a_second),
	    cmocka_unit_test(the_extremes_hold),
	    cmocka_unit_test(every_second_query_over_the_limit_is_told),
	    cmocka_unit_test(clients_do_not_pay_for_each_other),
	    cmocka_unit_test(a_flood_of_clients_does_not_free_the_one_who_floods),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
