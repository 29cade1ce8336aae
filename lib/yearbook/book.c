/* Filling a book. What does not fit is kept in book->failed, so that a filler reads straight
 * down and the writers tell. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "yearbook/internal.h"

void yearbook_init(struct yearbook *book, enum yearbook_language language)
{
	*book = (struct yearbook){.memory = ARENA_INIT(YEARBOOK_BYTES),
	    .language = language,
	    .kind = "",
	    .title = "",
	    .organization = "",
	    .place = "",
	    .scope = "",
	    .tree = "",
	    .signer = ""};
}

void yearbook_deinit(struct yearbook *book)
{
	arena_deinit(&book->memory);
	*book = (struct yearbook){.kind = ""};
}

/* The length of the valid UTF-8 sequence at the start of s, 0 where there is none. */
static size_t sequence_of(struct slice s)
{
	uint8_t c = s.ptr[0];
	size_t n = c < 0x80 ? 1 : c >= 0xc2 && c < 0xe0 ? 2 : c >= 0xe0 && c < 0xf0 ? 3 : 4;

	if (c >= 0x80 && (c < 0xc2 || c > 0xf4))
		return 0;
	if (s.len < n)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((s.ptr[i] & 0xc0) != 0x80)
			return 0;
	/* Overlong forms, surrogates, and what lies behind U+10FFFF (RFC 3629). */
	if ((c == 0xe0 && s.ptr[1] < 0xa0) || (c == 0xed && s.ptr[1] > 0x9f) ||
	    (c == 0xf0 && s.ptr[1] < 0x90) || (c == 0xf4 && s.ptr[1] > 0x8f))
		return 0;
	return n;
}

/* Bytes that are no UTF-8 become "?". */
static void make_valid(char *text)
{
	struct slice rest = slice_of(text);

	while (rest.len > 0) {
		size_t n = sequence_of(rest);
		if (n == 0)
			text[strlen(text) - rest.len] = '?';
		n = n == 0 ? 1 : n;
		rest = (struct slice){rest.ptr + n, rest.len - n};
	}
}

const char *yearbook_text(struct yearbook *book, const char *text)
{
	if (text == NULL || *text == 0)
		return "";
	char *copy = arena_text(&book->memory, slice_of(text));
	if (copy == NULL) {
		book->failed = true;
		return "";
	}
	make_valid(copy);
	return copy;
}

const char *yearbook_printf(struct yearbook *book, const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	int n = vasprintf(&text, format, args);
	va_end(args);
	if (n < 0) {
		book->failed = true;
		return "";
	}
	const char *copy = yearbook_text(book, text);
	free(text);
	return copy;
}

void yearbook_line(struct yearbook *book, struct yearbook_lines *lines, const char *text)
{
	if (lines->count == YEARBOOK_LINES) {
		book->failed = true;
		return;
	}
	lines->items[lines->count++] = yearbook_text(book, text);
}

/* Where writing goes when there is no memory: never read. */
static struct yearbook_table *nowhere(struct yearbook *book)
{
	static _Thread_local struct yearbook_table lost;

	book->failed = true;
	lost = (struct yearbook_table){.book = book, .id = "", .title = "", .head = ""};
	return &lost;
}

struct yearbook_table *yearbook_table(
    struct yearbook *book, const char *id, const char *title, const char *head)
{
	if (book->table_count == YEARBOOK_TABLES)
		return nowhere(book);
	struct yearbook_table *table = arena_alloc(&book->memory, sizeof *table);
	if (table == NULL)
		return nowhere(book);
	table->book = book;
	table->id = yearbook_text(book, id);
	table->title = yearbook_text(book, title);
	table->head = yearbook_text(book, head);
	book->tables[book->table_count++] = table;
	return table;
}

void yearbook_column(struct yearbook_table *table, const char *key, const char *label)
{
	if (table->column_count == YEARBOOK_COLUMNS || table->row_count > 0) {
		table->book->failed = true;
		return;
	}
	table->columns[table->column_count++] = (struct yearbook_column){
	    yearbook_text(table->book, key), yearbook_text(table->book, label)};
}

void yearbook_note(struct yearbook_table *table, const char *text)
{
	if (table->note_count == YEARBOOK_LINES) {
		table->book->failed = true;
		return;
	}
	table->notes[table->note_count++] = yearbook_text(table->book, text);
}

