/* Spreadsheets open what we write: quotes, Vietnamese, and no formula of a stranger. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/csv.h"

static void lines_are_cells_apart_by_commas(void **state)
{
	struct buf out = BUF_INIT(1000);
	(void)state;

	csv_begin(&out);
	csv_text(&out, "Trường");
	csv_text(&out, "");
	csv_number(&out, -5);
	csv_end_line(&out);
	csv_text(&out, "");
	csv_figure(&out, "-12,5");
	csv_end_line(&out);
	assert_string_equal(
	    buf_cstr(&out), "\xef\xbb\xbfTrường,\"\",-5\r\n\"\",\"-12,5\"\r\n");
	buf_deinit(&out);
}

static void quotes_commas_and_line_ends_stay_in_their_cell(void **state)
{
	struct buf out = BUF_INIT(1000);
	(void)state;

	csv_text(&out, "a \"b\", c");
	csv_text(&out, "two\nlines");
	csv_text(&out, "x;y");
	assert_string_equal(buf_cstr(&out), "\"a \"\"b\"\", c\",\"two\nlines\",\"x;y\"");
	buf_deinit(&out);
}

static void what_looks_like_a_formula_is_text(void **state)
{
	const char *texts[] = {"=1+1", "+1", "-1", "@x", "\t=1", "\r=1"};
	const char *cells[] = {"'=1+1", "'+1", "'-1", "'@x", "\"'\t'=1\"", "\"'\r'=1\""};
	(void)state;

	for (size_t i = 0; i < 6; i++) {
		struct buf out = BUF_INIT(100);
		csv_text(&out, texts[i]);
		assert_string_equal(buf_cstr(&out), cells[i]);
		buf_deinit(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lines_are_cells_apart_by_commas),
	    cmocka_unit_test(quotes_commas_and_line_ends_stay_in_their_cell),
	    cmocka_unit_test(what_looks_like_a_formula_is_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
