/* Many threads and two processes send to one database at once, some of them the same documents:
 * the counts are exact. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "databases.h"
#include "district/tree.h"
#include "made.h"

enum {
	THREADS = 6,
	UNITS = 5,
	DAYS = 8,
	FIRST_DAY = 20750 /* across a half-month and a month */
};

/* All documents of the test, in the order of `seed`; each thread sends all of them, so every one
 * is sent several times at once. */
struct sending {
	uint64_t seed;
	atomic_uint *counted; /* how often a document was NEW or SUPERSEDED or OLDER */
	atomic_uint failed;
};

enum {
	REVISIONS = 2,
	DOCUMENTS = UNITS * DAYS * REVISIONS
};

static void make_nth(struct made *m, unsigned n)
{
	char unit[STORE_UNIT_BYTES];
	struct made_random r = {1000 + n};
	unsigned slot = n / REVISIONS;

	(void)snprintf(unit, sizeof unit, "school-%u", slot % UNITS);
	made_document(m, &r, unit, FIRST_DAY + (int32_t)(slot / UNITS), REPORT_DAY,
	    n % REVISIONS + 1);
}

/* Nothing of cmocka here: it is not for threads. */
static void *send_all(void *context)
{
	struct sending *s = context;
	struct store *store = databases_open_again();
	struct made_random r = {s->seed};
	unsigned order[DOCUMENTS];

	for (unsigned i = 0; i < DOCUMENTS; i++)
		order[i] = i;
	for (unsigned i = DOCUMENTS; i > 1; i--) {
		unsigned j = made_below(&r, i), kept = order[i - 1];
		order[i - 1] = order[j];
		order[j] = kept;
	}
	for (unsigned i = 0; i < DOCUMENTS; i++) {
		struct made m;
		enum document_result result = DOCUMENT_SAME;
		make_nth(&m, order[i]);
		struct document put = made_put(&m);
		if (store_document_put(store, &put, &result) != OK ||
		    result == DOCUMENT_CONFLICT) {
			(void)fprintf(stderr, "%s: %s\n", m.unit, store_why(store));
			atomic_fetch_add(&s->failed, 1);
		} else if (result != DOCUMENT_SAME && s->counted != NULL) {
			atomic_fetch_add(&s->counted[order[i]], 1);
		}
		made_deinit(&m);
	}
	store_close(store);
	return NULL;
}

static void run_threads(struct sending *each, unsigned count)
{
	pthread_t threads[THREADS];

	for (unsigned i = 0; i < count; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, send_all, &each[i]), 0);
	for (unsigned i = 0; i < count; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(atomic_load(&each[i].failed), 0);
	}
}

static void check_counts(struct store *store)
{
	struct counts_query q = {
	    COUNTS_EVERYBODY, FIRST_DAY - 30, FIRST_DAY + 60, COUNTS_BY_NOTHING};
	uint64_t published = 0;
	struct counts *c = NULL;

	for (unsigned n = 0; n < DOCUMENTS; n++) {
		struct made m;
		make_nth(&m, n);
		if (m.document.revision == REVISIONS)
			published += m.document.published_total;
		made_deinit(&m);
	}
	assert_int_equal(store_counts(store, &q, &c), OK);
	assert_int_equal(counts_sum(c, 0, 0, SUM_DAYS), UNITS * DAYS);
	assert_int_equal(counts_sum(c, 0, 0, SUM_PUBLISHED), published);
	counts_free(c);
	if (store_check(store) != OK)
		fail_msg("%s", store_why(store));
}

static void threads_that_send_the_same_count_it_once(void **state)
{
	static atomic_uint counted[DOCUMENTS];
	struct sending each[THREADS];
	(void)state;

	struct store *store = databases_open();
	memset(counted, 0, sizeof counted);
	for (unsigned i = 0; i < THREADS; i++) {
		each[i].seed = i + 1;
		each[i].counted = counted;
		atomic_init(&each[i].failed, 0);
	}
	run_threads(each, THREADS);
	for (unsigned n = 0; n < DOCUMENTS; n++)
		assert_int_equal(atomic_load(&counted[n]), 1);
	check_counts(store);
	store_close(store);
}

static pid_t start_process(uint64_t seed)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	struct sending s = {.seed = seed};
	atomic_init(&s.failed, 0);
	(void)send_all(&s);
	_exit(atomic_load(&s.failed) == 0 ? 0 : 1);
}

static void two_collectors_count_it_once(void **state)
{
	int status = 0;
	(void)state;

	struct store *store = databases_open();
	pid_t first = start_process(11), second = start_process(12);
	assert_int_equal(waitpid(first, &status, 0), first);
	assert_int_equal(status, 0);
	assert_int_equal(waitpid(second, &status, 0), second);
	assert_int_equal(status, 0);
	check_counts(store);
	store_close(store);
}

