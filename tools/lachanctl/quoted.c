#include "lachanctl/quoted.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lachanctl/table.h"

enum {
	WORDS_MAX_BYTES = 64 << 10,
	LINE_WIDTH = 96
};

/* U+061C, U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069. They could make a line look like
 * another. How many bytes it takes; 0 when it is none. */
static size_t turns_direction(const unsigned char *s)
{
	if (s[0] == 0xd8 && s[1] == 0x9c)
		return 2;
	if (s[0] != 0xe2 || (s[1] != 0x80 && s[1] != 0x81))
		return 0;
	bool turns = s[1] == 0x80
	    ? s[2] == 0x8e || s[2] == 0x8f || (s[2] >= 0xaa && s[2] <= 0xae)
	    : s[2] >= 0xa6 && s[2] <= 0xa9;
	return turns ? 3 : 0;
}

void quoted_append(struct buf *out, const char *words, const char *line_end)
{
	const unsigned char *s = (const unsigned char *)words;

	while (*s != 0) {
		size_t hidden = turns_direction(s);
		bool c1 = s[0] == 0xc2 && s[1] >= 0x80 && s[1] < 0xa0;
		if (c1)
			buf_printf(out, "\\x%02x", *++s);
		else if (*s == '\n')
			buf_text(out, line_end);
		else if (*s < ' ' || *s == 0x7f)
			buf_printf(out, "\\x%02x", *s);
		else if (hidden == 0)
			buf_byte(out, *s);
		s += hidden > 0 ? hidden : 1;
	}
}

void quoted_print(const char *mark, const char *words)
{
	struct buf line = BUF_INIT(WORDS_MAX_BYTES), out = BUF_INIT(2 * WORDS_MAX_BYTES);

	buf_text(&out, mark);
	buf_text(&line, "“");
	quoted_append(&line, words, " ");
	buf_text(&line, "”");
	text_wrap(&out, "      ", text_width(mark), LINE_WIDTH, buf_cstr(&line));
	fputs(buf_cstr(&out), stdout);
	if (out.len == 0 || out.ptr[out.len - 1] != '\n')
		putchar('\n');
	buf_deinit(&line);
	buf_deinit(&out);
}

/* text_wrap() passes over words that no cell holds; such a line is printed as it is. */
static bool has_long_word(const char *line)
{
	while (*line != 0) {
		size_t len = strcspn(line, " ");
		if (len >= TABLE_CELL_BYTES)
			return true;
		line += len;
		line += strspn(line, " ");
	}
	return false;
}

static void print_line(FILE *to, const char *mark, const char *line)
{
	struct buf out = BUF_INIT(2 * WORDS_MAX_BYTES);

	if (*line == 0 || has_long_word(line)) {
		fprintf(to, "%s%s\n", mark, line);
	} else {
		buf_text(&out, mark);
		text_wrap(&out, mark, text_width(mark), LINE_WIDTH, line);
		fputs(buf_cstr(&out), to);
	}
	buf_deinit(&out);
}

void quoted_print_text(FILE *to, const char *mark, const char *words)
{
	struct buf safe = BUF_INIT(WORDS_MAX_BYTES);

	quoted_append(&safe, words, "\n");
	char *text = strdup(buf_cstr(&safe));
	for (char *line = text; line != NULL;) {
		char *end = strchr(line, '\n');
		if (end != NULL)
			*end = 0;
		print_line(to, mark, line);
		line = end == NULL ? NULL : end + 1;
	}
	free(text);
	buf_deinit(&safe);
}
