/* Whatever a spreadsheet or a stranger made: what is read has places within the file, and comes
 * back the same when it is written and read again; and nothing written begins a formula. */
#include <stdlib.h>

#include "district/csv.h"

#define HOLDS(condition)          \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

enum {
	TEXT_MAX = 1 << 20
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* As a spreadsheet would see a cell that another separator made. */
static void check_no_formula(struct slice written)
{
	uint8_t before = '\n';

	for (size_t i = 0; i < written.len; i++) {
		uint8_t c = written.ptr[i];
		bool begins = before == '\n' || before == '\r' || before == ';' ||
		    before == ',' || before == '\t';
		HOLDS(!begins || (c != '=' && c != '+' && c != '-' && c != '@'));
		before = c;
	}
}

static void write_again(struct buf *out, const struct csv_row *row)
{
	csv_begin(out);
	for (size_t i = 0; i < row->count; i++)
		csv_cell(out, row->cells[i].text);
	csv_end_line(out);
}

static void check_same(const struct csv_row *a, struct buf *text)
{
	struct diags mistakes = DIAGS_NONE;
	struct csv_reader r;
	static struct csv_row b;

	check_no_formula(buf_slice(text));
	HOLDS(csv_read(&r, text, "again", &mistakes) == OK);
	HOLDS(r.separator == ',');
	HOLDS(csv_next(&r, &b) == CSV_ROW);
	HOLDS(b.count == a->count);
	for (size_t i = 0; i < a->count; i++)
		HOLDS(slice_equal(a->cells[i].text, b.cells[i].text));
	HOLDS(csv_next(&r, &b) == CSV_END && mistakes.errors == 0);
	diags_deinit(&mistakes);
}

static void check_row(const struct csv_row *row)
{
	struct buf again = BUF_INIT(TEXT_MAX);

	HOLDS(row->count >= 1 && row->count <= CSV_CELLS_MAX);
	for (size_t i = 0; i < row->count; i++) {
		HOLDS(row->cells[i].line >= row->line && row->cells[i].column >= 1);
		HOLDS(row->cells[i].text.len <= CSV_CELL_MAX);
	}
	write_again(&again, row);
	if (buf_status(&again) == OK)
		check_same(row, &again);
	buf_deinit(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct csv_row row;
	struct diags mistakes = DIAGS_NONE;
	struct buf text = BUF_INIT(TEXT_MAX);
	enum csv_result result;
	struct csv_reader r;

	buf_append(&text, (struct slice){data, size});
	if (buf_status(&text) != OK)
		goto done;
	if (csv_read(&r, &text, "units.csv", &mistakes) != OK) {
		HOLDS(mistakes.errors == 1);
		goto done;
	}
	do {
		size_t before = mistakes.errors;
		result = csv_next(&r, &row);
		HOLDS(mistakes.errors == before + (result == CSV_MISTAKE));
		if (result == CSV_ROW)
			check_row(&row);
	} while (result != CSV_END);
done:
	diags_deinit(&mistakes);
	buf_deinit(&text);
	return 0;
}