/* Readers look while writers write: each answer is of one state of the database. */
static void *look(void *context)
{
	atomic_bool *stop = context;
	struct store *store = databases_open_again();
	struct counts_query q = {
	    COUNTS_EVERYBODY, FIRST_DAY, FIRST_DAY + DAYS, COUNTS_BY_DAY};
	struct trees *trees = NULL;
	uint64_t last = 0;
	uintptr_t wrong = 0;

	if (trees_new(&trees) != OK)
		return (void *)(uintptr_t)1;
	while (!atomic_load(stop)) {
		struct counts *c = NULL;
		struct tree *tree = NULL;
		if (store_counts(store, &q, &c) != OK ||
		    trees_at(trees, store, FIRST_DAY, &tree) != OK) {
			wrong++;
			counts_free(c);
			continue;
		}
		uint64_t days = counts_sum(c, COUNTS_TOTAL, COUNTS_TOTAL, SUM_DAYS);
		wrong += days < last;
		last = days;
		counts_free(c);
		tree_release(tree);
	}
	trees_free(trees);
	store_close(store);
	return (void *)wrong;
}

static void readers_never_see_less_than_before(void **state)
{
	struct sending each[2];
	pthread_t reader;
	atomic_bool stop;
	void *wrong = NULL;
	(void)state;

	struct store *store = databases_open();
	atomic_init(&stop, false);
	assert_int_equal(pthread_create(&reader, NULL, look, &stop), 0);
	for (unsigned i = 0; i < COUNT_OF(each); i++) {
		each[i].seed = i + 21;
		each[i].counted = NULL;
		atomic_init(&each[i].failed, 0);
	}
	run_threads(each, COUNT_OF(each));
	atomic_store(&stop, true);
	assert_int_equal(pthread_join(reader, &wrong), 0);
	assert_null(wrong);
	check_counts(store);
	store_close(store);
}

/* Several programs start on an empty database at once: one makes the tables. */
static void *open_one(void *context)
{
	struct diag why = {0};
	struct store *store = NULL;
	enum err rc = store_open(&store, context, &why);
	if (rc != OK)
		(void)fprintf(stderr, "open: %s\n", why.text);
	store_close(store);
	return rc == OK ? NULL : context;
}

static void who_starts_at_once_waits_for_the_migration(void **state)
{
	char where[WHERE_BYTES];
	pthread_t threads[THREADS];
	void *failed = NULL;
	(void)state;

	databases_new(where);
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, open_one, where), 0);
	for (unsigned i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], &failed), 0);
		assert_null(failed);
	}
}

/* ---- plans of units ---- */

enum {
	ROUNDS = 4
};

struct planning {
	unsigned number;
	uint64_t revisions[ROUNDS]; /* what each plan rested on */
	bool failed;
};

static void *plan_units(void *context)
{
	struct planning *p = context;
	struct store *store = databases_open_again();

	for (unsigned i = 0; i < ROUNDS; i++) {
		char unit[STORE_UNIT_BYTES], name[STORE_UNIT_BYTES];
		(void)snprintf(unit, sizeof unit, "unit-%u", p->number);
		(void)snprintf(name, sizeof name, "name %u", i);
		const struct unit u = {.unit = unit,
		    .from = FIRST_DAY,
		    .name = name,
		    .level = "school",
		    .parent = "",
		    .kinds = "",
		    .contact = ""};
		p->failed |= store_begin(store) != OK ||
		    store_unit_revision(store, &p->revisions[i]) != OK ||
		    store_unit_put(store, &u) != OK || store_commit(store) != OK;
	}
	store_close(store);
	return NULL;
}

/* Who looks at the revision within a group and then changes units is alone with it. */
static void no_two_plans_rest_on_one_revision(void **state)
{
	struct planning each[THREADS];
	pthread_t threads[THREADS];
	(void)state;

	struct store *store = databases_open();
	for (unsigned i = 0; i < THREADS; i++) {
		each[i] = (struct planning){.number = i};
		assert_int_equal(
		    pthread_create(&threads[i], NULL, plan_units, &each[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_false(each[i].failed);
	}
	for (unsigned i = 0; i < THREADS * ROUNDS; i++)
		for (unsigned k = 0; k < i; k++)
			assert_true(each[i / ROUNDS].revisions[i % ROUNDS] !=
			    each[k / ROUNDS].revisions[k % ROUNDS]);
	store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(threads_that_send_the_same_count_it_once),
	    cmocka_unit_test(two_collectors_count_it_once),
	    cmocka_unit_test(readers_never_see_less_than_before),
	    cmocka_unit_test(who_starts_at_once_waits_for_the_migration),
	    cmocka_unit_test(no_two_plans_rest_on_one_revision),
	};

	return databases_run(tests, COUNT_OF(tests));
}
