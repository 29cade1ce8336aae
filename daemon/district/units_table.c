#include "district/units_table.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/words.h"

/* What a table is read with. */
struct reading {
	struct units_table *table;
	struct csv_reader csv;
	struct diags *mistakes;
	enum unit_column columns[CSV_CELLS_MAX]; /* of each cell of a row */
	size_t width;
	unsigned given;
	bool no_memory;
};

static void mistake(struct reading *r, const struct csv_cell *cell, const char *format, ...)
    PRINTF_LIKE(3, 4);

static void mistake(struct reading *r, const struct csv_cell *cell, const char *format, ...)
{
	char text[DIAG_TEXT_BYTES];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof text, format, args);
	va_end(args);
	diags_error(r->mistakes, r->table->file, cell->line, cell->column, "%s", text);
}

static const char *copy(struct reading *r, struct slice text)
{
	const char *made = text.len == 0 ? "" : arena_text(r->table->memory, text);

	r->no_memory = r->no_memory || made == NULL;
	return made == NULL ? "" : made;
}

/* A cell as it may be shown in a message. */
struct shown {
	char text[80];
};

static struct shown show(struct slice text)
{
	struct shown out;

	text_printable(out.text, sizeof out.text, text);
	return out;
}

/* ---- values ---- */

bool unit_id_is_sound(struct slice id)
{
	if (id.len == 0 || id.len > 64)
		return false;
	for (size_t i = 0; i < id.len; i++) {
		uint8_t c = id.ptr[i];
		bool letter = byte_lower(c) >= 'a' && byte_lower(c) <= 'z';
		bool digit = c >= '0' && c <= '9';
		if (!letter && !digit && c != '.' && c != '_' && c != '-')
			return false;
	}
	return true;
}

static bool read_id(struct reading *r, const struct csv_cell *cell, const char **out)
{
	if (!unit_id_is_sound(cell->text)) {
		mistake(r, cell,
		    _("'%s' cannot be a unit's id: 1 to 64 of A-Z, a-z, 0-9, dot, dash and "
		      "underscore, no accents"),
		    show(cell->text).text);
		return false;
	}
	*out = copy(r, cell->text);
	return true;
}

static bool read_text(struct reading *r, const struct csv_cell *cell, const char **out)
{
	for (size_t i = 0; i < cell->text.len; i++)
		if (cell->text.ptr[i] < ' ') {
			mistake(r, cell, "%s", _("no line end and no tab in this cell"));
			return false;
		}
	if (cell->text.len > 250) {
		mistake(r, cell, "%s", _("longer than 250 bytes"));
		return false;
	}
	*out = copy(r, cell->text);
	return true;
}

/* "1/9/2026": day, month, year. */
static bool read_slashes(struct slice text, int32_t *out)
{
	static const uint8_t marks[] = {'/', '.', '-'};
	uint64_t day, month, year;
	int32_t found;

	for (size_t i = 0; i < COUNT_OF(marks); i++) {
		struct slice rest = text;
		struct slice first = slice_cut(&rest, marks[i]);
		struct slice second = slice_cut(&rest, marks[i]);
		if (!slice_to_u64(first, 31, &day) || !slice_to_u64(second, 12, &month) ||
		    !slice_to_u64(rest, 9999, &year) || day == 0 || month == 0 ||
		    rest.len != 4)
			continue;
		char back[DAY_TEXT_BYTES], wanted[32];
		found = day_make((int)year, (int)month, (int)day);
		/* The 31st of a month of 30 days carries over: no such day. */
		(void)snprintf(wanted, sizeof wanted, "%04u-%02u-%02u", (unsigned)year,
		    (unsigned)month, (unsigned)day);
		day_write(back, found);
		if (strcmp(back, wanted) != 0 || found < DAY_FIRST || found > DAY_FOREVER)
			return false;
		*out = found;
		return true;
	}
	return false;
}

