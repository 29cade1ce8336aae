#include "district/csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define BOM "\xef\xbb\xbf"

struct scene {
	struct buf text;
	struct diags mistakes;
	struct csv_reader r;
	struct csv_row row;
};

static struct scene open_text(struct slice text)
{
	struct scene it = {.text = BUF_INIT(CSV_TEXT_MAX), .mistakes = DIAGS_NONE};

	buf_append(&it.text, text);
	assert_int_equal(buf_status(&it.text), OK);
	return it;
}

static void end(struct scene *it)
{
	buf_deinit(&it->text);
	diags_deinit(&it->mistakes);
}

static void begin(struct scene *it)
{
	assert_int_equal(csv_read(&it->r, &it->text, "u.csv", &it->mistakes), OK);
}

#define EXPECT_ROW(it, ...) expect_row((it), (const char *[]){__VA_ARGS__, NULL})

static void expect_row(struct scene *it, const char *const *cells)
{
	size_t n = 0;

	assert_int_equal(csv_next(&it->r, &it->row), CSV_ROW);
	for (; cells[n] != NULL; n++) {
		assert_true(n < it->row.count);
		assert_true(slice_equal(it->row.cells[n].text, slice_of(cells[n])));
	}
	assert_int_equal(it->row.count, n);
}

static void expect_place(const struct scene *it, size_t i, unsigned line, unsigned column)
{
	assert_true(i < it->mistakes.count);
	assert_string_equal(it->mistakes.items[i].file, "u.csv");
	assert_int_equal(it->mistakes.items[i].line, line);
	assert_int_equal(it->mistakes.items[i].column, column);
}

static void the_mark_and_the_separator_are_found(void **state)
{
	static const char *const texts[] = {BOM "a;b,c;d\r\n1;2,5;3\r\n",
	    "a;b,c;d\n1;2,5;3", "sep=;\r\na;b,c;d\r1;2,5;3\r",
	    "a;\"b,c\";d\n\n;;\n1;\"2,5\";3"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct scene it = open_text(slice_of(texts[i]));
		begin(&it);
		EXPECT_ROW(&it, "a", "b,c", "d");
		EXPECT_ROW(&it, "1", "2,5", "3");
		assert_int_equal(csv_next(&it.r, &it.row), CSV_END);
		assert_int_equal(it.mistakes.errors, 0);
		end(&it);
	}
}

static void quotes_hold_separators_quotes_and_line_ends(void **state)
{
	struct scene it =
	    open_text(SLICE_LIT("x,y\n\"a,b\",\" say \"\"hi\"\"\r\nthere \"\n,z\n"));

	(void)state;
	begin(&it);
	EXPECT_ROW(&it, "x", "y");
	EXPECT_ROW(&it, "a,b", "say \"hi\"\r\nthere");
	assert_int_equal(it.row.cells[1].line, 2);
	assert_int_equal(it.row.cells[1].column, 7);
	EXPECT_ROW(&it, "", "z");
	assert_int_equal(it.row.line, 4);
	end(&it);
}

static void columns_count_letters_not_bytes(void **state)
{
	struct scene it = open_text(
	    SLICE_LIT(BOM "tr\u01b0\u1eddng,b\nTr\u01b0\u1eddng \u0110\u1ed3i,\"x\"y\n"));

	(void)state;
	begin(&it);
	EXPECT_ROW(&it, "tr\u01b0\u1eddng", "b");
	assert_int_equal(it.row.cells[1].column, 8);
	assert_int_equal(csv_next(&it.r, &it.row), CSV_MISTAKE);
	expect_place(&it, 0, 2, 15);
	end(&it);
}

static void every_mistake_has_its_place_and_the_next_row_is_read(void **state)
{
	struct scene it = open_text(
	    SLICE_LIT("a,b\nx\"y,1\n1,2\n\"u\"v,2\n3,\x01\n4,5\nk,\"never\nends"));

	(void)state;
	begin(&it);
	EXPECT_ROW(&it, "a", "b");
	assert_int_equal(csv_next(&it.r, &it.row), CSV_MISTAKE);
	expect_place(&it, 0, 2, 2);
	EXPECT_ROW(&it, "1", "2");
	assert_int_equal(csv_next(&it.r, &it.row), CSV_MISTAKE);
	expect_place(&it, 1, 4, 4);
	assert_int_equal(csv_next(&it.r, &it.row), CSV_MISTAKE);
	expect_place(&it, 2, 5, 3);
	EXPECT_ROW(&it, "4", "5");
	assert_int_equal(csv_next(&it.r, &it.row), CSV_MISTAKE);
	expect_place(&it, 3, 7, 3);
	assert_int_equal(csv_next(&it.r, &it.row), CSV_END);
	end(&it);
}

