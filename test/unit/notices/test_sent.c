#include "notices/sent.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum {
	NOW = 1763800000,
	ALL = (1 << NOTICE_KINDS) - 1
};

static const uint64_t ID[] = {5};

struct scene {
	struct notices n;
	struct sent s;
	struct due due;
};

static struct scene begin(void)
{
	struct scene it = {.due = {.any = false}};

	assert_true(notices_set_targets(&it.n, ID, 1, NOW));
	return it;
}

static bool is_due(struct scene *it, uint64_t now_s)
{
	sent_due(&it->due, &it->n, sent_of(&it->s, &it->n, ID[0]), ALL, now_s);
	return it->due.any;
}

static void tell(struct scene *it, uint64_t now_s)
{
	struct sent_target *target = sent_of(&it->s, &it->n, ID[0]);

	sent_try(target, now_s);
	sent_done(target, &it->due, now_s);
}

static void the_first_message_is_told_at_once_and_only_once(void **state)
{
	struct scene it = begin();

	(void)state;
	assert_false(is_due(&it, NOW));
	it.n.kinds[NOTICE_REVIEW].steps++;
	assert_true(is_due(&it, NOW));
	assert_int_equal(it.due.messages, 1);
	tell(&it, NOW);
	for (uint64_t later = 0; later < 100000; later += 100)
		assert_false(is_due(&it, NOW + later));
}

static void what_comes_within_a_quarter_of_an_hour_becomes_one(void **state)
{
	struct scene it = begin();
	uint64_t at = NOW;

	(void)state;
	it.n.kinds[NOTICE_REPORT].steps++;
	assert_true(is_due(&it, NOW));
	tell(&it, NOW);
	it.n.kinds[NOTICE_REPORT].steps += 4;
	while (!is_due(&it, at))
		at += 10;
	assert_true(at >= NOW + SENT_PAUSE_S && at <= NOW + 2 * SENT_PAUSE_S);
	assert_int_equal(it.due.messages, 4);
}

static void no_time_of_a_message_is_finer_than_a_quarter_of_an_hour(void **state)
{
	(void)state;
	for (uint64_t now = NOW; now < NOW + 2 * SENT_PAUSE_S; now += 7) {
		struct scene it = begin();
		it.n.kinds[NOTICE_REPORT].steps++;
		assert_true(is_due(&it, now));
		tell(&it, now);
		assert_int_equal(
		    it.s.targets[0].not_before_s[NOTICE_REPORT] % SENT_PAUSE_S, 0);
		assert_int_equal(it.s.targets[0].next_try_s, 0);
	}
}

static void one_kind_does_not_hold_up_another(void **state)
{
	struct scene it = begin();

	(void)state;
	it.n.kinds[NOTICE_REVIEW].steps++;
	assert_true(is_due(&it, NOW));
	tell(&it, NOW);
	it.n.kinds[NOTICE_UNFILTERED].steps++;
	assert_true(is_due(&it, NOW + 1));
	assert_int_equal(it.due.unfiltered, DUE_BEGAN);
	assert_int_equal(it.due.messages, 0);
}

static void unfiltered_time_is_told_at_its_begin_and_at_its_end(void **state)
{
	struct scene it = begin();
	struct notice *state_now = &it.n.kinds[NOTICE_UNFILTERED];

	(void)state;
	state_now->steps = 1;
	assert_true(is_due(&it, NOW));
	assert_int_equal(it.due.unfiltered, DUE_BEGAN);
	tell(&it, NOW);
	assert_false(is_due(&it, NOW + 4000));
	state_now->steps = 2;
	assert_true(is_due(&it, NOW + 4000));
	assert_int_equal(it.due.unfiltered, DUE_ENDED);
	tell(&it, NOW + 4000);
	assert_false(is_due(&it, NOW + 8000));
	state_now->steps = 4;
	assert_true(is_due(&it, NOW + 8000));
	assert_int_equal(it.due.unfiltered, DUE_WAS);
}

static void the_end_of_other_states_is_no_news(void **state)
{
	struct scene it = begin();

	(void)state;
	it.n.kinds[NOTICE_DISK_FULL].steps = 1;
	assert_true(is_due(&it, NOW));
	assert_true(it.due.disk_full);
	tell(&it, NOW);
	it.n.kinds[NOTICE_DISK_FULL].steps = 2;
	assert_false(is_due(&it, NOW + 4000));
	it.n.kinds[NOTICE_DISK_FULL].steps = 3;
	assert_true(is_due(&it, NOW + 4000));
}

