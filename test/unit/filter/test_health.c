#include "filter/health.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct health health;

static const struct upstream_set *fresh_set(enum config_strategy strategy, unsigned count)
{
	static struct upstream_set set;
	static uint64_t id;

	set = (struct upstream_set){
	    .count = count, .strategy = strategy, .timeout_ms = 2000, .id = ++id};
	health_follow(&health, &set);
	return &set;
}

static unsigned chosen(
    const struct upstream_set *set, unsigned avoided, struct health_tried *tried)
{
	unsigned server = 99;

	if (!health_choose(&health, set, avoided, tried, &server))
		return 99;
	tried->tries[server]++;
	return server;
}

static void fail_times(unsigned server, unsigned times)
{
	for (unsigned i = 0; i < times; i++)
		health_failed(&health, server, 10000);
}

static void one_question_has_three_tries_a_server_and_three_servers(void **state)
{
	(void)state;
	const struct upstream_set *set = fresh_set(STRATEGY_ORDERED, 5);
	struct health_tried tried = {0};
	unsigned asked[5] = {0};

	for (unsigned i = 0; i < 9; i++)
		asked[chosen(set, 0, &tried)]++;
	assert_int_equal(chosen(set, 0, &tried), 99);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(asked[i], i < 3 ? 3 : 0);
}

static void untried_servers_come_first_and_those_that_gave_up_not_at_all(void **state)
{
	(void)state;
	const struct upstream_set *set = fresh_set(STRATEGY_ORDERED, 2);
	struct health_tried tried = {0};

	assert_int_equal(chosen(set, 0, &tried), 0);
	assert_int_equal(chosen(set, 0, &tried), 1);
	tried.over = 1u << 0;
	assert_int_equal(chosen(set, 0, &tried), 1);
	assert_int_equal(chosen(set, 1u << 1, &tried), 99);
}

static void who_is_down_is_asked_last_until_any_reply(void **state)
{
	(void)state;
	const struct upstream_set *set = fresh_set(STRATEGY_ORDERED, 2);

	fail_times(0, HEALTH_FAILURES_TO_DOWN - 1);
	assert_false(health_is_down(&health.servers[0]));
	fail_times(0, 1);
	assert_true(health_is_down(&health.servers[0]));
	assert_int_equal(chosen(set, 0, &(struct health_tried){0}), 1);
	assert_false(health_all_down(&health, set, 0));
	assert_true(health_all_down(&health, set, 1u << 1)); /* the other one is a loop */
	uint32_t epoch = health.recoveries;
	health_answered(&health, 0, 20000, 20000 + 3);
	assert_int_equal(health.recoveries, epoch + 1);
	assert_int_equal(chosen(set, 0, &(struct health_tried){0}), 0);
	/* One name that it will not say does not make an outage. */
	fail_times(0, HEALTH_FAILURES_TO_DOWN);
	health_answered(&health, 0, 10400, 10401);
	assert_false(health_is_down(&health.servers[0]));
	assert_int_equal(health.recoveries, epoch + 1);
}

static void who_refuses_everything_is_asked_after_the_others(void **state)
{
	(void)state;
	const struct upstream_set *set = fresh_set(STRATEGY_ORDERED, 2);

	for (unsigned i = 0; i < HEALTH_REFUSALS_TO_UNWELL; i++)
		health_refused(&health, 0);
	assert_true(health_is_unwell(&health.servers[0]));
	assert_int_equal(chosen(set, 0, &(struct health_tried){0}), 1);
	assert_false(health_all_down(&health, set, 1u << 1)); /* it answers */
	health_was_helpful(&health, 0);
	assert_int_equal(chosen(set, 0, &(struct health_tried){0}), 0);
}

static void the_fastest_comes_first_and_the_unmeasured_before_it(void **state)
{
	(void)state;
	const struct upstream_set *set = fresh_set(STRATEGY_FASTEST, 3);

	health_answered(&health, 0, 20000, 20000 + 40);
	health_answered(&health, 1, 20000, 20000 + 9);
	assert_int_equal(chosen(set, 0, &(struct health_tried){0}), 2);
	health_answered(&health, 2, 20000, 20000 + 300);
	assert_int_equal(chosen(set, 0, &(struct health_tried){0}), 1);
}

static void patience_is_three_round_trips_from_100_ms_to_a_second(void **state)
{
	(void)state;
	(void)fresh_set(STRATEGY_FASTEST, 3);
	health_answered(&health, 0, 20000, 20000 + 5);
	health_answered(&health, 1, 20000, 20000 + 80);
	health_answered(&health, 2, 20000, 20000 + 900);
	assert_int_equal(health_patience_ms(&health, 0, 2000), 100);
	assert_int_equal(health_patience_ms(&health, 1, 2000), 240);
	assert_int_equal(health_patience_ms(&health, 2, 2000), 1000);
	assert_int_equal(health_patience_ms(&health, 2, 500), 500);
	assert_int_equal(health_patience_ms(&health, 3, 2000), 300); /* never measured */
}

static void many_failed_questions_and_then_an_answer_are_a_recovery(void **state)
{
	(void)state;
	(void)fresh_set(STRATEGY_FASTEST, 1);
	uint32_t epoch = health.recoveries;

	/* A name that fails alone is none. */
	for (unsigned i = 0; i < 50; i++) {
		health_question_failed(&health);
		health_question_answered(&health);
	}
	assert_int_equal(health.recoveries, epoch);
	for (unsigned i = 0; i < 3; i++)
		health_question_failed(&health);
	health_question_answered(&health);
	assert_int_equal(health.recoveries, epoch + 1);
	health_question_answered(&health);
	assert_int_equal(health.recoveries, epoch + 1);
}

static void another_list_is_measured_anew(void **state)
{
	(void)state;
	(void)fresh_set(STRATEGY_FASTEST, 1);
	uint32_t epoch = health.recoveries;

	fail_times(0, 5);
	const struct upstream_set *set = fresh_set(STRATEGY_FASTEST, 1);
	assert_false(health_is_down(&health.servers[0]));
	assert_int_not_equal(health.recoveries, epoch);
	health_failed(&health, 0, 10000);
	health_follow(&health, set); /* the same one: nothing is forgotten */
	assert_int_equal(health.servers[0].failures, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_question_has_three_tries_a_server_and_three_servers),
	    cmocka_unit_test(untried_servers_come_first_and_those_that_gave_up_not_at_all),
	    cmocka_unit_test(who_is_down_is_asked_last_until_any_reply),
	    cmocka_unit_test(who_refuses_everything_is_asked_after_the_others),
	    cmocka_unit_test(the_fastest_comes_first_and_the_unmeasured_before_it),
	    cmocka_unit_test(patience_is_three_round_trips_from_100_ms_to_a_second),
	    cmocka_unit_test(many_failed_questions_and_then_an_answer_are_a_recovery),
	    cmocka_unit_test(another_list_is_measured_anew),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
