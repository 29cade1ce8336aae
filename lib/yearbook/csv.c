/* One file, the tables one below the other, each with its number and title, an empty line
 * between two. Numbers stand without thousands, so that a spreadsheet takes them for numbers;
 * the decimal sign is that of the report's language, as a spreadsheet of that language reads. */
#include "base/csv.h"

#include "yearbook/internal.h"

/* A cell that could not be put together must not look like an empty one. */
static void take_cell(struct buf *out, struct buf *cell, bool is_figure)
{
	if (cell->bad)
		out->bad = out->no_memory = true;
	if (is_figure)
		csv_figure(out, buf_cstr(cell));
	else
		csv_text(out, buf_cstr(cell));
	buf_deinit(cell);
}

static void write_figure(
    struct buf *out, const struct yearbook_cell *cell, enum yearbook_language language)
{
	struct buf figure = BUF_INIT(64);

	figures_tenths(
	    &figure, cell->value, (struct figures){"", figures_of(language).decimal});
	take_cell(out, &figure, true);
}

static void write_cell(
    struct buf *out, const struct yearbook_cell *cell, enum yearbook_language language)
{
	struct buf range = BUF_INIT(64);

	switch (cell->kind) {
	case YEARBOOK_EMPTY:
	case YEARBOOK_BY_HAND:
		csv_text(out, "");
		break;
	case YEARBOOK_NUMBER:
		csv_number(out, cell->value);
		break;
	case YEARBOOK_PERCENT:
	case YEARBOOK_CHANGE:
	case YEARBOOK_HOURS:
		write_figure(out, cell, language);
		break;
	case YEARBOOK_RANGE:
		/* Words between: "20-39" is a day for some spreadsheets. */
		buf_printf(
		    &range, "%lld … %lld", (long long)cell->value, (long long)cell->upper);
		take_cell(out, &range, true);
		break;
	case YEARBOOK_TEXT:
		csv_text(out, cell->text);
		break;
	case YEARBOOK_WITHHELD:
		csv_text(out, yearbook_word(language, YB_HIDDEN));
		break;
	}
}

static bool is_figure(const struct yearbook_cell *cell)
{
	return cell->kind == YEARBOOK_NUMBER || cell->kind == YEARBOOK_HOURS ||
	    cell->kind == YEARBOOK_RANGE;
}

static bool is_percentage(const struct yearbook_cell *cell)
{
	return cell->kind == YEARBOOK_PERCENT || cell->kind == YEARBOOK_CHANGE;
}

/* Cells hold bare numbers, so a column or row whose figures are all percentages says so in
 * its label. */
static bool column_is_percent(const struct yearbook_table *table, size_t column)
{
	bool any = false;

	for (size_t i = 0; i < table->row_count; i++) {
		if (is_figure(&table->rows[i].cells[column]))
			return false;
		any |= is_percentage(&table->rows[i].cells[column]);
	}
	return any;
}

static bool row_is_percent(
    const struct yearbook_table *table, const struct yearbook_row *row)
{
	bool any = false;

	for (size_t k = 0; k < table->column_count; k++) {
		if (is_figure(&row->cells[k]))
			return false;
		any |= is_percentage(&row->cells[k]) && !column_is_percent(table, k);
	}
	return any;
}

static void write_label(struct buf *out, const char *label, bool percent)
{
	struct buf text = BUF_INIT(YEARBOOK_BYTES);

	buf_printf(&text, "%s%s", label, percent ? " (%)" : "");
	take_cell(out, &text, false);
}

static void write_table(struct buf *out, const struct yearbook_table *table)
{
	enum yearbook_language language = table->book->language;
	bool bounds = yearbook_has_bounds(table);

	csv_text(out, table->id);
	csv_text(out, table->title);
	csv_end_line(out);
	csv_text(out, table->head);
	for (size_t k = 0; k < table->column_count; k++)
		write_label(out, table->columns[k].label, column_is_percent(table, k));
	if (bounds)
		csv_text(out, yearbook_word(language, YB_IS_BOUND));
	csv_end_line(out);
	for (size_t i = 0; i < table->row_count; i++) {
		const struct yearbook_row *row = &table->rows[i];
		write_label(out, row->label, row_is_percent(table, row));
		for (size_t k = 0; k < table->column_count; k++)
			write_cell(out, &row->cells[k], language);
		if (bounds)
			csv_text(out,
			    yearbook_row_has_bounds(table, row)
			        ? yearbook_word(language, YB_YES)
			        : "");
		csv_end_line(out);
	}
	for (size_t i = 0; i < table->note_count; i++) {
		csv_text(out, table->notes[i]);
		csv_end_line(out);
	}
	if (bounds) {
		csv_text(out, yearbook_word(language, YB_LOWER_BOUND));
		csv_end_line(out);
	}
}

static void write_pair(struct buf *out, const char *label, const char *value)
{
	if (*value == 0)
		return;
	csv_text(out, label);
	csv_text(out, value);
	csv_end_line(out);
}

static void write_head(struct buf *out, const struct yearbook *book)
{
	enum yearbook_language language = book->language;
	char from[16];
	char to[16];
	char made[16];

	yearbook_day_text(from, book->from);
	yearbook_day_text(to, book->to);
	yearbook_day_text(made, book->made);
	write_pair(out, book->title, book->organization);
	csv_text(out, yearbook_word(language, YB_PERIOD));
	csv_text(out, from);
	csv_text(out, to);
	csv_end_line(out);
	write_pair(out, yearbook_word(language, YB_SCOPE), book->scope);
	csv_text(out, yearbook_word(language, YB_UNITS));
	csv_number(out, (int64_t)book->units);
	csv_end_line(out);
	write_pair(out, yearbook_word(language, YB_TREE), book->tree);
	write_pair(out, yearbook_word(language, YB_MADE), made);
	for (size_t i = 0; i < book->notes.count; i++) {
		csv_text(out, book->notes.items[i]);
		csv_end_line(out);
	}
}

enum err yearbook_csv(const struct yearbook *book, struct buf *out)
{
	csv_begin(out);
	write_head(out, book);
	for (size_t i = 0; i < book->table_count; i++) {
		csv_end_line(out);
		write_table(out, book->tables[i]);
	}
	return writer_status(book, out);
}