static void what_is_not_utf8_is_refused_where_it_begins(void **state)
{
	static const struct {
		struct slice text;
		unsigned line, column;
	} cases[] = {
	    {SLICE_LIT("a,b\nTr\xc6\xb0\xff"), 2, 4},
	    {SLICE_LIT("\xff\xfe"
	               "a\0,\0"),
	        1, 1},
	    {SLICE_LIT("\xc0\xaf"), 1, 1},
	    {SLICE_LIT("x\xed\xa0\x80"), 1, 2},
	    {SLICE_LIT("x\xf4\x90\x80\x80"), 1, 2},
	    {SLICE_LIT("\xe1\xbb"), 1, 1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct scene it = open_text(cases[i].text);
		assert_int_equal(
		    csv_read(&it.r, &it.text, "u.csv", &it.mistakes), ERR_FORMAT);
		expect_place(&it, 0, cases[i].line, cases[i].column);
		end(&it);
	}
}

static void limits_are_mistakes_not_crashes(void **state)
{
	struct scene it = open_text(SLICE_EMPTY);

	(void)state;
	for (int i = 0; i < CSV_CELLS_MAX; i++)
		buf_text(&it.text, "x,");
	buf_text(&it.text, "x\n");
	for (int i = 0; i <= CSV_CELL_MAX; i++)
		buf_byte(&it.text, 'y');
	buf_text(&it.text, "\nlast\n");
	begin(&it);
	assert_int_equal(csv_next(&it.r, &it.row), CSV_MISTAKE);
	expect_place(&it, 0, 1, 2 * CSV_CELLS_MAX + 1);
	assert_int_equal(csv_next(&it.r, &it.row), CSV_MISTAKE);
	expect_place(&it, 1, 2, 1);
	EXPECT_ROW(&it, "last");
	assert_int_equal(csv_next(&it.r, &it.row), CSV_END);
	end(&it);
}

static void nothing_that_is_written_begins_a_formula(void **state)
{
	static const struct {
		const char *cell, *written;
	} cases[] = {
	    {"=cmd()", "'=cmd()"},
	    {"+84 24 1", "'+84 24 1"},
	    {"-1", "'-1"},
	    {"@x", "'@x"},
	    {"'=x", "''=x"},
	    {"'tis", "'tis"},
	    {"a=b", "a=b"},
	    {"a;=b", "\"a;'=b\""},
	    {"a, -b", "\"a, -b\""},
	    {"a\n=b", "\"a\n'=b\""},
	    {"\rx", "\"'\rx\""},
	    {"say \"no\"", "\"say \"\"no\"\"\""},
	    {"sep=", "\"sep=\""},
	    {"", "\"\""},
	    {"Tr\u01b0\u1eddng", "Tr\u01b0\u1eddng"},
	    {"a\x1b"
	     "b",
	        "a b"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct buf out = BUF_INIT(1000), expected = BUF_INIT(1000);
		csv_begin(&out);
		csv_text(&out, cases[i].cell);
		csv_number(&out, -7);
		csv_end_line(&out);
		buf_printf(&expected, BOM "%s,-7\r\n", cases[i].written);
		assert_string_equal(buf_cstr(&out), buf_cstr(&expected));
		buf_deinit(&out);
		buf_deinit(&expected);
	}
}

static void what_was_written_is_read_again(void **state)
{
	static const char *const cells[] = {"=1+1", "'=1", "''@", "+84 24 38 25", "a;'-b",
	    "x,\t=y", "two\r\nlines", "\"", "\u0110\u1ed3i C\u00f4n", "sep=;"};
	struct scene it = open_text(SLICE_EMPTY);

	(void)state;
	csv_begin(&it.text);
	for (size_t i = 0; i < COUNT_OF(cells); i++)
		csv_text(&it.text, cells[i]);
	csv_end_line(&it.text);
	begin(&it);
	assert_int_equal(csv_next(&it.r, &it.row), CSV_ROW);
	assert_int_equal(it.row.count, COUNT_OF(cells));
	for (size_t i = 0; i < COUNT_OF(cells); i++)
		assert_true(slice_equal(it.row.cells[i].text, slice_of(cells[i])));
	end(&it);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_mark_and_the_separator_are_found),
	    cmocka_unit_test(quotes_hold_separators_quotes_and_line_ends),
	    cmocka_unit_test(columns_count_letters_not_bytes),
	    cmocka_unit_test(every_mistake_has_its_place_and_the_next_row_is_read),
	    cmocka_unit_test(what_is_not_utf8_is_refused_where_it_begins),
	    cmocka_unit_test(limits_are_mistakes_not_crashes),
	    cmocka_unit_test(nothing_that_is_written_begins_a_formula),
	    cmocka_unit_test(what_was_written_is_read_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
