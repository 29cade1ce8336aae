#include "cache/inflight.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <cmocka.h>
#include <pthread.h>
#include <sched.h>

/* Keys are made by a cache; here by hand, for the table looks at the hash only. */
static struct cache_key key_of(struct slice name, uint16_t qtype)
{
	struct hash_key key = {1, 2};
	return (struct cache_key){name, qtype, 0, siphash13(key, name) + qtype};
}

static struct inflight *new_table(uint32_t questions, uint32_t waiters)
{
	struct inflight *table = NULL;
	struct inflight_limits limits = {questions, waiters};
	assert_int_equal(inflight_new(&table, limits), OK);
	return table;
}

static void the_first_asker_leads_and_the_others_wait(void **state)
{
	(void)state;
	struct inflight *table = new_table(16, 8);
	struct cache_key key = key_of(SLICE_LIT("\3olm\2vn\0"), 1);
	struct cache_key other = key_of(SLICE_LIT("\3olm\2vn\0"), 28);
	struct waiter w[4];

	assert_int_equal(inflight_join(table, &key, &w[0]), INFLIGHT_LEADER);
	assert_int_equal(inflight_join(table, &key, &w[1]), INFLIGHT_JOINED);
	assert_int_equal(inflight_join(table, &other, &w[2]), INFLIGHT_LEADER);
	assert_int_equal(inflight_join(table, &key, &w[3]), INFLIGHT_JOINED);
	assert_int_equal(inflight_count(table), 2);
	struct waiter *all = inflight_settle(table, &key);
	assert_ptr_equal(all, &w[1]);
	assert_ptr_equal(all->next, &w[3]);
	assert_null(all->next->next);
	assert_null(inflight_settle(table, &other));
	assert_int_equal(inflight_count(table), 0);
	assert_int_equal(inflight_join(table, &key, &w[0]), INFLIGHT_LEADER);
	assert_null(inflight_settle(table, &key));
	inflight_free(table);
}

static void a_question_can_be_led_for_nobody(void **state)
{
	(void)state;
	struct inflight *table = new_table(2, 8);
	struct cache_key key = key_of(SLICE_LIT("\3olm\2vn\0"), 1);
	struct waiter w;

	assert_true(inflight_lead(table, &key));
	assert_false(inflight_lead(table, &key));
	assert_int_equal(inflight_join(table, &key, &w), INFLIGHT_JOINED);
	assert_ptr_equal(inflight_settle(table, &key), &w);
	assert_int_equal(inflight_count(table), 0);
	inflight_free(table);
}

static void who_waits_can_be_answered_before_the_question_ends(void **state)
{
	(void)state;
	struct inflight *table = new_table(2, 2);
	struct cache_key key = key_of(SLICE_LIT("\3olm\2vn\0"), 1);
	struct waiter w[4];

	assert_int_equal(inflight_join(table, &key, &w[0]), INFLIGHT_LEADER);
	assert_null(inflight_take(table, &key));
	assert_int_equal(inflight_join(table, &key, &w[1]), INFLIGHT_JOINED);
	assert_int_equal(inflight_join(table, &key, &w[2]), INFLIGHT_JOINED);
	struct waiter *all = inflight_take(table, &key);
	assert_ptr_equal(all, &w[1]);
	assert_ptr_equal(all->next, &w[2]);
	assert_null(all->next->next);
	/* It is outstanding still, and has room again. */
	assert_int_equal(inflight_join(table, &key, &w[3]), INFLIGHT_JOINED);
	assert_ptr_equal(inflight_settle(table, &key), &w[3]);
	assert_null(w[3].next);
	inflight_free(table);
}

static void questions_and_waiters_have_a_ceiling(void **state)
{
	(void)state;
	struct inflight *table = new_table(2, 1);
	struct cache_key a = key_of(SLICE_LIT("\1a\0"), 1);
	struct cache_key b = key_of(SLICE_LIT("\1b\0"), 1);
	struct cache_key c = key_of(SLICE_LIT("\1c\0"), 1);
	struct waiter w[3];

	assert_int_equal(inflight_join(table, &a, &w[0]), INFLIGHT_LEADER);
	assert_int_equal(inflight_join(table, &b, &w[0]), INFLIGHT_LEADER);
	assert_int_equal(inflight_join(table, &c, &w[0]), INFLIGHT_FULL);
	assert_int_equal(inflight_join(table, &a, &w[1]), INFLIGHT_JOINED);
	assert_int_equal(inflight_join(table, &a, &w[2]), INFLIGHT_FULL);
	assert_ptr_equal(inflight_settle(table, &a), &w[1]);
	assert_int_equal(inflight_join(table, &c, &w[0]), INFLIGHT_LEADER);
	assert_null(inflight_settle(table, &b));
	assert_null(inflight_settle(table, &c));
	inflight_free(table);
	assert_int_equal(inflight_new(&table, (struct inflight_limits){0, 1}), ERR_RANGE);
	inflight_free(NULL);
}

