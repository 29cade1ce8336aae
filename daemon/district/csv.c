#include "district/csv.h"

#include "base/words.h"

#define BYTE_ORDER_MARK SLICE_LIT("\xef\xbb\xbf")
#define SEPARATOR_LINE  SLICE_LIT("sep=")

/* ---- UTF-8 (RFC 3629) ---- */

/* Bytes of the character at `s`, 0 when it is none. */
static size_t character_length(struct slice s)
{
	uint8_t c = s.ptr[0];
	size_t len = c < 0x80 ? 1
	    : c < 0xc2        ? 0
	    : c < 0xe0        ? 2
	    : c < 0xf0        ? 3
	    : c < 0xf5        ? 4
	                      : 0;

	if (len > s.len)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((s.ptr[i] & 0xc0) != 0x80)
			return 0;
	/* Overlong forms, surrogates, and what lies beyond U+10FFFF. */
	if (len > 2) {
		uint8_t second = s.ptr[1];
		bool bad = (c == 0xe0 && second < 0xa0) || (c == 0xed && second > 0x9f) ||
		    (c == 0xf0 && second < 0x90) || (c == 0xf4 && second > 0x8f);
		return bad ? 0 : len;
	}
	return len;
}

static enum err check_utf8(struct csv_reader *r, struct slice text)
{
	unsigned line = 1, column = 1;

	while (text.len > 0) {
		size_t len = character_length(text);
		if (len == 0) {
			diags_error(r->mistakes, r->file, line, column, "%s",
			    _("this is not UTF-8 (in Excel: Save As, \"CSV UTF-8\")"));
			return ERR_FORMAT;
		}
		column++;
		if (text.ptr[0] == '\n') {
			line++;
			column = 1;
		}
		text = (struct slice){text.ptr + len, text.len - len};
	}
	return OK;
}

/* ---- reading ---- */

static void step(struct csv_reader *r)
{
	uint8_t c = r->ptr[0];

	r->ptr++;
	r->left--;
	if (c == '\n' || (c == '\r' && (r->left == 0 || r->ptr[0] != '\n'))) {
		r->line++;
		r->column = 1;
	} else if (r->left == 0 || (r->ptr[0] & 0xc0) != 0x80) {
		r->column++;
	}
}

static bool at_line_end(const struct csv_reader *r)
{
	return r->left == 0 || r->ptr[0] == '\n' || r->ptr[0] == '\r';
}

static void skip_line_end(struct csv_reader *r)
{
	bool carriage = r->left > 0 && r->ptr[0] == '\r';

	if (carriage)
		step(r);
	if (r->left > 0 && r->ptr[0] == '\n')
		step(r);
}

static void skip_line(struct csv_reader *r)
{
	while (!at_line_end(r))
		step(r);
	skip_line_end(r);
}

static bool is_separator(uint8_t c)
{
	return c == ',' || c == ';' || c == '\t';
}

/* The separator that stands most often in the first line, outside quotes. */
static uint8_t find_separator(const struct csv_reader *r)
{
	size_t commas = 0, semicolons = 0, tabs = 0;
	bool quoted = false;

	for (size_t i = 0; i < r->left; i++) {
		uint8_t c = r->ptr[i];
		if (c == '"')
			quoted = !quoted;
		if (quoted)
			continue;
		if (c == '\n' || c == '\r')
			break;
		commas += c == ',';
		semicolons += c == ';';
		tabs += c == '\t';
	}
	if (semicolons > commas && semicolons >= tabs)
		return ';';
	return tabs > commas ? '\t' : ',';
}

static const uint8_t *find_line_end(struct slice s)
{
	size_t i = 0;

	while (i < s.len && s.ptr[i] != '\n' && s.ptr[i] != '\r')
		i++;
	return s.ptr + i;
}

enum err csv_read(
    struct csv_reader *r, struct buf *text, const char *file, struct diags *mistakes)
{
	*r = (struct csv_reader){.ptr = text->ptr,
	    .left = text->len,
	    .line = 1,
	    .column = 1,
	    .file = file,
	    .mistakes = mistakes};
	enum err rc = check_utf8(r, buf_slice(text));
	if (rc != OK)
		return rc;
	if (slice_starts(buf_slice(text), BYTE_ORDER_MARK)) {
		r->ptr += BYTE_ORDER_MARK.len;
		r->left -= BYTE_ORDER_MARK.len;
	}
	/* Excel's own way to name it. */
	struct slice first = {r->ptr, r->left};
	first.len = (size_t)(find_line_end(first) - first.ptr);
	if (first.len == 5 && slice_starts(first, SEPARATOR_LINE) &&
	    is_separator(first.ptr[4])) {
		r->separator = first.ptr[4];
		skip_line(r);
	} else {
		r->separator = find_separator(r);
	}
	return OK;
}