static void a_failure_waits_longer_each_time_and_loses_nothing(void **state)
{
	struct scene it = begin();
	uint64_t at = NOW;
	uint64_t before = 0;

	(void)state;
	it.n.kinds[NOTICE_REVIEW].steps++;
	for (int i = 0; i < 12; i++) {
		uint64_t from = at;
		sent_try(sent_of(&it.s, &it.n, ID[0]), at);
		it.n.kinds[NOTICE_REVIEW].steps++;
		while (!is_due(&it, at))
			at++;
		assert_true(at - from >= before && at - from <= SENT_RETRY_MAX_S);
		before = at - from;
	}
	assert_int_equal(before, SENT_RETRY_MAX_S);
	assert_int_equal(it.due.messages, 13);
	tell(&it, at);
	assert_int_equal(it.s.targets[0].failures, 0);
	assert_false(is_due(&it, at + 100000));
}

static void a_clock_that_goes_back_silences_nobody(void **state)
{
	struct scene it = begin();

	(void)state;
	it.n.kinds[NOTICE_REVIEW].steps++;
	assert_true(is_due(&it, NOW));
	sent_try(sent_of(&it.s, &it.n, ID[0]), NOW);
	assert_true(is_due(&it, 1000));
	tell(&it, NOW);
	it.n.kinds[NOTICE_REVIEW].steps++;
	assert_true(is_due(&it, 1000));
	assert_int_equal(it.due.messages, 1);
}

static void only_what_is_wanted_is_told(void **state)
{
	struct scene it = begin();

	(void)state;
	for (unsigned k = 0; k < NOTICE_KINDS; k++)
		it.n.kinds[k].steps = 1;
	sent_due(&it.due, &it.n, sent_of(&it.s, &it.n, ID[0]), 1U << NOTICE_DISK_FULL, NOW);
	assert_true(it.due.any && it.due.disk_full);
	assert_int_equal(it.due.messages, 0);
	assert_int_equal(it.due.feeds, 0);
	assert_int_equal(it.due.unfiltered, DUE_NOTHING);
}

static void a_record_of_another_line_counts_for_nothing(void **state)
{
	struct scene it = begin();

	(void)state;
	it.n.kinds[NOTICE_REVIEW].steps = 5;
	assert_true(is_due(&it, NOW));
	tell(&it, NOW);
	/* The desk's file was lost and began anew. */
	it.n = (struct notices){.feed_count = 0};
	assert_true(notices_set_targets(&it.n, ID, 1, NOW + 60));
	it.n.kinds[NOTICE_REVIEW].steps = 1;
	assert_true(is_due(&it, NOW + 60));
	assert_int_equal(it.due.messages, 1);
}

static void records_of_targets_that_are_gone_go_too(void **state)
{
	struct scene it = begin();
	const uint64_t others[] = {6, 7};

	(void)state;
	assert_non_null(sent_of(&it.s, &it.n, 5));
	assert_true(notices_set_targets(&it.n, others, 2, NOW));
	assert_null(sent_of(&it.s, &it.n, 5));
	assert_non_null(sent_of(&it.s, &it.n, 6));
	assert_non_null(sent_of(&it.s, &it.n, 7));
	assert_int_equal(it.s.target_count, 2);
}

static void what_is_written_is_read_and_a_torn_file_is_not(void **state)
{
	struct scene it = begin();
	struct buf text = BUF_INIT(NOTICES_FILE_MAX);
	struct buf again = BUF_INIT(NOTICES_FILE_MAX);
	struct sent back;

	(void)state;
	it.n.kinds[NOTICE_REVIEW].steps = 5;
	assert_true(is_due(&it, NOW));
	tell(&it, NOW);
	sent_try(&it.s.targets[0], NOW);
	sent_write(&text, &it.s);
	assert_int_equal(sent_read(&back, buf_slice(&text)), OK);
	sent_write(&again, &back);
	assert_true(slice_equal(buf_slice(&text), buf_slice(&again)));
	for (size_t len = 0; len < text.len; len++) {
		struct slice torn = {text.ptr, len};
		assert_int_equal(sent_read(&back, torn), ERR_FORMAT);
	}
	buf_deinit(&text);
	buf_deinit(&again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_first_message_is_told_at_once_and_only_once),
	    cmocka_unit_test(what_comes_within_a_quarter_of_an_hour_becomes_one),
	    cmocka_unit_test(no_time_of_a_message_is_finer_than_a_quarter_of_an_hour),
	    cmocka_unit_test(one_kind_does_not_hold_up_another),
	    cmocka_unit_test(unfiltered_time_is_told_at_its_begin_and_at_its_end),
	    cmocka_unit_test(the_end_of_other_states_is_no_news),
	    cmocka_unit_test(a_failure_waits_longer_each_time_and_loses_nothing),
	    cmocka_unit_test(a_clock_that_goes_back_silences_nobody),
	    cmocka_unit_test(only_what_is_wanted_is_told),
	    cmocka_unit_test(a_record_of_another_line_counts_for_nothing),
	    cmocka_unit_test(records_of_targets_that_are_gone_go_too),
	    cmocka_unit_test(what_is_written_is_read_and_a_torn_file_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
