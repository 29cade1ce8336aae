/* Who is told what, when, and how often. */
#include "district/notify_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"

enum {
	NOW = 1763800000,
	DAY_S = 24 * 60 * 60
};

static struct notify_news some(void)
{
	return (struct notify_news){.silent = 3,
	    .wants_silent = true,
	    .wants_enrolled = true,
	    .wants_nominations = true,
	    .wants_refused = true,
	    .today = day_make(2026, 11, 23),
	    .school_day = true,
	    .now_s = NOW};
}

static void later(struct notify_news *news, int days)
{
	news->today += days;
	news->now_s += (int64_t)days * DAY_S;
}

/* Claims, as telling does. */
static bool is_told(
    struct notify_state *state, const struct notify_news *news, struct notify_due *due)
{
	bool is_due = notify_is_due(due, state, news);

	if (is_due)
		notify_claim(state, due, news);
	return is_due;
}

static void silent_schools_are_told_once_a_week(void **state)
{
	struct notify_state s = notify_state_new(NOW, 0);
	struct notify_news news = some();
	struct notify_due due;
	unsigned told = 0;

	(void)state;
	for (int day = 0; day < 28; day++, later(&news, 1))
		for (int hour = 0; hour < 24; hour++)
			told += is_told(&s, &news, &due);
	assert_int_equal(told, 4);
}

static void nobody_is_reminded_on_a_day_without_school(void **state)
{
	struct notify_state s = notify_state_new(NOW, 0);
	struct notify_news news = some();
	struct notify_due due;

	(void)state;
	news.school_day = false;
	assert_false(is_told(&s, &news, &due));
	later(&news, 30);
	assert_false(is_told(&s, &news, &due));
	news.school_day = true;
	assert_true(is_told(&s, &news, &due));
	assert_true(due.silent);
}

static void nothing_silent_and_nothing_wanted_is_no_mail(void **state)
{
	struct notify_state s = notify_state_new(NOW, 7);
	struct notify_news news = some();
	struct notify_due due;

	(void)state;
	news.silent = 0;
	news.refused = 7;
	assert_false(is_told(&s, &news, &due));
	news.silent = 3;
	news.enrolled = news.nominations = 2;
	news.refused = 9;
	news.wants_silent = news.wants_enrolled = news.wants_nominations = false;
	news.wants_refused = false;
	assert_false(is_told(&s, &news, &due));
}

static void all_else_comes_together_once_a_day(void **state)
{
	struct notify_state s = notify_state_new(NOW, 7);
	struct notify_news news = some();
	struct notify_due due;

	(void)state;
	news.wants_silent = false;
	news.enrolled = 2;
	news.refused = 9;
	assert_true(is_told(&s, &news, &due));
	assert_int_equal(due.enrolled, 2);
	assert_int_equal(due.refused, 2);
	assert_int_equal(due.nominations, 0);
	assert_int_equal(s.told_s, NOW + 1);
	news.enrolled = 0;
	news.nominations = 1;
	news.now_s += DAY_S - 1;
	assert_false(is_told(&s, &news, &due));
	news.now_s += 1;
	assert_true(is_told(&s, &news, &due));
	assert_int_equal(due.nominations, 1);
	assert_int_equal(due.refused, 0);
}

static void what_failed_is_tried_again_later_and_later(void **state)
{
	struct notify_news news = some();
	struct notify_state s = notify_state_new(NOW, 0), before = s;
	struct notify_due due;
	int64_t wait_s = 0;

	(void)state;
	for (int i = 0; i < 12; i++) {
		before = s;
		assert_true(is_told(&s, &news, &due));
		notify_take_back(&s, &before, news.now_s);
		assert_int_equal(s.failures, i + 1);
		assert_true(s.next_s - news.now_s >= wait_s);
		wait_s = s.next_s - news.now_s;
		assert_false(is_told(&s, &news, &due));
		news.now_s = s.next_s;
	}
	assert_int_equal(wait_s, 12 * 60 * 60);
	assert_true(is_told(&s, &news, &due));
	assert_int_equal(s.failures, 0);
}

static void a_note_comes_back_as_it_was_written(void **state)
{
	struct notify_state s = {.silent_day = DAY_NONE,
	                        .told_s = NOW,
	                        .refused = 12,
	                        .failures = 3,
	                        .next_s = NOW + 9},
	                    back;
	struct buf text = BUF_INIT(NOTIFY_STATE_MAX);

	(void)state;
	for (int i = 0; i < 2; i++) {
		buf_reset(&text);
		notify_state_write(&text, &s);
		assert_true(notify_state_read(buf_slice(&text), &back));
		assert_int_equal(back.silent_day, s.silent_day);
		assert_int_equal(back.told_s, s.told_s);
		assert_int_equal(back.mail_s, s.mail_s);
		assert_int_equal(back.refused, s.refused);
		assert_int_equal(back.failures, s.failures);
		assert_int_equal(back.next_s, s.next_s);
		s.silent_day = day_make(2026, 11, 16);
		s.mail_s = NOW - 5;
	}
	buf_deinit(&text);
}

