#include "notices/notices.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum {
	NOW = 1763800000
};

static struct notices full(void)
{
	struct notices n = {.feed_count = 0};
	const uint64_t ids[] = {notices_target_id("smtp://a", "x@y"), 7};
	bool changed = false;

	n.kinds[NOTICE_REVIEW].steps = 17;
	n.kinds[NOTICE_UNFILTERED] = (struct notice){3, 0, NOW};
	n.kinds[NOTICE_FEED_STALE] = (struct notice){1, 2, 0};
	assert_int_equal(notices_feed_fails(&n, "oisd-big", NOW, &changed), NOW);
	assert_true(changed);
	assert_true(notices_set_targets(&n, ids, 2, NOW));
	return n;
}

static void what_is_written_is_read(void **state)
{
	struct notices n = full();
	struct notices back;
	struct buf text = BUF_INIT(NOTICES_FILE_MAX);
	struct buf again = BUF_INIT(NOTICES_FILE_MAX);

	(void)state;
	notices_write(&text, &n);
	assert_int_equal(notices_read(&back, buf_slice(&text)), OK);
	notices_write(&again, &back);
	assert_true(slice_equal(buf_slice(&text), buf_slice(&again)));
	assert_int_equal(back.kinds[NOTICE_REVIEW].steps, 17);
	assert_string_equal(back.feeds[0].name, "oisd-big");
	buf_deinit(&text);
	buf_deinit(&again);
}

static void a_file_torn_anywhere_is_refused_whole(void **state)
{
	struct notices n = full();
	struct notices back = {.feed_count = 99};
	struct buf text = BUF_INIT(NOTICES_FILE_MAX);

	(void)state;
	notices_write(&text, &n);
	for (size_t len = 0; len < text.len; len++) {
		struct slice torn = {text.ptr, len};
		assert_int_equal(notices_read(&back, torn), ERR_FORMAT);
	}
	assert_int_equal(back.feed_count, 99);
	buf_deinit(&text);
}

static void the_largest_file_has_room(void **state)
{
	struct notices n = {.feed_count = NOTICES_FEEDS_MAX};
	struct buf text = BUF_INIT(NOTICES_FILE_MAX);

	(void)state;
	for (size_t i = 0; i < NOTICES_FEEDS_MAX; i++) {
		memset(n.feeds[i].name, 'a', NOTICES_FEED_BYTES - 1);
		n.feeds[i].since_s = INT64_MAX;
	}
	for (unsigned k = 0; k < NOTICE_KINDS; k++)
		n.kinds[k] = (struct notice){INT64_MAX, INT64_MAX, INT64_MAX};
	n.target_count = NOTICES_TARGETS_MAX;
	for (size_t i = 0; i < n.target_count; i++)
		for (unsigned k = 0; k < NOTICE_KINDS; k++)
			n.targets[i].from[k] = INT64_MAX;
	notices_write(&text, &n);
	assert_int_equal(buf_status(&text), OK);
	buf_deinit(&text);
}

static void a_state_counts_once_it_has_held(void **state)
{
	struct notices n = {.feed_count = 0};

	(void)state;
	assert_true(notices_look(&n, NOTICE_UNFILTERED, true, NOW, 60));
	assert_false(notices_look(&n, NOTICE_UNFILTERED, true, NOW + 59, 60));
	assert_false(notice_holds(&n, NOTICE_UNFILTERED));
	assert_true(notices_look(&n, NOTICE_UNFILTERED, true, NOW + 60, 60));
	assert_true(notice_holds(&n, NOTICE_UNFILTERED));
	assert_false(notices_look(&n, NOTICE_UNFILTERED, true, NOW + 600, 60));
	/* A moment of the other is nothing. */
	assert_true(notices_look(&n, NOTICE_UNFILTERED, false, NOW + 700, 60));
	assert_true(notices_look(&n, NOTICE_UNFILTERED, true, NOW + 720, 60));
	assert_int_equal(n.kinds[NOTICE_UNFILTERED].steps, 1);
	assert_true(notices_look(&n, NOTICE_UNFILTERED, false, NOW + 800, 60));
	assert_true(notices_look(&n, NOTICE_UNFILTERED, false, NOW + 860, 60));
	assert_int_equal(n.kinds[NOTICE_UNFILTERED].steps, 2);
	assert_int_equal(n.kinds[NOTICE_UNFILTERED].since_s, 0);
}