bool unit_day_read(struct slice text, int32_t *out)
{
	if (text.len == DAY_TEXT_BYTES - 1 && day_read(text, out))
		return true;
	return text.ptr != NULL && read_slashes(text, out);
}

static bool read_day(struct reading *r, const struct csv_cell *cell, int32_t *out)
{
	if (cell->text.len == 0 || unit_day_read(cell->text, out))
		return true;
	mistake(r, cell, _("'%s' is no day (write 2026-09-01, or 01/09/2026)"),
	    show(cell->text).text);
	return false;
}

static bool read_pupils(struct reading *r, const struct csv_cell *cell, uint32_t *out)
{
	uint64_t number = 0;

	if (cell->text.len > 0 && !slice_to_u64(cell->text, UNIT_PUPILS_MAX, &number)) {
		mistake(r, cell,
		    _("'%s' is no number of pupils: digits only, at most 1000000"),
		    show(cell->text).text);
		return false;
	}
	*out = (uint32_t)number;
	return true;
}

static bool read_sends(struct reading *r, const struct csv_cell *cell, bool *out)
{
	static const char *const yes[] = {
	    "yes", "x", "1", "true", "c\u00f3", "C\u00f3", "co"};
	static const char *const no[] = {
	    "no", "", "0", "false", "kh\u00f4ng", "Kh\u00f4ng", "khong"};

	for (size_t i = 0; i < COUNT_OF(yes); i++)
		if (slice_equal_nocase(cell->text, slice_of(yes[i]))) {
			*out = true;
			return true;
		}
	for (size_t i = 0; i < COUNT_OF(no); i++)
		if (slice_equal_nocase(cell->text, slice_of(no[i])))
			return true;
	mistake(r, cell, _("'%s' is neither yes nor no"), show(cell->text).text);
	return false;
}

/* ---- levels of schooling ---- */

static const struct {
	const char *word;
	const char *tier;
} KINDS[] = {
    {"preschool", "preschool"},
    {"mn", "preschool"},
    {"m\u1ea7m non", "preschool"},
    {"M\u1ea7m non", "preschool"},
    {"primary", "primary"},
    {"th", "primary"},
    {"ti\u1ec3u h\u1ecdc", "primary"},
    {"Ti\u1ec3u h\u1ecdc", "primary"},
    {"lower_secondary", "lower_secondary"},
    {"thcs", "lower_secondary"},
    {"upper_secondary", "upper_secondary"},
    {"thpt", "upper_secondary"},
    {"continuing_education", "continuing_education"},
    {"gdtx", "continuing_education"},
};
/* In the order in which they are kept. */
static const char *const TIERS[] = {"preschool", "primary", "lower_secondary",
    "upper_secondary", "continuing_education", NULL};

static unsigned kind_of(struct slice word)
{
	for (size_t i = 0; i < COUNT_OF(KINDS); i++)
		if (slice_equal_nocase(word, slice_of(KINDS[i].word)))
			for (unsigned t = 0; TIERS[t] != NULL; t++)
				if (strcmp(TIERS[t], KINDS[i].tier) == 0)
					return 1U << t;
	return 0;
}

static bool parts_kinds(uint8_t c)
{
	return c == ',' || c == ';' || c == '+' || c == '/' || c == '|' || c == '\n';
}

/* The next word of *rest; empty at the end. Blanks part words only where they are no word
 * together ("Tiểu học" is one). */
static struct slice next_kind(struct slice *rest)
{
	size_t len = 0;

	while (rest->len > 0 && (parts_kinds(rest->ptr[0]) || rest->ptr[0] <= ' '))
		*rest = (struct slice){rest->ptr + 1, rest->len - 1};
	while (len < rest->len && !parts_kinds(rest->ptr[len]))
		len++;
	struct slice word = slice_trim((struct slice){rest->ptr, len});
	const uint8_t *blank = word.len == 0 ? NULL : memchr(word.ptr, ' ', word.len);
	if (blank != NULL && kind_of(word) == 0)
		word.len = len = (size_t)(blank - word.ptr);
	if (rest->len > 0)
		*rest = (struct slice){rest->ptr + len, rest->len - len};
	return word;
}