/* Takes the guarding apostrophes out of a cell, in place. */
static size_t unguard(uint8_t *cell, size_t len)
{
	size_t kept = 0;
	uint8_t before = '\n'; /* of what was read, so that a dropped one hides nothing */

	for (size_t i = 0; i < len; i++) {
		uint8_t c = cell[i];
		bool guard = csv_parts(before) && c == '\'' &&
		    csv_is_guarded((struct slice){cell + i + 1, len - i - 1});
		if (!guard)
			cell[kept++] = c;
		before = c;
	}
	return kept;
}

static bool mistake(struct csv_reader *r, unsigned line, unsigned column, const char *what)
{
	diags_error(r->mistakes, r->file, line, column, "%s", what);
	return false;
}

static bool is_control(uint8_t c)
{
	return (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f;
}

/* At the opening quote. The content moves over it, without the doubled quotes. */
static bool read_quoted(struct csv_reader *r, struct csv_cell *cell)
{
	uint8_t *start = r->ptr;
	size_t len = 0;

	step(r);
	for (;; step(r)) {
		if (r->left == 0)
			return mistake(r, cell->line, cell->column,
			    _("the cell that begins with this quote never ends"));
		if (is_control(r->ptr[0]))
			return mistake(
			    r, r->line, r->column, _("no control characters in a cell"));
		if (r->ptr[0] == '"') {
			step(r);
			if (r->left == 0 || r->ptr[0] != '"')
				break;
		}
		start[len++] = r->ptr[0];
	}
	if (!at_line_end(r) && r->ptr[0] != r->separator)
		return mistake(r, r->line, r->column,
		    _("behind the closing quote a cell must end (a quote within it is "
		      "written twice)"));
	cell->text = (struct slice){start, len};
	return true;
}

static bool read_plain(struct csv_reader *r, struct csv_cell *cell)
{
	uint8_t *start = r->ptr;

	for (; !at_line_end(r) && r->ptr[0] != r->separator; step(r)) {
		if (r->ptr[0] == '"')
			return mistake(r, r->line, r->column,
			    _("a quote within a cell that does not begin with one"));
		if (is_control(r->ptr[0]))
			return mistake(
			    r, r->line, r->column, _("no control characters in a cell"));
	}
	cell->text = (struct slice){start, (size_t)(r->ptr - start)};
	return true;
}

static bool read_cell(struct csv_reader *r, struct csv_cell *cell)
{
	uint8_t *start = r->ptr;

	*cell = (struct csv_cell){.line = r->line, .column = r->column};
	bool sound =
	    r->left > 0 && r->ptr[0] == '"' ? read_quoted(r, cell) : read_plain(r, cell);
	if (!sound)
		return false;
	cell->text.len = unguard(start, cell->text.len);
	cell->text = slice_trim(cell->text);
	if (cell->text.len > CSV_CELL_MAX)
		return mistake(
		    r, cell->line, cell->column, _("this cell is longer than 4 096 bytes"));
	return true;
}

static bool read_row(struct csv_reader *r, struct csv_row *row)
{
	row->count = 0;
	row->line = r->line;
	for (;;) {
		if (row->count == CSV_CELLS_MAX)
			return mistake(
			    r, r->line, r->column, _("more than 64 cells in one row"));
		if (!read_cell(r, &row->cells[row->count]))
			return false;
		row->count++;
		if (at_line_end(r))
			return true;
		step(r); /* the separator */
	}
}

static bool is_blank(const struct csv_row *row)
{
	for (size_t i = 0; i < row->count; i++)
		if (row->cells[i].text.len > 0)
			return false;
	return true;
}

enum csv_result csv_next(struct csv_reader *r, struct csv_row *row)
{
	while (r->left > 0) {
		if (!read_row(r, row)) {
			skip_line(r);
			return CSV_MISTAKE;
		}
		skip_line_end(r);
		if (!is_blank(row))
			return CSV_ROW;
	}
	return CSV_END;
}
