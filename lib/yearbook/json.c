/* {"format":"lachan-report","version":"1.0",…,"tables":[{"id","title","columns","rows"}]}.
 * Keys are English and stay; labels are in the report's language. A cell is
 *
 *   a number            12, 97.5 (percent and hours have one decimal)
 *   {"at-least":85}     withheld numbers are missing from it
 *   {"from":20,"to":39} a sum of bands
 *   "text"              words
 *   "withheld"          nothing but withheld numbers: {"withheld":true}
 *   null                nothing, or still to be filled in by hand
 */
#include <inttypes.h>

#include "yearbook/internal.h"

static void write_text(struct buf *out, const char *text)
{
	buf_byte(out, '"');
	for (; *text != 0; text++) {
		uint8_t c = (uint8_t)*text;
		if (c == '"' || c == '\\')
			buf_byte(out, '\\');
		if (c < ' ' || c == 0x7f)
			buf_printf(out, "\\u%04x", c);
		else
			buf_byte(out, c);
	}
	buf_byte(out, '"');
}

static void write_member(struct buf *out, const char *key, const char *text)
{
	buf_byte(out, ',');
	write_text(out, key);
	buf_byte(out, ':');
	write_text(out, text);
}

static void write_day(struct buf *out, const char *key, uint32_t day)
{
	char text[16];

	text_iso_day(text, day);
	write_member(out, key, text);
}

static void write_lines(
    struct buf *out, const char *key, const char *const *items, size_t count)
{
	buf_byte(out, ',');
	write_text(out, key);
	buf_text(out, ":[");
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_byte(out, ',');
		write_text(out, items[i]);
	}
	buf_byte(out, ']');
}

static bool is_tenths(const struct yearbook_cell *cell)
{
	return cell->kind == YEARBOOK_PERCENT || cell->kind == YEARBOOK_CHANGE ||
	    cell->kind == YEARBOOK_HOURS;
}

static void write_value(struct buf *out, const struct yearbook_cell *cell)
{
	if (cell->at_least)
		buf_text(out, "{\"at-least\":");
	if (is_tenths(cell))
		figures_tenths(out, cell->value, (struct figures){"", '.'});
	else
		buf_printf(out, "%" PRId64, cell->value);
	if (cell->at_least)
		buf_byte(out, '}');
}

static void write_cell(struct buf *out, const struct yearbook_cell *cell)
{
	switch (cell->kind) {
	case YEARBOOK_EMPTY:
	case YEARBOOK_BY_HAND:
		buf_text(out, "null");
		break;
	case YEARBOOK_TEXT:
		write_text(out, cell->text);
		break;
	case YEARBOOK_WITHHELD:
		buf_text(out, "{\"withheld\":true}");
		break;
	case YEARBOOK_RANGE:
		buf_printf(out, "{\"from\":%" PRId64 ",\"to\":%" PRId64 "}", cell->value,
		    cell->upper);
		break;
	case YEARBOOK_NUMBER:
	case YEARBOOK_PERCENT:
	case YEARBOOK_CHANGE:
	case YEARBOOK_HOURS:
		write_value(out, cell);
		break;
	}
}

static void write_row(
    struct buf *out, const struct yearbook_table *table, const struct yearbook_row *row)
{
	buf_text(out, "{\"key\":");
	write_text(out, row->key);
	write_member(out, "label", row->label);
	buf_text(out, row->total ? ",\"total\":true,\"cells\":{" : ",\"cells\":{");
	for (size_t k = 0; k < table->column_count; k++) {
		if (k > 0)
			buf_byte(out, ',');
		write_text(out, table->columns[k].key);
		buf_byte(out, ':');
		write_cell(out, &row->cells[k]);
	}
	buf_text(out, "}}");
}

static void write_table(struct buf *out, const struct yearbook_table *table)
{
	buf_text(out, "{\"id\":");
	write_text(out, table->id);
	write_member(out, "title", table->title);
	buf_printf(out, ",\"lower-bound\":%s,\"columns\":[",
	    yearbook_has_bounds(table) ? "true" : "false");
	for (size_t k = 0; k < table->column_count; k++) {
		buf_text(out, k > 0 ? ",{\"key\":" : "{\"key\":");
		write_text(out, table->columns[k].key);
		write_member(out, "label", table->columns[k].label);
		buf_byte(out, '}');
	}
	buf_text(out, "],\"rows\":[");
	for (size_t i = 0; i < table->row_count; i++) {
		if (i > 0)
			buf_byte(out, ',');
		write_row(out, table, &table->rows[i]);
	}
	buf_byte(out, ']');
	write_lines(out, "notes", table->notes, table->note_count);
	buf_byte(out, '}');
}

enum err yearbook_json(const struct yearbook *book, struct buf *out)
{
	buf_text(out, "{\"format\":\"lachan-report\",\"version\":\"1.0\"");
	write_member(out, "kind", book->kind);
	write_member(out, "language", book->language == YEARBOOK_EN ? "en" : "vi");
	write_member(out, "title", book->title);
	write_member(out, "organization", book->organization);
	write_day(out, "from", book->from);
	write_day(out, "to", book->to);
	write_day(out, "made", book->made);
	write_member(out, "scope", book->scope);
	write_member(out, "tree", book->tree);
	buf_printf(out, ",\"units\":%" PRIu64, book->units);
	write_lines(out, "legal", book->legal.items, book->legal.count);
	write_lines(out, "recipients", book->recipients.items, book->recipients.count);
	write_lines(out, "notes", book->notes.items, book->notes.count);
	buf_text(out, ",\"tables\":[");
	for (size_t i = 0; i < book->table_count; i++) {
		if (i > 0)
			buf_byte(out, ',');
		write_table(out, book->tables[i]);
	}
	buf_text(out, "]}\n");
	return writer_status(book, out);
}