static void a_waiter_can_leave_until_the_leader_has_it(void **state)
{
	(void)state;
	struct inflight *table = new_table(4, 8);
	struct cache_key key = key_of(SLICE_LIT("\3olm\2vn\0"), 1);
	struct waiter w[4];

	assert_int_equal(inflight_join(table, &key, &w[0]), INFLIGHT_LEADER);
	for (size_t i = 1; i < 4; i++)
		assert_int_equal(inflight_join(table, &key, &w[i]), INFLIGHT_JOINED);
	assert_true(inflight_leave(table, &key, &w[3]));
	assert_false(inflight_leave(table, &key, &w[3]));
	assert_true(inflight_leave(table, &key, &w[1]));
	assert_int_equal(inflight_join(table, &key, &w[1]), INFLIGHT_JOINED);
	struct waiter *all = inflight_settle(table, &key);
	assert_ptr_equal(all, &w[2]);
	assert_ptr_equal(all->next, &w[1]);
	assert_null(w[1].next);
	assert_false(inflight_leave(table, &key, &w[2]));
	inflight_free(table);
}

enum {
	THREADS = 4,
	ROUNDS = 20000,
	NAMES = 7
};

/* A client of its own for every round; each must be answered exactly once. */
struct client {
	struct waiter waiter;
	atomic_uint answered;
};

struct asker {
	struct inflight *table;
	struct client *clients;
	unsigned number;
	unsigned led;
};

static void answer_all(struct waiter *waiters)
{
	while (waiters != NULL) {
		struct client *c = (struct client *)(void *)waiters;
		waiters = waiters->next; /* before its owner may see the answer */
		atomic_fetch_add(&c->answered, 1);
	}
}

static void ask_once(struct asker *asker, struct client *client, uint8_t n)
{
	uint8_t wire[] = {1, (uint8_t)('a' + n), 0};
	struct cache_key key = key_of((struct slice){wire, sizeof wire}, 1);

	switch (inflight_join(asker->table, &key, &client->waiter)) {
	case INFLIGHT_LEADER:
		if (n % 2 == 0)
			(void)sched_yield(); /* let others gather */
		asker->led++;
		atomic_fetch_add(&client->answered, 1);
		answer_all(inflight_settle(asker->table, &key));
		break;
	case INFLIGHT_FULL:
		atomic_fetch_add(&client->answered, 1);
		break;
	case INFLIGHT_JOINED:
		if (n == 3 && inflight_leave(asker->table, &key, &client->waiter))
			atomic_fetch_add(&client->answered, 1);
		break;
	}
}

static void *ask_many(void *arg)
{
	struct asker *asker = arg;
	for (unsigned i = 0; i < ROUNDS; i++)
		ask_once(asker, &asker->clients[i], (uint8_t)((i + asker->number) % NAMES));
	return NULL;
}

static void every_asker_on_every_thread_is_answered_once(void **state)
{
	(void)state;
	struct inflight *table = new_table(64, 1000);
	struct asker askers[THREADS];
	pthread_t threads[THREADS];

	for (unsigned i = 0; i < THREADS; i++) {
		struct client *clients = calloc(ROUNDS, sizeof *clients);
		assert_non_null(clients);
		askers[i] = (struct asker){table, clients, i, 0};
		assert_int_equal(
		    pthread_create(&threads[i], NULL, ask_many, &askers[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	for (unsigned i = 0; i < THREADS; i++) {
		for (unsigned k = 0; k < ROUNDS; k++)
			assert_int_equal(atomic_load(&askers[i].clients[k].answered), 1);
		free(askers[i].clients);
	}
	assert_int_equal(inflight_count(table), 0);
	inflight_free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_first_asker_leads_and_the_others_wait),
	    cmocka_unit_test(a_question_can_be_led_for_nobody),
	    cmocka_unit_test(who_waits_can_be_answered_before_the_question_ends),
	    cmocka_unit_test(questions_and_waiters_have_a_ceiling),
	    cmocka_unit_test(a_waiter_can_leave_until_the_leader_has_it),
	    cmocka_unit_test(every_asker_on_every_thread_is_answered_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
