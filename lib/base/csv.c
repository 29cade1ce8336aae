#include "base/csv.h"

#include <inttypes.h>

static const char mark[] = "\xef\xbb\xbf";

void csv_begin(struct buf *out)
{
	buf_text(out, mark);
}

/* A line's first cell stands behind a line end, the mark, or nothing. */
static bool is_first(const struct buf *out)
{
	return out->len == 0 || out->ptr[out->len - 1] == '\n' ||
	    (out->len == 3 && memcmp(out->ptr, mark, 3) == 0);
}

static bool needs_quotes(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] == ',' || s.ptr[i] == '"' || s.ptr[i] == '\n' ||
		    s.ptr[i] == '\r' || s.ptr[i] == ';' || s.ptr[i] == '\t')
			return true;
	/* An empty first cell must not look like an empty line. */
	return s.len == 0 || s.ptr[0] == ' ' || s.ptr[s.len - 1] == ' ';
}

static bool is_formula(struct slice s)
{
	return s.len > 0 && memchr("=+-@\t\r", s.ptr[0], 6) != NULL;
}

static void write_cell(struct buf *out, struct slice s, const char *before)
{
	if (!is_first(out))
		buf_byte(out, ',');
	if (!needs_quotes(s)) {
		buf_text(out, before);
		buf_append(out, s);
		return;
	}
	buf_byte(out, '"');
	buf_text(out, before);
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] == '"')
			buf_byte(out, '"');
		buf_byte(out, s.ptr[i]);
	}
	buf_byte(out, '"');
}

void csv_cell(struct buf *out, struct slice text)
{
	write_cell(out, text, is_formula(text) ? "'" : "");
}

void csv_text(struct buf *out, const char *text)
{
	csv_cell(out, slice_of(text));
}

void csv_number(struct buf *out, int64_t n)
{
	if (!is_first(out))
		buf_byte(out, ',');
	buf_printf(out, "%" PRId64, n);
}

void csv_figure(struct buf *out, const char *figure)
{
	write_cell(out, slice_of(figure), "");
}

void csv_end_line(struct buf *out)
{
	buf_text(out, "\r\n");
}
