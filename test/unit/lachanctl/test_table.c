/* Figures, times and columns as a person at a terminal reads them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/words.h"
#include "lachanctl/say.h"
#include "lachanctl/table.h"

static char *print(const struct table *t)
{
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);

	assert_non_null(to);
	table_print(t, 2, to);
	fclose(to);
	return text;
}

static void vietnamese_letters_take_one_place(void **state)
{
	(void)state;
	assert_int_equal(text_width("Cờ bạc, cá cược"), 15);
	assert_int_equal(text_width("a\xcc\x81"), 1); /* a letter and a mark upon it */
	assert_int_equal(text_width("\xff"), 1);
}

static void columns_line_up_and_lines_end_without_blanks(void **state)
{
	struct table *t = table_new(3);

	(void)state;
	table_right(t, 1);
	table_cell(t, "cờ bạc");
	table_cell(t, "%d", 5);
	table_cell(t, "x");
	table_cell(t, "adult");
	table_cell(t, "%d", 1000);
	table_cell(t, "%s", "");
	char *text = print(t);
	assert_string_equal(text, "  cờ bạc     5  x\n  adult   1000\n");
	free(text);
	table_free(t);
}

static void control_characters_do_not_reach_the_terminal(void **state)
{
	struct table *t = table_new(1);

	(void)state;
	table_cell(t, "%s", "\x1b[31mred");
	char *text = print(t);
	assert_null(strchr(text, '\x1b'));
	free(text);
	table_free(t);
}

static void nothing_turns_the_direction_of_writing(void **state)
{
	struct table *t = table_new(1);

	(void)state;
	table_cell(t, "%s",
	    "a\u202eb\u2066c\u061cd\u200fe\xc2\x85"
	    "f \u2026\u00e9");
	char *text = print(t);
	assert_string_equal(text,
	    "  a\\xe2\\x80\\xaeb\\xe2\\x81\\xa6c\\xd8\\x9cd\\xe2\\x80\\x8fe\\xc2\\x85f "
	    "\u2026\u00e9\n");
	free(text);
	table_free(t);
}

static void durations_and_counts_are_short(void **state)
{
	char out[SAY_BYTES];

	(void)state;
	say_duration(out, 59);
	assert_string_equal(out, "59 s");
	say_duration(out, 3600 + 5 * 60);
	assert_string_equal(out, "1 h 5 min");
	say_duration(out, 2 * 86400);
	assert_string_equal(out, "2 d");
	say_count(out, 999);
	assert_string_equal(out, "999");
	say_count(out, 1234567);
	assert_string_equal(out, "1,234,567");
	say_size(out, 1536);
	assert_string_equal(out, "1.5 KiB");
}

static void times_are_read_with_their_offset(void **state)
{
	int64_t at;

	(void)state;
	assert_true(say_parse_time("2026-11-20T07:00:00+07:00", &at));
	assert_int_equal(at, 1795132800);
	assert_true(say_parse_time("2026-11-20T00:00:00Z", &at));
	assert_int_equal(at, 1795132800);
	assert_true(say_parse_time("2026-11-20T07:00:00+0700", &at));
	assert_int_equal(at, 1795132800);
	assert_false(say_parse_time("yesterday", &at));
	assert_false(say_parse_time("2026-11-20T07:00:00", &at));
}

static void moments_are_read_as_people_write_them(void **state)
{
	const int64_t now_s = 1795132800; /* 2026-11-20 07:00 in Vietnam */
	int64_t at;

	(void)state;
	(void)setenv("TZ", "Asia/Ho_Chi_Minh", 1);
	assert_true(say_read_moment("11:30", now_s, &at));
	assert_int_equal(at, now_s + (4 * 60 + 30) * 60);
	assert_true(say_read_moment("0:05", now_s, &at));
	assert_int_equal(at, now_s - (6 * 60 + 55) * 60);
	assert_true(say_read_moment("2026-12-21 09:00", now_s, &at));
	assert_int_equal(at, 1797818400);
	assert_true(say_read_moment("2026-12-21T09:00:00+07:00", now_s, &at));
	assert_int_equal(at, 1797818400);
	assert_true(say_read_moment("2026-12-21T02:00:00Z", now_s, &at));
	assert_int_equal(at, 1797818400);
	assert_false(say_read_moment("24:61", now_s, &at));
	assert_false(say_read_moment("11:30 tomorrow", now_s, &at));
	assert_false(say_read_moment("soon", now_s, &at));
	assert_false(say_read_moment("", now_s, &at));
}

static void long_texts_are_broken_between_words(void **state)
{
	struct buf out = BUF_INIT(4096);

	(void)state;
	buf_text(&out, "Ai: ");
	text_wrap(&out, "    ", 4, 12, "Trường học Việt Nam averylongwordthatfits");
	assert_string_equal(buf_cstr(&out),
	    "Ai: Trường\n    học Việt\n    Nam\n    averylongwordthatfits\n");
	buf_reset(&out);
	text_wrap(&out, "# ", 0, 80, "  one   line ");
	assert_string_equal(buf_cstr(&out), "one line\n");
	buf_deinit(&out);
}

static int use_english(void **state)
{
	(void)state;
	words_use("en", NULL);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(vietnamese_letters_take_one_place),
	    cmocka_unit_test(columns_line_up_and_lines_end_without_blanks),
	    cmocka_unit_test(control_characters_do_not_reach_the_terminal),
	    cmocka_unit_test(nothing_turns_the_direction_of_writing),
	    cmocka_unit_test(durations_and_counts_are_short),
	    cmocka_unit_test(times_are_read_with_their_offset),
	    cmocka_unit_test(moments_are_read_as_people_write_them),
	    cmocka_unit_test(long_texts_are_broken_between_words),
	};
	return cmocka_run_group_tests(tests, use_english, NULL);
}
