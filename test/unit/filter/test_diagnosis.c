#include "filter/diagnosis.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum {
	OWN = 900,
	FIRST = 1001,
	SECOND = 1002,
	THIRD = 1003,
	MINUTE_MS = 60 * 1000,
	NOW_MS = 5000
};

static char folder[64];

static int make_folder(void **state)
{
	(void)state;
	memcpy(folder, "/tmp/lachan-diagnosis-XXXXXX", 29);
	return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_folder(void **state)
{
	(void)state;
	return rmdir(folder); /* fails, and the test with it, where a record is left */
}

static struct diagnosis fresh(void)
{
	struct diagnosis d;

	assert_int_equal(diagnosis_init(&d, folder, true, OWN), OK);
	return d;
}

static struct diagnosis running(void)
{
	struct diagnosis d = fresh();

	assert_int_equal(
	    diagnosis_ask(&d, FIRST, "no page opens", 30 * MINUTE_MS, NOW_MS), OK);
	assert_int_equal(diagnosis_approve(&d, SECOND, d.id, NOW_MS), OK);
	return d;
}

static bool has_record(const struct diagnosis *d)
{
	return access(d->path, F_OK) == 0;
}

static void it_takes_two_and_neither_is_the_gateway(void **state)
{
	struct diagnosis d = fresh();

	(void)state;
	assert_int_equal(diagnosis_ask(&d, OWN, "x", 30 * MINUTE_MS, NOW_MS), ERR_DENIED);
	assert_int_equal(diagnosis_ask(&d, FIRST, "x", 30 * MINUTE_MS, NOW_MS), OK);
	assert_int_equal(diagnosis_approve(&d, FIRST, d.id, NOW_MS), ERR_DENIED);
	assert_int_equal(diagnosis_approve(&d, OWN, d.id, NOW_MS), ERR_DENIED);
	assert_int_equal(diagnosis_approve(&d, SECOND, d.id + 1, NOW_MS), ERR_NOT_FOUND);
	assert_false(has_record(&d));
	assert_false(diagnosis_may_look(&d, FIRST));
	assert_int_equal(diagnosis_approve(&d, SECOND, d.id, NOW_MS), OK);
	assert_true(diagnosis_may_look(&d, FIRST));
	assert_true(diagnosis_may_look(&d, SECOND));
	assert_false(diagnosis_may_look(&d, THIRD));
	assert_false(diagnosis_may_look(&d, 0));
	diagnosis_deinit(&d);
}

static void root_is_one_person(void **state)
{
	struct diagnosis d;

	(void)state;
	assert_int_equal(diagnosis_init(&d, folder, true, 0), OK);
	assert_int_equal(diagnosis_ask(&d, 0, "x", MINUTE_MS, NOW_MS), OK);
	assert_int_equal(diagnosis_approve(&d, 0, d.id, NOW_MS), ERR_DENIED);
	assert_int_equal(diagnosis_approve(&d, FIRST, d.id, NOW_MS), OK);
	diagnosis_deinit(&d);
}

static void a_disk_is_refused(void **state)
{
	struct diagnosis d;

	(void)state;
	assert_int_equal(diagnosis_init(&d, folder, false, OWN), OK);
	assert_int_equal(diagnosis_ask(&d, FIRST, "x", MINUTE_MS, NOW_MS), ERR_UNSUPPORTED);
	diagnosis_deinit(&d);
}

static void the_second_person_has_a_quarter_of_an_hour(void **state)
{
	struct diagnosis d = fresh();

	(void)state;
	assert_int_equal(diagnosis_ask(&d, FIRST, "x", MINUTE_MS, NOW_MS), OK);
	assert_false(diagnosis_tick(&d, NOW_MS + DIAGNOSIS_ANSWER_MS - 1));
	assert_int_equal(diagnosis_approve(&d, SECOND, d.id, NOW_MS + DIAGNOSIS_ANSWER_MS),
	    ERR_NOT_FOUND);
	assert_true(diagnosis_tick(&d, NOW_MS + DIAGNOSIS_ANSWER_MS));
	assert_int_equal(d.state, DIAGNOSIS_NONE);
	diagnosis_deinit(&d);
}

static void no_more_than_an_hour_and_never_without_a_reason(void **state)
{
	char longest[DIAGNOSIS_REASON_BYTES + 1];
	struct diagnosis d = fresh();

	(void)state;
	memset(longest, 'a', sizeof longest - 1);
	longest[sizeof longest - 1] = 0;
	assert_int_equal(
	    diagnosis_ask(&d, FIRST, "x", DIAGNOSIS_FOR_MAX_MS + 1, NOW_MS), ERR_RANGE);
	assert_int_equal(diagnosis_ask(&d, FIRST, "x", 0, NOW_MS), ERR_RANGE);
	assert_int_equal(diagnosis_ask(&d, FIRST, "", MINUTE_MS, NOW_MS), ERR_RANGE);
	assert_int_equal(diagnosis_ask(&d, FIRST, longest, MINUTE_MS, NOW_MS), ERR_RANGE);
	assert_int_equal(
	    diagnosis_ask(&d, FIRST, "a\x1b[2J", MINUTE_MS, NOW_MS), ERR_RANGE);
	assert_int_equal(d.state, DIAGNOSIS_NONE);
	diagnosis_deinit(&d);
}

static void it_ends_at_its_time_and_is_erased_within_a_day(void **state)
{
	struct diagnosis d = running();

	(void)state;
	diagnosis_write(&d, SLICE_LIT("one"));
	assert_false(diagnosis_tick(&d, NOW_MS + 30 * MINUTE_MS - 1));
	assert_true(diagnosis_tick(&d, NOW_MS + 30 * MINUTE_MS));
	assert_int_equal(d.state, DIAGNOSIS_KEPT);
	diagnosis_write(&d, SLICE_LIT("too late"));
	assert_int_equal(d.lines, 1);
	assert_int_equal(
	    diagnosis_ask(&d, FIRST, "x", MINUTE_MS, NOW_MS + 31 * MINUTE_MS), ERR_EXISTS);
	assert_true(has_record(&d));
	assert_false(diagnosis_tick(&d, NOW_MS + DIAGNOSIS_KEEP_MS - 1));
	assert_true(diagnosis_tick(&d, NOW_MS + DIAGNOSIS_KEEP_MS));
	assert_int_equal(d.state, DIAGNOSIS_NONE);
	assert_false(has_record(&d));
	diagnosis_deinit(&d);
}

/* Asleep for a week: both borders are passed at once. */
static void a_clock_that_leaps_ends_and_erases_at_once(void **state)
{
	struct diagnosis d = running();

	(void)state;
	assert_true(diagnosis_tick(&d, NOW_MS + 7ull * DIAGNOSIS_KEEP_MS));
	assert_int_equal(d.state, DIAGNOSIS_NONE);
	assert_false(has_record(&d));
	diagnosis_deinit(&d);
}

static void what_another_process_left_is_erased_at_the_start(void **state)
{
	struct diagnosis dead = running();
	struct diagnosis next;

	(void)state;
	diagnosis_write(&dead, SLICE_LIT("one"));
	assert_true(has_record(&dead));
	assert_int_equal(diagnosis_init(&next, folder, true, OWN), OK);
	assert_false(has_record(&next));
	assert_int_equal(next.state, DIAGNOSIS_NONE);
	(void)close(dead.fd);
}

static void the_record_is_for_its_owner_alone(void **state)
{
	struct diagnosis d = running();
	struct stat st;

	(void)state;
	assert_int_equal(stat(d.path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	diagnosis_deinit(&d);
	assert_false(has_record(&d));
}

static void a_full_record_takes_no_more_and_counts(void **state)
{
	static uint8_t line[64 * 1024];
	struct diagnosis d = running();

	(void)state;
	memset(line, 'a', sizeof line);
	for (int i = 0; i < 100; i++)
		diagnosis_write(&d, (struct slice){line, sizeof line});
	assert_true(d.bytes <= DIAGNOSIS_RECORD_BYTES);
	assert_int_equal(d.lines + d.left_out, 100);
	assert_true(d.left_out > 0);
	diagnosis_deinit(&d);
}

static void reading_goes_on_where_it_stopped(void **state)
{
	struct diagnosis d = running();
	struct buf out = BUF_INIT(1024);
	uint64_t next = 7;

	(void)state;
	diagnosis_write(&d, SLICE_LIT("first"));
	diagnosis_write(&d, SLICE_LIT("second"));
	diagnosis_write(&d, SLICE_LIT("third"));
	assert_int_equal(diagnosis_read(&d, 0, 15, &out, &next), OK);
	assert_string_equal(buf_cstr(&out), "first\nsecond\n");
	assert_int_equal(next, 13);
	buf_reset(&out);
	assert_int_equal(diagnosis_read(&d, next, 15, &out, &next), OK);
	assert_string_equal(buf_cstr(&out), "third\n");
	assert_int_equal(next, 0);
	buf_deinit(&out);
	diagnosis_deinit(&d);
	assert_int_equal(diagnosis_read(&d, 0, 15, &out, &next), ERR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(it_takes_two_and_neither_is_the_gateway),
	    cmocka_unit_test(root_is_one_person),
	    cmocka_unit_test(a_disk_is_refused),
	    cmocka_unit_test(the_second_person_has_a_quarter_of_an_hour),
	    cmocka_unit_test(no_more_than_an_hour_and_never_without_a_reason),
	    cmocka_unit_test(it_ends_at_its_time_and_is_erased_within_a_day),
	    cmocka_unit_test(a_clock_that_leaps_ends_and_erases_at_once),
	    cmocka_unit_test(what_another_process_left_is_erased_at_the_start),
	    cmocka_unit_test(the_record_is_for_its_owner_alone),
	    cmocka_unit_test(a_full_record_takes_no_more_and_counts),
	    cmocka_unit_test(reading_goes_on_where_it_stopped),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