static bool read_kinds(struct reading *r, const struct csv_cell *cell, const char **out)
{
	struct slice rest = cell->text;
	struct slice word;
	unsigned kinds = 0;
	char text[UNIT_KINDS_BYTES] = "";
	size_t len = 0;

	for (word = next_kind(&rest); word.len > 0; word = next_kind(&rest)) {
		unsigned one = kind_of(word);
		if (one == 0) {
			mistake(r, cell,
			    _("'%s' is no kind of school: preschool, primary, lower_secondary, "
			      "upper_secondary, continuing_education (or MN, TH, THCS, THPT, "
			      "GDTX), several with commas between"),
			    show(word).text);
			return false;
		}
		kinds |= one;
	}
	for (unsigned t = 0; TIERS[t] != NULL; t++)
		if ((kinds & 1U << t) != 0)
			len += (size_t)snprintf(text + len, sizeof text - len, "%s%s",
			    len > 0 ? "," : "", TIERS[t]);
	*out = copy(r, slice_of(text));
	return true;
}

/* ---- lines ---- */

static bool read_reference(struct reading *r, const struct csv_cell *cell, const char **out)
{
	return cell->text.len == 0 || read_id(r, cell, out);
}

static bool read_cell(struct reading *r, enum unit_column column,
    const struct csv_cell *cell, struct unit_line *line)
{
	switch (column) {
	case UNIT_ID:
		return read_id(r, cell, &line->unit);
	case UNIT_PARENT:
		return read_reference(r, cell, &line->parent);
	case UNIT_LEVEL:
		return read_text(r, cell, &line->level);
	case UNIT_CODE:
		return read_text(r, cell, &line->code);
	case UNIT_NAME:
		return read_text(r, cell, &line->name);
	case UNIT_KINDS:
		return read_kinds(r, cell, &line->kinds);
	case UNIT_PUPILS:
		return read_pupils(r, cell, &line->pupils);
	case UNIT_CONTACT:
		return read_text(r, cell, &line->contact);
	case UNIT_SENDS:
		return read_sends(r, cell, &line->sends);
	case UNIT_FROM:
		return read_day(r, cell, &line->from);
	case UNIT_TO:
		return read_day(r, cell, &line->to);
	case UNIT_MERGED_INTO:
		return read_reference(r, cell, &line->merged_into);
	case UNIT_COLUMNS:
		break;
	}
	return true;
}

static void keep(struct reading *r, const struct unit_line *line)
{
	struct units_table *t = r->table;

	if (t->count == t->capacity) {
		size_t capacity = t->capacity == 0 ? 64 : t->capacity * 2;
		struct unit_line *grown = reallocarray(t->items, capacity, sizeof *grown);
		if (grown == NULL) {
			r->no_memory = true;
			return;
		}
		t->items = grown;
		t->capacity = capacity;
	}
	t->items[t->count++] = *line;
}

/* What a line's cells say together. */
static bool judge_line(struct reading *r, const struct csv_row *row, struct unit_line *line)
{
	const struct csv_cell *last = &row->cells[row->count - 1];

	if (line->from != DAY_NONE && line->to != DAY_NONE && line->to < line->from) {
		diags_error(r->mistakes, r->table->file, line->line, line->columns[UNIT_TO],
		    "%s", _("its last day is before its first"));
		return false;
	}
	if (line->merged_into[0] == 0)
		return true;
	if (line->to == DAY_NONE) {
		diags_error(r->mistakes, r->table->file, line->line,
		    line->columns[UNIT_MERGED_INTO], "%s",
		    _("a unit that is merged needs a last day of its own (valid-to)"));
		return false;
	}
	if (strcmp(line->merged_into, line->unit) == 0) {
		mistake(r, last, "%s", _("a unit cannot be merged into itself"));
		return false;
	}
	return true;
}

