/* Somebody else's words on a terminal: nothing in them is obeyed, and nothing is lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lachanctl/quoted.h"

static void assert_shown(const char *words, const char *want)
{
	struct buf out = BUF_INIT(65536);

	quoted_append(&out, words, "/");
	assert_string_equal(buf_cstr(&out), want);
	buf_deinit(&out);
}

static void control_characters_are_shown_not_sent(void **state)
{
	(void)state;

	assert_shown("a\x1b[2Jb", "a\\x1b[2Jb");
	assert_shown("a\tb\rc\x7f", "a\\x09b\\x0dc\\x7f");
	assert_shown("\xc2\x9b"
	             "2J",
	    "\\x9b2J"); /* CSI in one character */
	assert_shown("a\nb", "a/b");
}

static void the_direction_of_writing_is_never_turned(void **state)
{
	(void)state;

	assert_shown("a\u202eb\u202cc\u2066d\u2069e\u200ff\u061cg", "abcdefg");
}

static void vietnamese_stays_as_it_is(void **state)
{
	(void)state;

	assert_shown("Em s\u1ee3 l\u1eafm \u2026 \u201cth\u1ea7y c\u00f4\u201d",
	    "Em s\u1ee3 l\u1eafm \u2026 \u201cth\u1ea7y c\u00f4\u201d");
}

static void paragraphs_and_long_words_are_whole(void **state)
{
	(void)state;
	char *text = NULL, link[701];
	size_t size = 0;
	struct buf words = BUF_INIT(4096);

	memset(link, 'x', sizeof link - 1);
	link[sizeof link - 1] = 0;
	buf_printf(&words, "one two\n\nsee %s end", link);
	FILE *to = open_memstream(&text, &size);
	assert_non_null(to);
	quoted_print_text(to, "| ", buf_cstr(&words));
	assert_int_equal(fclose(to), 0);
	assert_non_null(strstr(text, "| one two\n| \n| see xxx"));
	assert_non_null(strstr(text, link));
	assert_non_null(strstr(text, " end\n"));
	free(text);
	buf_deinit(&words);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(control_characters_are_shown_not_sent),
	    cmocka_unit_test(the_direction_of_writing_is_never_turned),
	    cmocka_unit_test(vietnamese_stays_as_it_is),
	    cmocka_unit_test(paragraphs_and_long_words_are_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
