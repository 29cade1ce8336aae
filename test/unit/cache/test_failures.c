#include "cache/failures.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum {
	PLACES = 64
};

static struct failures *new_table(void)
{
	struct failures *table = NULL;

	assert_int_equal(failures_new(&table, PLACES), OK);
	return table;
}

static void fails(struct failures *table, uint64_t hash, uint32_t epoch, uint64_t now_ms)
{
	const struct failure_note note = {
	    .ede = 22, .epoch = epoch, .now_ms = now_ms, .jitter = (uint8_t)now_ms};

	failures_add(table, hash, &note);
}

static enum failure_state state_of(
    const struct failures *table, uint64_t hash, uint32_t epoch, uint64_t now_ms)
{
	return failures_look(table, hash, epoch, now_ms).state;
}

static void a_failure_holds_for_a_second_and_is_known_for_thirty(void **state)
{
	(void)state;
	struct failures *table = new_table();

	assert_int_equal(state_of(table, 7, 1, 5000), FAILURE_NONE);
	fails(table, 7, 1, 5000);
	assert_int_equal(state_of(table, 7, 1, 5000), FAILURE_NOW);
	assert_int_equal(failures_look(table, 7, 1, 5000).ede, 22);
	assert_int_equal(state_of(table, 7, 1, 5999), FAILURE_NOW);
	assert_int_equal(state_of(table, 7, 1, 6250), FAILURE_LATELY);
	assert_int_equal(state_of(table, 7, 1, 34999), FAILURE_LATELY);
	assert_int_equal(state_of(table, 7, 1, 35000), FAILURE_NONE);
	assert_int_equal(state_of(table, 8, 1, 5000), FAILURE_NONE);
	failures_free(table);
}

static void it_holds_longer_when_it_fails_again_but_never_above_two_seconds(void **state)
{
	(void)state;
	struct failures *table = new_table();
	uint64_t now_ms = 1000000;

	fails(table, 7, 1, now_ms);
	for (unsigned i = 0; i < 600; i++) {
		now_ms += 2000 + i % 7;
		assert_int_not_equal(state_of(table, 7, 1, now_ms), FAILURE_NOW);
		fails(table, 7, 1, now_ms);
		assert_int_equal(state_of(table, 7, 1, now_ms + 1749), FAILURE_NOW);
		assert_int_equal(state_of(table, 7, 1, now_ms + 2000), FAILURE_LATELY);
	}
	/* After a quiet while it begins anew. */
	now_ms += 60000;
	fails(table, 7, 1, now_ms);
	assert_int_equal(state_of(table, 7, 1, now_ms + 1250), FAILURE_LATELY);
	failures_free(table);
}

static void a_recovery_and_an_answer_end_it(void **state)
{
	(void)state;
	struct failures *table = new_table();

	fails(table, 7, 1, 5000);
	assert_int_equal(state_of(table, 7, 2, 5001), FAILURE_NONE);
	fails(table, 9, 1, 5000);
	failures_forget(table, 9 + PLACES); /* of the same place, but another one */
	assert_int_equal(state_of(table, 9, 1, 5001), FAILURE_NOW);
	failures_forget(table, 9);
	assert_int_equal(state_of(table, 9, 1, 5001), FAILURE_NONE);
	failures_free(table);
}

static void a_later_one_pushes_an_earlier_one_out(void **state)
{
	(void)state;
	struct failures *table = new_table();

	for (uint64_t hash = 0; hash < 100000; hash++)
		fails(table, hash, 1, 5000);
	assert_int_equal(state_of(table, 99999, 1, 5000), FAILURE_NOW);
	assert_int_equal(state_of(table, 99999 - PLACES, 1, 5000), FAILURE_NONE);
	failures_free(table);
	failures_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_failure_holds_for_a_second_and_is_known_for_thirty),
	    cmocka_unit_test(
	        it_holds_longer_when_it_fails_again_but_never_above_two_seconds),
	    cmocka_unit_test(a_recovery_and_an_answer_end_it),
	    cmocka_unit_test(a_later_one_pushes_an_earlier_one_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
