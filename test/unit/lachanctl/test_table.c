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
	    cmocka_unit_test(durations_and_counts_are_short),
	    cmocka_unit_test(times_are_read_with_their_offset),
	};
	return cmocka_run_group_tests(tests, use_english, NULL);
}
