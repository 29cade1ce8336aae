#include "lachanctl/table.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/text.h"

struct row {
	struct row *next;
	char *cells[TABLE_COLUMNS_MAX];
};

struct table {
	size_t columns;
	size_t widths[TABLE_COLUMNS_MAX];
	bool right[TABLE_COLUMNS_MAX];
	size_t filled; /* cells of the last row */
	struct row *first, *last;
};

size_t text_width(const char *text)
{
	mbstate_t state = {0};
	size_t width = 0;

	while (*text != 0) {
		wchar_t c;
		size_t n = mbrtowc(&c, text, strlen(text), &state);
		if (n == (size_t)-1 || n == (size_t)-2 || n == 0) {
			state = (mbstate_t){0};
			n = 1;
			width++;
		} else {
			int places = wcwidth(c);
			width += places > 0 ? (size_t)places : 0;
		}
		text += n;
	}
	return width;
}

void text_wrap(
    struct buf *out, const char *mark, size_t used, size_t width, const char *text)
{
	struct slice rest = slice_of(text);
	bool fresh = true; /* no word stands on this line yet */

	while (rest.len > 0) {
		char word[TABLE_CELL_BYTES];
		struct slice next = slice_cut(&rest, ' ');
		if (next.len == 0 || next.len >= sizeof word)
			continue;
		memcpy(word, next.ptr, next.len);
		word[next.len] = 0;
		size_t places = text_width(word);
		if (!fresh && used + 1 + places > width) {
			buf_printf(out, "\n%s", mark);
			used = text_width(mark);
			fresh = true;
		}
		buf_printf(out, "%s%s", fresh ? "" : " ", word);
		used += places + (fresh ? 0 : 1);
		fresh = false;
	}
	buf_text(out, "\n");
}

struct table *table_new(size_t columns)
{
	struct table *t = calloc(1, sizeof *t);

	if (t != NULL)
		t->columns = columns < TABLE_COLUMNS_MAX ? columns : TABLE_COLUMNS_MAX;
	return t;
}

void table_free(struct table *t)
{
	while (t != NULL && t->first != NULL) {
		struct row *row = t->first;
		t->first = row->next;
		for (size_t i = 0; i < TABLE_COLUMNS_MAX; i++)
			free(row->cells[i]);
		free(row);
	}
	free(t);
}

static struct row *row_to_fill(struct table *t)
{
	if (t->last != NULL && t->filled < t->columns)
		return t->last;
	struct row *row = calloc(1, sizeof *row);
	if (row == NULL)
		return NULL;
	if (t->last != NULL) {
		t->last->next = row;
	} else {
		t->first = row;
	}
	t->last = row;
	t->filled = 0;
	return row;
}

void table_cell(struct table *t, const char *format, ...)
{
	char raw[TABLE_CELL_BYTES], shown[TABLE_CELL_BYTES];
	va_list args;

	if (t == NULL)
		return;
	va_start(args, format);
	(void)vsnprintf(raw, sizeof raw, format, args);
	va_end(args);
	text_printable(shown, sizeof shown, slice_of(raw));
	struct row *row = row_to_fill(t);
	if (row == NULL)
		return;
	size_t width = text_width(shown);
	if (width > t->widths[t->filled])
		t->widths[t->filled] = width;
	row->cells[t->filled++] = strdup(shown);
}

void table_right(struct table *t, size_t column)
{
	if (t != NULL && column < t->columns)
		t->right[column] = true;
}

static void print_blanks(size_t count, FILE *to)
{
	while (count-- > 0)
		(void)fputc(' ', to);
}

static void print_row(const struct table *t, const struct row *row, FILE *to)
{
	size_t count = 0;

	for (size_t i = 0; i < t->columns && row->cells[i] != NULL; i++) {
		if (row->cells[i][0] != 0)
			count = i + 1; /* no blanks at the end of a line */
	}
	for (size_t i = 0; i < count; i++) {
		size_t gap = t->widths[i] - text_width(row->cells[i]);
		if (t->right[i])
			print_blanks(gap, to);
		(void)fputs(row->cells[i], to);
		if (i + 1 < count)
			print_blanks((t->right[i] ? 0 : gap) + 2, to);
	}
	(void)fputc('\n', to);
}

void table_print(const struct table *t, size_t indent, FILE *to)
{
	if (t == NULL)
		return;
	for (const struct row *row = t->first; row != NULL; row = row->next) {
		print_blanks(indent, to);
		print_row(t, row, to);
	}
}