static void a_torn_or_damaged_note_is_none(void **state)
{
	struct notify_state s = notify_state_new(NOW, 1), back;
	struct buf text = BUF_INIT(NOTIFY_STATE_MAX);
	static const char *const wrong[] = {"", "lachan-district-notice 1\n",
	    "lachan-district-notice 1\nsilent=- told=1 mail=0 refused=0 failures=0 next=0",
	    "lachan-district-notice 1\nsilent=x told=1 mail=0 refused=0 failures=0 next=0\n",
	    "lachan-district-notice 1\nsilent=- told=01 mail=0 refused=0 failures=0 next=0\n",
	    "lachan-district-notice 1\nsilent=- told=1 mail=0 refused=0 failures=0 next=0 x\n"};

	(void)state;
	notify_state_write(&text, &s);
	for (size_t len = 0; len < text.len; len++)
		assert_false(notify_state_read((struct slice){text.ptr, len}, &back));
	for (size_t i = 0; i < COUNT_OF(wrong); i++)
		assert_false(notify_state_read(slice_of(wrong[i]), &back));
	buf_deinit(&text);
}

static void a_mail_names_schools_and_counts_the_rest(void **state)
{
	struct notify_school schools[NOTIFY_SCHOOLS + 2];
	char units[NOTIFY_SCHOOLS + 2][8];
	struct buf text = BUF_INIT(NOTIFY_TEXT_MAX);
	const struct notify_due due = {.silent = true, .enrolled = 1, .refused = 4};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(schools); i++) {
		(void)snprintf(units[i], sizeof units[i], "q%zu", i);
		schools[i] = (struct notify_school){
		    units[i], "THCS \u0110inh\x1b[2J Ti\u00ean", day_make(2026, 11, 1)};
	}
	const struct notify_words words = {.department = "S\u1edf",
	    .url = "https://x.vn",
	    .schools = schools,
	    .school_count = COUNT_OF(schools),
	    .never = 5};
	notify_text_write(&text, &due, &words);
	const char *said = buf_cstr(&text);
	assert_int_equal(buf_status(&text), OK);
	assert_int_equal(strncmp(said, "32 schools have sent nothing", 28), 0);
	assert_non_null(strstr(said, "(q29), last day 2026-11-01\n  ... and 2 more\n"));
	assert_null(strstr(said, "(q30)"));
	assert_null(strchr(said, 0x1b));
	assert_non_null(strstr(said,
	    "5 schools have never sent anything\n1 school has enrolled\n"
	    "4 documents of schools were refused"));
	assert_non_null(strstr(said, "https://x.vn/\nS\u1edf\n"));
	buf_deinit(&text);
}

static void the_longest_list_of_the_longest_names_fits(void **state)
{
	struct notify_school schools[NOTIFY_SCHOOLS];
	char name[251], unit[65];
	struct buf text = BUF_INIT(NOTIFY_TEXT_MAX);
	const struct notify_due due = {
	    .silent = true, .enrolled = 100, .refused = 400, .nominations = 30};

	(void)state;
	memset(name, 'n', sizeof name - 1);
	memset(unit, 'u', sizeof unit - 1);
	name[sizeof name - 1] = unit[sizeof unit - 1] = 0;
	for (size_t i = 0; i < COUNT_OF(schools); i++)
		schools[i] = (struct notify_school){unit, name, DAY_FIRST};
	const struct notify_words words = {
	    .department = name, .url = name, .schools = schools, .school_count = 30000};
	notify_text_write(&text, &due, &words);
	assert_int_equal(buf_status(&text), OK);
	buf_deinit(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(silent_schools_are_told_once_a_week),
	    cmocka_unit_test(nobody_is_reminded_on_a_day_without_school),
	    cmocka_unit_test(nothing_silent_and_nothing_wanted_is_no_mail),
	    cmocka_unit_test(all_else_comes_together_once_a_day),
	    cmocka_unit_test(what_failed_is_tried_again_later_and_later),
	    cmocka_unit_test(a_note_comes_back_as_it_was_written),
	    cmocka_unit_test(a_torn_or_damaged_note_is_none),
	    cmocka_unit_test(a_mail_names_schools_and_counts_the_rest),
	    cmocka_unit_test(the_longest_list_of_the_longest_names_fits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