/* Room for one row more, doubled in the arena: the old half is lost, at most as much again. */
static bool has_room(struct yearbook_table *table)
{
	if (table->row_count < table->row_room)
		return true;
	size_t room = table->row_room == 0 ? 16 : table->row_room * 2;
	if (room > YEARBOOK_ROWS * 2)
		return false;
	struct yearbook_row *rows = arena_array(&table->book->memory, room, sizeof *rows);
	if (rows == NULL)
		return false;
	if (table->row_count > 0)
		memcpy(rows, table->rows, table->row_count * sizeof *rows);
	table->rows = rows;
	table->row_room = room;
	return true;
}

static struct yearbook_cell *add_row(
    struct yearbook_table *table, const char *key, const char *label, bool total)
{
	static _Thread_local struct yearbook_cell lost[YEARBOOK_COLUMNS];
	struct yearbook *book = table->book;
	struct yearbook_cell *cells = NULL;

	if (table->row_count < YEARBOOK_ROWS && has_room(table))
		cells = arena_array(&book->memory, table->column_count + 1, sizeof *cells);
	if (cells == NULL) {
		book->failed = true;
		return lost;
	}
	table->rows[table->row_count++] = (struct yearbook_row){
	    yearbook_text(book, key), yearbook_text(book, label), total, cells};
	return cells;
}

struct yearbook_cell *yearbook_row(
    struct yearbook_table *table, const char *key, const char *label)
{
	return add_row(table, key, label, false);
}

struct yearbook_cell *yearbook_row_total(
    struct yearbook_table *table, const char *key, const char *label)
{
	return add_row(table, key, label, true);
}

/* ---- cells ---- */

static int64_t whole(uint64_t n)
{
	return n > INT64_MAX ? INT64_MAX : (int64_t)n;
}

struct yearbook_cell yearbook_number(uint64_t n)
{
	return (struct yearbook_cell){.kind = YEARBOOK_NUMBER, .value = whole(n)};
}

struct yearbook_cell yearbook_at_least(uint64_t n)
{
	/* "At least 0" says nothing that "withheld" does not say better. */
	if (n == 0)
		return yearbook_withheld();
	struct yearbook_cell cell = yearbook_number(n);
	cell.at_least = true;
	return cell;
}

/* n * 1000 / of, half up; numbers too large for that are divided first. */
static int64_t tenths(uint64_t n, uint64_t of)
{
	while (n > UINT64_MAX / 2000 || of > UINT64_MAX / 2000) {
		n /= 2;
		of /= 2;
	}
	return of == 0 ? 0 : whole((n * 1000 + of / 2) / of);
}

struct yearbook_cell yearbook_percent(uint64_t part, uint64_t of)
{
	if (of == 0)
		return (struct yearbook_cell){.kind = YEARBOOK_EMPTY};
	return (struct yearbook_cell){.kind = YEARBOOK_PERCENT, .value = tenths(part, of)};
}

struct yearbook_cell yearbook_change(uint64_t now, uint64_t before)
{
	if (before == 0)
		return (struct yearbook_cell){.kind = YEARBOOK_EMPTY};
	int64_t value =
	    now >= before ? tenths(now - before, before) : -tenths(before - now, before);
	return (struct yearbook_cell){.kind = YEARBOOK_CHANGE, .value = value};
}

struct yearbook_cell yearbook_hours(uint64_t seconds)
{
	return (struct yearbook_cell){
	    .kind = YEARBOOK_HOURS, .value = whole((seconds + 180) / 360)};
}

struct yearbook_cell yearbook_range(uint64_t low, uint64_t high)
{
	if (high == UINT64_MAX)
		return yearbook_at_least(low);
	if (low == high)
		return yearbook_number(low);
	return (struct yearbook_cell){
	    .kind = YEARBOOK_RANGE, .value = whole(low), .upper = whole(high)};
}

struct yearbook_cell yearbook_words(struct yearbook *book, const char *text)
{
	return (struct yearbook_cell){
	    .kind = YEARBOOK_TEXT, .text = yearbook_text(book, text)};
}

struct yearbook_cell yearbook_withheld(void)
{
	return (struct yearbook_cell){.kind = YEARBOOK_WITHHELD, .at_least = true};
}

struct yearbook_cell yearbook_by_hand(void)
{
	return (struct yearbook_cell){.kind = YEARBOOK_BY_HAND};
}

bool yearbook_has_bounds(const struct yearbook_table *table)
{
	for (size_t i = 0; i < table->row_count; i++)
		if (yearbook_row_has_bounds(table, &table->rows[i]))
			return true;
	return false;
}

bool yearbook_row_has_bounds(
    const struct yearbook_table *table, const struct yearbook_row *row)
{
	for (size_t k = 0; k < table->column_count; k++)
		if (row->cells[k].at_least)
			return true;
	return false;
}
