#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
/* cmocka wants the headers above. */
#include <cmocka.h>

#include "base/hash.h"
#include "filter/shares.h"

enum {
	MAX = 200
};

static struct shares *new_shares(void)
{
	struct shares *s = calloc(1, sizeof *s);
	assert_non_null(s);
	return s;
}

static struct share client(uint64_t number)
{
	return share_of(hash_mix64(number + 1));
}

static void a_client_has_his_share_and_no_more(void **state)
{
	(void)state;
	struct shares *s = new_shares();
	for (unsigned i = 0; i < MAX; i++)
		assert_true(shares_take(s, client(1), MAX));
	for (unsigned i = 0; i < 1000; i++)
		assert_false(shares_take(s, client(1), MAX));
	assert_int_equal(shares_held(s, client(1)), MAX);
	assert_true(shares_take(s, client(2), MAX));
	shares_give(s, client(1));
	assert_true(shares_take(s, client(1), MAX));
	assert_false(shares_take(s, client(1), MAX));
	free(s);
}

static void what_is_given_back_leaves_nothing(void **state)
{
	(void)state;
	struct shares *s = new_shares();
	for (uint64_t c = 0; c < 5000; c++)
		assert_true(shares_take(s, client(c), MAX));
	for (uint64_t c = 0; c < 5000; c++)
		shares_give(s, client(c));
	for (uint64_t c = 0; c < 5000; c++)
		assert_int_equal(shares_held(s, client(c)), 0);
	free(s);
}

/* Forty clients hold all they may: as many as all questions of all workers allow. */
static void the_greed_of_others_costs_nobody_his_place(void **state)
{
	(void)state;
	struct shares *s = new_shares();
	unsigned refused = 0;
	for (uint64_t greedy = 0; greedy < 40; greedy++) {
		for (unsigned i = 0; i < MAX; i++)
			assert_true(shares_take(s, client(greedy), MAX));
	}
	for (uint64_t c = 1000; c < 11000; c++) {
		if (shares_take(s, client(c), MAX))
			shares_give(s, client(c));
		else
			refused++;
	}
	/* One in ten thousand shares both counters with the greedy. */
	assert_in_range(refused, 0, 10);
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_client_has_his_share_and_no_more),
	    cmocka_unit_test(what_is_given_back_leaves_nothing),
	    cmocka_unit_test(the_greed_of_others_costs_nobody_his_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
