#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include <stdatomic.h>

#include "base/attr.h"
#include "district/pool.h"
#include "district/store.h"

enum {
	JOBS = 500,
	PATIENCE_TURNS = 20000 /* of about a millisecond: for a machine that is busy */
};

/* In place of the real one: a store is who uses it. */
struct store {
	atomic_int users;
};

static atomic_int stores_open;
static int stores_allowed = 100;

enum err store_open(struct store **out, const char *where, struct diag *why)
{
	assert_string_equal(where, "sqlite:x");
	if (atomic_load(&stores_open) == stores_allowed) {
		diag_set(why, "no more");
		return ERR_IO;
	}
	*out = calloc(1, sizeof **out);
	atomic_fetch_add(&stores_open, 1);
	return *out != NULL ? OK : ERR_MEMORY;
}

void store_close(struct store *store)
{
	if (store == NULL)
		return;
	atomic_fetch_sub(&stores_open, 1);
	free(store);
}

struct fixture {
	struct event_base *base;
	struct pool *pool;
	atomic_bool gate; /* closed: jobs of `hold` wait */
	atomic_int running;
};

struct job {
	struct pool_job job; /* first */
	struct fixture *f;
	bool hold;
	bool shared; /* two threads had one store */
	bool ran;
	unsigned done;
};

static void nap(void)
{
	const struct timespec pause = {0, 1000 * 1000};

	(void)nanosleep(&pause, NULL);
}

static void run(struct pool_job *job, struct store *store)
{
	struct job *j = (struct job *)job;

	j->shared = atomic_fetch_add(&store->users, 1) != 0;
	atomic_fetch_add(&j->f->running, 1);
	while (j->hold && !atomic_load(&j->f->gate))
		nap();
	j->ran = true;
	atomic_fetch_sub(&j->f->running, 1);
	atomic_fetch_sub(&store->users, 1);
}

static void done(struct pool_job *job)
{
	((struct job *)job)->done++;
}

static void submit(struct fixture *f, enum lane lane, struct job *job, bool hold)
{
	*job = (struct job){.job = {.run = run, .done = done}, .f = f, .hold = hold};
	assert_true(pool_submit(f->pool, lane, &job->job));
}

static void turn_until(struct fixture *f, const struct job *jobs, size_t count)
{
	for (unsigned i = 0; i < PATIENCE_TURNS; i++) {
		size_t ended = 0;
		for (size_t j = 0; j < count; j++)
			ended += jobs[j].done;
		if (ended == count)
			return;
		(void)event_base_loop(f->base, EVLOOP_NONBLOCK);
		nap();
	}
	fail_msg("waited in vain");
}

static void open_pool(struct fixture *f, unsigned intake, unsigned read)
{
	struct diag why = {.text = ""};

	*f = (struct fixture){.base = event_base_new()};
	const struct pool_needs needs = {.base = f->base,
	    .store_where = "sqlite:x",
	    .threads = {[LANE_INTAKE] = intake, [LANE_READ] = read}};
	assert_int_equal(pool_open(&f->pool, &needs, &why), OK);
}

static void close_pool(struct fixture *f, unsigned wait_ms)
{
	pool_close(f->pool, wait_ms);
	event_base_free(f->base);
	assert_int_equal(atomic_load(&stores_open), 0);
}

static void every_job_runs_once_with_a_store_of_its_own(void **state)
{
	static struct job jobs[JOBS];
	struct fixture f;

	(void)state;
	open_pool(&f, 2, 3);
	for (size_t i = 0; i < JOBS; i++)
		submit(&f, i % 3 == 0 ? LANE_INTAKE : LANE_READ, &jobs[i], false);
	turn_until(&f, jobs, JOBS);
	for (size_t i = 0; i < JOBS; i++) {
		assert_int_equal(jobs[i].done, 1);
		assert_true(jobs[i].ran);
		assert_false(jobs[i].shared);
	}
	assert_int_equal(pool_count(f.pool), 0);
	close_pool(&f, 0);
}

static void a_lane_that_is_stuck_keeps_no_other_waiting(void **state)
{
	struct job slow[3], quick;
	struct fixture f;

	(void)state;
	open_pool(&f, 1, 2);
	for (size_t i = 0; i < COUNT_OF(slow); i++)
		submit(&f, LANE_READ, &slow[i], true);
	submit(&f, LANE_INTAKE, &quick, false);
	turn_until(&f, &quick, 1);
	assert_int_equal(slow[0].done + slow[1].done + slow[2].done, 0);
	atomic_store(&f.gate, true);
	turn_until(&f, slow, COUNT_OF(slow));
	close_pool(&f, 0);
}

static void a_full_lane_says_so(void **state)
{
	static struct job jobs[POOL_WAITING_MAX + 2];
	struct fixture f;

	(void)state;
	open_pool(&f, 1, 1);
	submit(&f, LANE_READ, &jobs[0], true);
	for (unsigned i = 0; i < PATIENCE_TURNS && atomic_load(&f.running) == 0; i++)
		nap();
	for (size_t i = 1; i <= POOL_WAITING_MAX; i++)
		submit(&f, LANE_READ, &jobs[i], false);
	jobs[POOL_WAITING_MAX + 1] =
	    (struct job){.job = {.run = run, .done = done}, .f = &f};
	assert_false(pool_submit(f.pool, LANE_READ, &jobs[POOL_WAITING_MAX + 1].job));
	atomic_store(&f.gate, true);
	turn_until(&f, jobs, POOL_WAITING_MAX + 1);
	close_pool(&f, 0);
}

static void at_the_end_what_runs_is_waited_for_and_what_waits_is_told(void **state)
{
	struct job first, second;
	struct fixture f;

	(void)state;
	open_pool(&f, 1, 1);
	submit(&f, LANE_INTAKE, &first, true);
	for (unsigned i = 0; i < PATIENCE_TURNS && atomic_load(&f.running) == 0; i++)
		nap();
	submit(&f, LANE_INTAKE, &second, false);
	atomic_store(&f.gate, true);
	close_pool(&f, 0);
	assert_true(first.ran);
	assert_int_equal(first.done, 1);
	assert_int_equal(second.done, 1);
}

static void a_store_that_does_not_open_ends_the_start(void **state)
{
	struct event_base *base = event_base_new();
	struct pool *pool = NULL;
	struct diag why = {.text = ""};
	const struct pool_needs needs = {.base = base,
	    .store_where = "sqlite:x",
	    .threads = {[LANE_INTAKE] = 1, [LANE_READ] = 2}};

	(void)state;
	stores_allowed = 2;
	assert_int_equal(pool_open(&pool, &needs, &why), ERR_IO);
	stores_allowed = 100;
	assert_null(pool);
	assert_string_equal(why.text, "no more");
	assert_int_equal(atomic_load(&stores_open), 0);
	event_base_free(base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_job_runs_once_with_a_store_of_its_own),
	    cmocka_unit_test(a_lane_that_is_stuck_keeps_no_other_waiting),
	    cmocka_unit_test(a_full_lane_says_so),
	    cmocka_unit_test(at_the_end_what_runs_is_waited_for_and_what_waits_is_told),
	    cmocka_unit_test(a_store_that_does_not_open_ends_the_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