static void read_line(struct reading *r, const struct csv_row *row)
{
	struct unit_line line = {.line = row->line,
	    .given = r->given,
	    .unit = "",
	    .parent = "",
	    .level = "",
	    .code = "",
	    .name = "",
	    .kinds = "",
	    .contact = "",
	    .merged_into = "",
	    .from = DAY_NONE,
	    .to = DAY_NONE};
	bool sound = true;

	for (size_t i = r->width; i < row->count; i++)
		if (row->cells[i].text.len > 0) {
			mistake(r, &row->cells[i], "%s",
			    _("this cell stands under no column (is a comma in an unquoted "
			      "text?)"));
			return;
		}
	/* Cells that are missing at a line's end are empty ones. */
	for (size_t i = 0; i < r->width; i++) {
		const struct csv_cell *last = &row->cells[row->count - 1];
		const struct csv_cell none = {
		    .text = SLICE_EMPTY, .line = last->line, .column = last->column};
		const struct csv_cell *cell = i < row->count ? &row->cells[i] : &none;
		line.columns[r->columns[i]] = cell->column;
		sound = read_cell(r, r->columns[i], cell, &line) && sound;
	}
	if (!sound || !judge_line(r, row, &line))
		return;
	if (r->table->count == UNITS_LINES_MAX)
		mistake(r, &row->cells[0], "%s", _("more than 200000 lines"));
	else
		keep(r, &line);
}

static void read_heading(struct reading *r, const struct csv_cell *cell)
{
	enum unit_column column;

	if (!unit_column_of(cell->text, &column)) {
		const char *near = unit_column_near(cell->text);
		if (near == NULL)
			mistake(r, cell, _("'%s' is no column of units"),
			    show(cell->text).text);
		else
			mistake(r, cell,
			    _("'%s' is no column of units; did you mean '%s'?"),
			    show(cell->text).text, near);
		return;
	}
	if ((r->given & UNIT_COLUMN_BIT(column)) != 0) {
		mistake(r, cell, _("a second column '%s'"), unit_column_word(column));
		return;
	}
	r->given |= UNIT_COLUMN_BIT(column);
	r->columns[r->width++] = column;
}

/* Columns behind the last heading may be empty, one between may not. */
static enum err read_headings(struct reading *r)
{
	struct csv_row row;
	size_t before = r->mistakes->errors;
	enum csv_result result = csv_next(&r->csv, &row);

	if (result == CSV_END) {
		diags_error(r->mistakes, r->table->file, 1, 1, "%s",
		    _("the file is empty: its first line names the columns"));
		return ERR_FORMAT;
	}
	if (result == CSV_MISTAKE)
		return ERR_FORMAT;
	while (row.count > 0 && row.cells[row.count - 1].text.len == 0)
		row.count--;
	for (size_t i = 0; i < row.count; i++)
		read_heading(r, &row.cells[i]);
	if ((r->given & UNIT_COLUMN_BIT(UNIT_ID)) == 0)
		mistake(r, &row.cells[0], "%s",
		    _("no column names the units: the first line needs 'unit'"));
	return r->mistakes->errors == before ? OK : ERR_FORMAT;
}

enum err units_table_read(struct units_table *out, struct buf *text, const char *file,
    struct arena *memory, struct diags *mistakes)
{
	struct reading r = {.table = out, .mistakes = mistakes};
	size_t before = mistakes->errors;
	struct csv_row row;
	enum csv_result result;

	*out = (struct units_table){.memory = memory, .file = file};
	enum err rc = csv_read(&r.csv, text, file, mistakes);
	if (rc == OK)
		rc = read_headings(&r);
	if (rc != OK)
		return rc;
	while ((result = csv_next(&r.csv, &row)) != CSV_END && !r.no_memory)
		if (result == CSV_ROW)
			read_line(&r, &row);
	if (r.no_memory)
		return ERR_MEMORY;
	return mistakes->errors == before ? OK : ERR_FORMAT;
}

void units_table_deinit(struct units_table *table)
{
	free(table->items);
	*table = (struct units_table){.items = NULL};
}