static void a_clock_that_goes_back_begins_the_wait_anew(void **state)
{
	struct notices n = {.feed_count = 0};

	(void)state;
	assert_true(notices_look(&n, NOTICE_DISK_FULL, true, NOW, 60));
	assert_true(notices_look(&n, NOTICE_DISK_FULL, true, 1000, 60));
	assert_false(notices_look(&n, NOTICE_DISK_FULL, true, 1059, 60));
	assert_true(notices_look(&n, NOTICE_DISK_FULL, true, 1060, 60));
	assert_true(notice_holds(&n, NOTICE_DISK_FULL));
}

static void each_feed_on_top_is_news_and_one_less_is_not(void **state)
{
	struct notices n = {.feed_count = 0};
	const struct notice *stale = &n.kinds[NOTICE_FEED_STALE];

	(void)state;
	assert_false(notices_look_feeds(&n, 0));
	assert_true(notices_look_feeds(&n, 1));
	assert_int_equal(stale->steps, 1);
	assert_false(notices_look_feeds(&n, 1));
	assert_true(notices_look_feeds(&n, 3));
	assert_int_equal(stale->steps, 3);
	assert_true(notices_look_feeds(&n, 2));
	assert_int_equal(stale->steps, 3);
	assert_true(notices_look_feeds(&n, 0));
	assert_int_equal(stale->steps, 4);
}

static void a_failing_feed_is_remembered_until_it_is_fine(void **state)
{
	struct notices n = {.feed_count = 0};
	bool changed = false;

	(void)state;
	assert_int_equal(notices_feed_fails(&n, "a", NOW, &changed), NOW);
	assert_true(changed);
	changed = false;
	assert_int_equal(notices_feed_fails(&n, "a", NOW + 100, &changed), NOW);
	assert_false(changed);
	assert_int_equal(notices_feed_fails(&n, "b", NOW + 100, &changed), NOW + 100);
	assert_true(notices_feed_is_fine(&n, "a"));
	assert_false(notices_feed_is_fine(&n, "a"));
	assert_int_equal(n.feed_count, 1);
	assert_string_equal(n.feeds[0].name, "b");
	for (char name[] = "c00"; n.feed_count < NOTICES_FEEDS_MAX; name[2]++) {
		if (name[2] > '9') {
			name[1]++;
			name[2] = '0';
		}
		assert_int_equal(notices_feed_fails(&n, name, NOW, &changed), NOW);
	}
	assert_int_equal(notices_feed_fails(&n, "one-more", NOW, &changed), 0);
}

static void a_new_target_hears_no_old_news_but_what_holds(void **state)
{
	struct notices n = {.feed_count = 0};
	const uint64_t ids[] = {1, 2, 3};

	(void)state;
	n.kinds[NOTICE_REPORT].steps = 9;
	n.kinds[NOTICE_UNFILTERED].steps = 3;
	n.kinds[NOTICE_DISK_FULL].steps = 4;
	assert_true(notices_set_targets(&n, ids, 2, NOW));
	assert_false(notices_set_targets(&n, ids, 2, NOW + 5));
	assert_int_equal(n.targets[0].from[NOTICE_REPORT], 9);
	assert_int_equal(n.targets[0].from[NOTICE_UNFILTERED], 2);
	assert_int_equal(n.targets[0].from[NOTICE_DISK_FULL], 4);
	/* Gone, and back: it is new. */
	assert_true(notices_set_targets(&n, ids + 1, 2, NOW + 10));
	assert_int_equal(notices_find(&n, 2)->epoch_s, NOW);
	assert_int_equal(notices_find(&n, 3)->epoch_s, NOW + 10);
	assert_null(notices_find(&n, 1));
	assert_true(notices_set_targets(&n, ids, 3, NOW + 20));
	assert_int_equal(notices_find(&n, 1)->epoch_s, NOW + 20);
	assert_true(notices_set_targets(&n, ids, 0, NOW + 20));
	assert_int_equal(n.target_count, 0);
}

static void targets_differ_by_where_and_whom(void **state)
{
	(void)state;
	assert_true(notices_target_id("a", "b") == notices_target_id("a", "b"));
	assert_true(notices_target_id("a", "b") != notices_target_id("ab", ""));
	assert_true(notices_target_id("a", "b") != notices_target_id("b", "a"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_written_is_read),
	    cmocka_unit_test(a_file_torn_anywhere_is_refused_whole),
	    cmocka_unit_test(the_largest_file_has_room),
	    cmocka_unit_test(a_state_counts_once_it_has_held),
	    cmocka_unit_test(a_clock_that_goes_back_begins_the_wait_anew),
	    cmocka_unit_test(each_feed_on_top_is_news_and_one_less_is_not),
	    cmocka_unit_test(a_failing_feed_is_remembered_until_it_is_fine),
	    cmocka_unit_test(a_new_target_hears_no_old_news_but_what_holds),
	    cmocka_unit_test(targets_differ_by_where_and_whom),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
