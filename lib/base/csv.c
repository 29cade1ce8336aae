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

bool csv_parts(uint8_t byte)
{
	return byte == ',' || byte == ';' || byte == '\t' || byte == '\n' || byte == '\r';
}

/* Quoted for every separator, not ours alone: who opens the file may use another one. */
static bool needs_quotes(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (csv_parts(s.ptr[i]) || s.ptr[i] == '"')
			return true;
	/* An empty first cell must not look like an empty line, nor a text like Excel's line
	 * that names the separator. */
	return s.len == 0 || s.ptr[0] == ' ' || s.ptr[s.len - 1] == ' ' ||
	    slice_starts(s, SLICE_LIT("sep="));
}

bool csv_is_guarded(struct slice s)
{
	while (s.len > 0 && s.ptr[0] == '\'')
		s = (struct slice){s.ptr + 1, s.len - 1};
	return s.len > 0 && memchr("=+-@\t\r", s.ptr[0], 6) != NULL;
}

static bool is_control(uint8_t c)
{
	return (c < 0x20 && !csv_parts(c)) || c == 0x7f;
}

static void write_guarded(struct buf *out, struct slice s)
{
	uint8_t before = '\n';

	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.ptr[i];
		struct slice rest = {s.ptr + i, s.len - i};
		if (csv_parts(before) && csv_is_guarded(rest))
			buf_byte(out, '\'');
		if (c == '"')
			buf_byte(out, '"');
		buf_byte(out, is_control(c) ? ' ' : c);
		before = c;
	}
}

static void begin_cell(struct buf *out)
{
	if (!is_first(out))
		buf_byte(out, ',');
}

void csv_cell(struct buf *out, struct slice text)
{
	bool quotes = needs_quotes(text);

	begin_cell(out);
	if (quotes)
		buf_byte(out, '"');
	write_guarded(out, text);
	if (quotes)
		buf_byte(out, '"');
}

void csv_text(struct buf *out, const char *text)
{
	csv_cell(out, slice_of(text));
}

void csv_number(struct buf *out, int64_t n)
{
	begin_cell(out);
	buf_printf(out, "%" PRId64, n);
}

void csv_figure(struct buf *out, const char *figure)
{
	bool quotes = needs_quotes(slice_of(figure));

	begin_cell(out);
	buf_printf(out, quotes ? "\"%s\"" : "%s", figure);
}

void csv_end_line(struct buf *out)
{
	buf_text(out, "\r\n");
}
