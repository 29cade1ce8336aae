/* One table of a report in HTML; prose as headings with what was written, or lines to write
 * on. */
#include <string.h>

#include "base/html.h"

#include "yearbook/internal.h"

enum {
	WRITING_LINES = 4
};

static const char *class_of(const struct yearbook_cell *cell)
{
	switch (cell->kind) {
	case YEARBOOK_TEXT:
		return " class=\"text\"";
	case YEARBOOK_BY_HAND:
		return " class=\"hand\"";
	case YEARBOOK_WITHHELD:
		return " class=\"hidden\"";
	case YEARBOOK_EMPTY:
		return " class=\"empty\"";
	case YEARBOOK_NUMBER:
	case YEARBOOK_RANGE:
	case YEARBOOK_PERCENT:
	case YEARBOOK_CHANGE:
	case YEARBOOK_HOURS:
		break;
	}
	return "";
}

static void write_cell(
    struct buf *out, const struct yearbook_cell *cell, enum yearbook_language language)
{
	buf_printf(out, "<td%s>", class_of(cell));
	if (cell->kind == YEARBOOK_TEXT)
		html_escape(out, slice_of(cell->text));
	else
		yearbook_cell_text(out, cell, language);
	buf_text(out, "</td>");
}

static void write_head(struct buf *out, const struct yearbook_table *table)
{
	buf_text(out, "<thead><tr><th scope=\"col\">");
	html_escape(out, slice_of(table->head));
	buf_text(out, "</th>");
	for (size_t k = 0; k < table->column_count; k++) {
		buf_text(out, "<th scope=\"col\">");
		html_escape(out, slice_of(table->columns[k].label));
		buf_text(out, "</th>");
	}
	buf_text(out, "</tr></thead>\n");
}

static void write_rows(struct buf *out, const struct yearbook_table *table)
{
	buf_text(out, "<tbody>\n");
	for (size_t i = 0; i < table->row_count; i++) {
		const struct yearbook_row *row = &table->rows[i];
		buf_text(out, row->total ? "<tr class=\"total\">" : "<tr>");
		buf_text(out, "<th scope=\"row\">");
		html_escape(out, slice_of(row->label));
		buf_text(out, "</th>");
		for (size_t k = 0; k < table->column_count; k++)
			write_cell(out, &row->cells[k], table->book->language);
		buf_text(out, "</tr>\n");
	}
	buf_text(out, "</tbody>");
}

static void write_note(struct buf *out, const char *text)
{
	buf_text(out, "<p class=\"note\">");
	html_escape(out, slice_of(text));
	buf_text(out, "</p>\n");
}

/* Line ends of what a person wrote stay. */
static void write_written(struct buf *out, const char *text)
{
	struct slice rest = slice_of(text);

	buf_text(out, "<p>");
	for (bool first = true; rest.ptr != NULL; first = false) {
		struct slice line = slice_cut(&rest, '\n');
		if (!first)
			buf_byte(out, '\n');
		html_escape(out, slice_trim(line));
	}
	buf_text(out, "</p>\n");
}

static void write_prose(struct buf *out, const struct yearbook_table *table)
{
	for (size_t i = 0; i < table->row_count; i++) {
		const struct yearbook_row *row = &table->rows[i];
		buf_text(out, "<h3>");
		html_escape(out, slice_of(row->label));
		buf_text(out, "</h3>\n");
		bool written = table->column_count > 0 &&
		    row->cells[0].kind == YEARBOOK_TEXT && *row->cells[0].text != 0;
		if (written)
			write_written(out, row->cells[0].text);
		for (int k = 0; !written && k < WRITING_LINES; k++)
			buf_text(out, "<div class=\"write\"></div>\n");
	}
}

void html_table(struct buf *out, const struct yearbook_table *table)
{
	enum yearbook_language language = table->book->language;

	buf_printf(out, "<section id=\"%s\"", table->id);
	if (table->wide || table->prose || table->annex)
		buf_printf(out, " class=\"%s%s%s\"", table->wide ? "wide " : "",
		    table->prose ? "prose " : "", table->annex ? "annex" : "");
	buf_printf(out, ">\n<h2>%s. ", table->id);
	html_escape(out, slice_of(table->title));
	buf_text(out, "</h2>\n");
	if (table->prose) {
		write_prose(out, table);
	} else if (table->row_count == 0) {
		write_note(out, yearbook_word(language, YB_NO_ROWS));
	} else {
		/* Who has no pointer scrolls a wide table by keys: it takes the focus. */
		buf_text(out,
		    "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"");
		html_escape(out, slice_of(table->title));
		buf_text(out, "\"><table>\n");
		write_head(out, table);
		write_rows(out, table);
		buf_text(out, "</table></div>\n");
	}
	for (size_t i = 0; i < table->note_count; i++)
		write_note(out, table->notes[i]);
	if (yearbook_has_bounds(table))
		write_note(out, yearbook_word(language, YB_LOWER_BOUND));
	buf_text(out, "</section>\n");
}
