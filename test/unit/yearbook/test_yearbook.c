/* A small book in both languages, through each writer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "yearbook/yearbook.h"

enum {
	ROOM = 1024 * 1024
};

static void fill(struct yearbook *book, enum yearbook_language language)
{
	yearbook_init(book, language);
	book->title = yearbook_text(book, "Báo cáo <năm> 2026");
	book->organization = yearbook_text(book, "Sở GD&ĐT");
	book->from = 20251216;
	book->to = 20261215;
	book->made = 20261122;
	book->units = 1234;
	yearbook_line(book, &book->recipients, "UBND tỉnh");
	struct yearbook_table *t = yearbook_table(book, "B1", "Mức độ", "Cấp học");
	yearbook_column(t, "attempts", "Lượt");
	yearbook_column(t, "share", "Tỷ lệ");
	yearbook_column(t, "note", "Ghi chú");
	struct yearbook_cell *cells = yearbook_row_total(t, "all", "Tổng số");
	cells[0] = yearbook_at_least(12345);
	cells[1] = yearbook_percent(1, 8);
	cells[2] = yearbook_words(book, "=HYPERLINK(\"x\")");
	cells = yearbook_row(t, "primary", "Tiểu học");
	cells[0] = yearbook_withheld();
	cells[1] = yearbook_change(95, 100);
	cells[2] = yearbook_by_hand();
	cells = yearbook_row(t, "preschool", "Mầm non");
	cells[0] = yearbook_number(1000);
	cells[1] = yearbook_hours(5400);
	cells[2] = yearbook_range(20, 39);
}

static bool holds(struct buf *out, const char *text)
{
	return strstr(buf_cstr(out), text) != NULL;
}

static void a_number_reads_as_its_language_has_it(void **state)
{
	const struct {
		struct yearbook_cell cell;
		const char *vi, *en;
	} cases[] = {
	    {yearbook_number(0), "0", "0"},
	    {yearbook_number(999), "999", "999"},
	    {yearbook_number(1234567), "1.234.567", "1,234,567"},
	    {yearbook_at_least(85), "≥ 85", "≥ 85"},
	    {yearbook_at_least(0), "ẩn", "withheld"},
	    {yearbook_percent(975, 1000), "97,5 %", "97.5%"},
	    {yearbook_percent(2, 3), "66,7 %", "66.7%"},
	    {yearbook_percent(1, 0), "–", "–"},
	    {yearbook_change(100, 80), "+25,0 %", "+25.0%"},
	    {yearbook_change(1999, 2000), "-0,1 %", "-0.1%"},
	    {yearbook_change(5, 0), "–", "–"},
	    {yearbook_hours(3599), "1,0", "1.0"},
	    {yearbook_range(20, 39), "20–39", "20–39"},
	    {yearbook_range(100, UINT64_MAX), "≥ 100", "≥ 100"},
	    {yearbook_range(7, 7), "7", "7"},
	    {yearbook_by_hand(), "……", "……"},
	};
	(void)state;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf out = BUF_INIT(100);
		yearbook_cell_text(&out, &cases[i].cell, YEARBOOK_VI);
		assert_string_equal(buf_cstr(&out), cases[i].vi);
		buf_reset(&out);
		yearbook_cell_text(&out, &cases[i].cell, YEARBOOK_EN);
		assert_string_equal(buf_cstr(&out), cases[i].en);
		buf_deinit(&out);
	}
}

static void percentages_of_enormous_numbers_do_not_wrap(void **state)
{
	(void)state;
	assert_int_equal(yearbook_percent(UINT64_MAX / 2, UINT64_MAX).value, 500);
	assert_int_equal(yearbook_change(UINT64_MAX, UINT64_MAX).value, 0);
}

static void csv_is_a_table_a_spreadsheet_of_that_language_takes(void **state)
{
	struct yearbook book;
	struct buf out = BUF_INIT(ROOM);
	(void)state;

	fill(&book, YEARBOOK_VI);
	assert_int_equal(yearbook_csv(&book, &out), OK);
	assert_memory_equal(buf_cstr(&out), "\xef\xbb\xbf", 3);
	assert_true(holds(&out, "Kỳ báo cáo,16/12/2025,15/12/2026\r\n"));
	assert_true(holds(&out, "\r\n\r\nB1,Mức độ\r\n"));
	assert_true(holds(&out, "Cấp học,Lượt,Tỷ lệ,Ghi chú,Cận dưới\r\n"));
	assert_true(
	    holds(&out, "Tổng số,12345,\"12,5\",\"'=HYPERLINK(\"\"x\"\")\",có\r\n"));
	assert_true(holds(&out, "Tiểu học (%),ẩn,\"-5,0\",\"\",có\r\n"));
	assert_true(holds(&out, "Mầm non,1000,\"1,5\",20 … 39,\"\"\r\n"));
	yearbook_deinit(&book);
	buf_reset(&out);
	fill(&book, YEARBOOK_EN);
	assert_int_equal(yearbook_csv(&book, &out), OK);
	assert_true(holds(&out, "Tổng số,12345,12.5,"));
	yearbook_deinit(&book);
	buf_deinit(&out);
}

static void json_has_the_same_keys_in_both_languages(void **state)
{
	struct yearbook book;
	struct buf out = BUF_INIT(ROOM);
	(void)state;

	for (int language = YEARBOOK_VI; language <= YEARBOOK_EN; language++) {
		fill(&book, (enum yearbook_language)language);
		buf_reset(&out);
		assert_int_equal(yearbook_json(&book, &out), OK);
		assert_true(holds(&out, "\"from\":\"2025-12-16\",\"to\":\"2026-12-15\""));
		assert_true(holds(&out,
		    "\"key\":\"all\",\"label\":\"Tổng số\",\"total\":true,\"cells\":{"
		    "\"attempts\":{\"at-least\":12345},\"share\":12.5,"
		    "\"note\":\"=HYPERLINK(\\\"x\\\")\"}"));
		assert_true(holds(&out,
		    "\"cells\":{\"attempts\":{\"withheld\":true},\"share\":-5.0,"
		    "\"note\":null}"));
		assert_true(holds(&out, "\"note\":{\"from\":20,\"to\":39}"));
		assert_true(holds(&out, "\"lower-bound\":true"));
		yearbook_deinit(&book);
	}
	buf_deinit(&out);
}

static void html_escapes_and_says_lower_bound_where_numbers_are_hidden(void **state)
{
	struct yearbook book;
	struct buf out = BUF_INIT(ROOM);
	(void)state;

	fill(&book, YEARBOOK_VI);
	assert_int_equal(yearbook_html(&book, YEARBOOK_STYLE_INSIDE, NULL, NULL, &out), OK);
	assert_true(holds(&out, "<html lang=\"vi\">"));
	assert_true(holds(&out, "<h1>Báo cáo &lt;năm&gt; 2026</h1>"));
	assert_true(holds(&out, "Sở GD&amp;ĐT"));
	assert_true(holds(&out, "<td>≥ 12.345</td>"));
	assert_true(holds(&out, "<td class=\"hidden\">ẩn</td>"));
	assert_true(holds(&out, "số liệu là cận dưới do ẩn số nhỏ"));
	assert_true(holds(&out, "<style>"));
	assert_false(holds(&out, "<script"));
	yearbook_deinit(&book);
	buf_reset(&out);
	fill(&book, YEARBOOK_EN);
	assert_int_equal(yearbook_html(&book, YEARBOOK_STYLE_LINKED, "/reports/report.css",
	                     "<a href=\"/\">x</a>", &out),
	    OK);
	assert_true(holds(&out, "a lower bound, because small numbers are withheld"));
	assert_true(holds(&out, "<link rel=\"stylesheet\" href=\"/reports/report.css\">"));
	assert_false(holds(&out, "style="));
	assert_false(holds(&out, "<style"));
	yearbook_deinit(&book);
	buf_deinit(&out);
}

static void a_table_without_hidden_numbers_has_no_such_footnote(void **state)
{
	struct yearbook book;
	struct buf out = BUF_INIT(ROOM);
	(void)state;

	yearbook_init(&book, YEARBOOK_EN);
	struct yearbook_table *t = yearbook_table(&book, "B2", "x", "y");
	yearbook_column(t, "a", "A");
	yearbook_row(t, "r", "R")[0] = yearbook_number(5);
	assert_false(yearbook_has_bounds(t));
	assert_int_equal(yearbook_html(&book, YEARBOOK_STYLE_INSIDE, NULL, NULL, &out), OK);
	assert_false(holds(&out, "lower bound"));
	yearbook_deinit(&book);
	buf_deinit(&out);
}

static void prose_is_what_was_written_or_lines_to_write_on(void **state)
{
	struct yearbook book;
	struct buf out = BUF_INIT(ROOM);
	(void)state;

	yearbook_init(&book, YEARBOOK_EN);
	struct yearbook_table *t = yearbook_table(&book, "B12", "Assessment", "");
	t->prose = true;
	yearbook_column(t, "text", "Text");
	yearbook_row(t, "results", "Results")[0] = yearbook_words(&book, "one\n<two>");
	yearbook_row(t, "proposals", "Proposals")[0] = yearbook_by_hand();
	assert_int_equal(yearbook_html(&book, YEARBOOK_STYLE_INSIDE, NULL, NULL, &out), OK);
	assert_true(holds(&out, "<p>one\n&lt;two&gt;</p>"));
	assert_true(holds(&out, "<div class=\"write\"></div>"));
	yearbook_deinit(&book);
	buf_deinit(&out);
}

static void what_is_no_utf8_becomes_a_question_mark(void **state)
{
	struct yearbook book;
	(void)state;

	yearbook_init(&book, YEARBOOK_EN);
	assert_string_equal(yearbook_text(&book, "a\xff\xc3z"), "a??z");
	assert_string_equal(yearbook_text(&book, "\xed\xa0\x80"), "???");
	assert_string_equal(yearbook_text(&book, "Trường"), "Trường");
	assert_string_equal(yearbook_text(&book, "\xe1\xbb"), "??");
	yearbook_deinit(&book);
}

static void what_does_not_fit_fails_the_writers_and_nothing_else(void **state)
{
	struct yearbook book;
	struct buf out = BUF_INIT(ROOM);
	(void)state;

	yearbook_init(&book, YEARBOOK_EN);
	struct yearbook_table *t = yearbook_table(&book, "B1", "x", "y");
	yearbook_column(t, "a", "A");
	for (int i = 0; i < YEARBOOK_ROWS; i++)
		yearbook_row(t, "r", "R")[0] = yearbook_number(1);
	assert_int_equal(yearbook_json(&book, &out), OK);
	yearbook_row(t, "r", "R")[0] = yearbook_number(1);
	assert_int_equal(yearbook_json(&book, &out), ERR_FULL);
	assert_int_equal(yearbook_csv(&book, &out), ERR_FULL);
	assert_int_equal(t->row_count, YEARBOOK_ROWS);
	yearbook_deinit(&book);
	yearbook_init(&book, YEARBOOK_EN);
	for (int i = 0; i < YEARBOOK_TABLES + 1; i++)
		yearbook_column(yearbook_table(&book, "B", "x", "y"), "a", "A");
	assert_int_equal(yearbook_json(&book, &out), ERR_FULL);
	yearbook_deinit(&book);
	buf_deinit(&out);
}

static void every_word_stands_in_both_languages(void **state)
{
	(void)state;
	for (int i = 0; i < YEARBOOK_WORDS; i++) {
		assert_true(*yearbook_word(YEARBOOK_VI, (enum yearbook_word)i) != 0);
		assert_true(*yearbook_word(YEARBOOK_EN, (enum yearbook_word)i) != 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_number_reads_as_its_language_has_it),
	    cmocka_unit_test(percentages_of_enormous_numbers_do_not_wrap),
	    cmocka_unit_test(csv_is_a_table_a_spreadsheet_of_that_language_takes),
	    cmocka_unit_test(json_has_the_same_keys_in_both_languages),
	    cmocka_unit_test(html_escapes_and_says_lower_bound_where_numbers_are_hidden),
	    cmocka_unit_test(a_table_without_hidden_numbers_has_no_such_footnote),
	    cmocka_unit_test(prose_is_what_was_written_or_lines_to_write_on),
	    cmocka_unit_test(what_is_no_utf8_becomes_a_question_mark),
	    cmocka_unit_test(what_does_not_fit_fails_the_writers_and_nothing_else),
	    cmocka_unit_test(every_word_stands_in_both_languages),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
