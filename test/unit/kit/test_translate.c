#include "kit/translate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/words.h"

/* What stands in the catalogue today, so that a better translation breaks no test. */
static const char *vietnamese(const char *english)
{
	words_use("vi", NULL);
	const char *text = gettext(english);
	assert_string_not_equal(text, english);
	return text;
}

static void assert_translated(const char *english, const char *expected)
{
	char out[TRANSLATE_TEXT_BYTES];

	translate_text(out, sizeof out, english);
	assert_string_equal(out, expected);
}

static void a_whole_sentence_is_looked_up(void **state)
{
	(void)state;
	assert_translated(
	    "this is a web page, not a list", vietnamese("this is a web page, not a list"));
}

static void a_sentence_in_a_sentence_is_looked_up_too(void **state)
{
	char expected[TRANSLATE_TEXT_BYTES];

	(void)state;
	const char *inner = vietnamese("this is a web page, not a list");
	(void)vietnamese("%s: refused: %s\n");
	assert_true(translate_by_format(expected, sizeof expected, "ut1: refused: X\n",
	    "%s: refused: %s\n", gettext("%s: refused: %s\n")));
	char *at = strstr(expected, "X");
	assert_non_null(at);
	char whole[TRANSLATE_TEXT_BYTES];
	(void)snprintf(
	    whole, sizeof whole, "%.*s%s%s", (int)(at - expected), expected, inner, at + 1);
	assert_translated("ut1: refused: this is a web page, not a list\n", whole);
}

static void pieces_are_looked_up_alone(void **state)
{
	char expected[TRANSLATE_TEXT_BYTES];

	(void)state;
	const char *page = vietnamese("this is a web page, not a list");
	(void)snprintf(
	    expected, sizeof expected, "https://a.vn/x: %s; b.vn: %s", page, page);
	assert_translated("https://a.vn/x: this is a web page, not a list; "
	                  "b.vn: this is a web page, not a list",
	    expected);
}

static void what_the_catalogue_does_not_know_stays(void **state)
{
	(void)state;
	words_use("vi", NULL);
	assert_translated("", "");
	assert_translated("100% of nothing %s %n", "100% of nothing %s %n");
	assert_translated("www.example.vn: 7", "www.example.vn: 7");
	words_use("en", NULL);
	assert_translated(
	    "this is a web page, not a list", "this is a web page, not a list");
}

static void places_may_change_their_order(void **state)
{
	char out[64];

	(void)state;
	assert_true(translate_by_format(out, sizeof out, "7 of 90 lines",
	    "%llu of %zu lines", "trong %2$zu có %1$llu"));
	assert_string_equal(out, "trong 90 có 7");
}

static void a_number_is_digits_and_the_whole_text_must_fit(void **state)
{
	char out[64];

	(void)state;
	assert_false(
	    translate_by_format(out, sizeof out, "x of 90", "%u of %u", "%u / %u"));
	assert_false(
	    translate_by_format(out, sizeof out, "7 of 90 now", "%u of %u", "%u / %u"));
	assert_false(translate_by_format(out, sizeof out, "so 7", "%u", "%u"));
	assert_true(
	    translate_by_format(out, sizeof out, "lost 5%", "lost %u%%", "mất %u%%"));
	assert_string_equal(out, "mất 5%");
	assert_false(translate_by_format(out, sizeof out, "5", "%", "%"));
	assert_false(translate_by_format(out, sizeof out, "5", "%n", "%n"));
}

static void a_mistake_keeps_its_place(void **state)
{
	char out[TRANSLATE_TEXT_BYTES], expected[TRANSLATE_TEXT_BYTES];

	(void)state;
	const char *level = vietnamese("error");
	(void)snprintf(expected, sizeof expected, "/etc/a: b.yaml:31:9: %s: %s", level,
	    vietnamese("this is a web page, not a list"));
	translate_mistake(
	    out, sizeof out, "/etc/a: b.yaml:31:9: error: this is a web page, not a list");
	assert_string_equal(out, expected);
	translate_mistake(out, sizeof out, "x: y");
	assert_string_equal(out, "x: y");
}

static void a_cut_never_splits_a_letter(void **state)
{
	char out[16];

	(void)state;
	words_use("vi", NULL);
	for (size_t size = 1; size <= sizeof out; size++) {
		translate_text(out, size, "ấấấấấấấấ");
		assert_int_equal(strlen(out) % 3, 0);
	}
}

/* Makes folder/NAME in `path`, which ends as the new folder. */
static void enter_new_folder(char *path, size_t size, const char *name)
{
	size_t len = strlen(path);

	(void)snprintf(path + len, size - len, "/%s", name);
	assert_int_equal(mkdir(path, 0700), 0);
}

static void a_damaged_catalogue_is_no_catalogue(void **state)
{
	char folder[] = "/tmp/lachan-words-XXXXXX", path[128], file[160];
	/* The right magic, one sentence, and tables that point far outside. */
	const uint32_t words[] = {0x950412de, 0, 1, 28, 4000000000u, 0, 0, 5, 4000000000u};

	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof path, "%s", folder);
	enter_new_folder(path, sizeof path, "xx");
	enter_new_folder(path, sizeof path, "LC_MESSAGES");
	(void)snprintf(file, sizeof file, "%s/lachan.mo", path);
	FILE *to = fopen(file, "w");
	assert_non_null(to);
	assert_int_equal(fwrite(words, sizeof words, 1, to), 1);
	assert_int_equal(fclose(to), 0);
	words_use("xx", folder);
	assert_translated("lost 5 percent", "lost 5 percent");
	assert_int_equal(unlink(file), 0);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(rmdir(path), 0);
		*strrchr(path, '/') = 0;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_whole_sentence_is_looked_up),
	    cmocka_unit_test(a_sentence_in_a_sentence_is_looked_up_too),
	    cmocka_unit_test(pieces_are_looked_up_alone),
	    cmocka_unit_test(what_the_catalogue_does_not_know_stays),
	    cmocka_unit_test(places_may_change_their_order),
	    cmocka_unit_test(a_number_is_digits_and_the_whole_text_must_fit),
	    cmocka_unit_test(a_mistake_keeps_its_place),
	    cmocka_unit_test(a_cut_never_splits_a_letter),
	    cmocka_unit_test(a_damaged_catalogue_is_no_catalogue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
