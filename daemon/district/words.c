#include "district/words.h"

#include <string.h>

#include "base/html.h"

struct row {
	const char *id;
	const char *text[LANGUAGES];
};

static const struct row rows[WORDS] = {
#define W(id, en, vi) {#id, {[LANGUAGE_VI] = (vi), [LANGUAGE_EN] = (en)}},
#include "district/words.def"
#undef W
};

static const char *const codes[LANGUAGES] = {[LANGUAGE_VI] = "vi", [LANGUAGE_EN] = "en"};

const char *language_code(enum language language)
{
	return codes[language];
}

bool language_of(struct slice code, enum language *out)
{
	for (unsigned i = 0; i < LANGUAGES; i++) {
		if (slice_equal_nocase(code, slice_of(codes[i]))) {
			*out = (enum language)i;
			return true;
		}
	}
	return false;
}

enum language language_choose(struct slice accept_language, enum language otherwise)
{
	enum language found = otherwise;
	struct slice rest = accept_language;

	while (rest.ptr != NULL) {
		struct slice one = slice_cut(&rest, ',');
		struct slice tag = slice_trim(slice_cut(&one, ';'));
		struct slice primary = slice_cut(&tag, '-'); /* of "en-GB" */
		if (language_of(primary, &found))
			break;
	}
	return found;
}

const char *word_of(enum word word, enum language language)
{
	return rows[word].text[language];
}

const char *word_key(enum word word)
{
	return rows[word].id;
}

/* Cuts the next piece off *text: what stands before a place, and the place's digit (0: the text is over). */
static struct slice cut_piece(const char **text, unsigned *place)
{
	const char *begin = *text, *at = begin;

	*place = 0;
	for (; *at != 0; at++) {
		if (at[0] == '{' && at[1] >= '1' && at[1] <= '9' && at[2] == '}') {
			*place = (unsigned)(at[1] - '0');
			*text = at + 3;
			return (struct slice){(const uint8_t *)begin, (size_t)(at - begin)};
		}
	}
	*text = at;
	return (struct slice){(const uint8_t *)begin, (size_t)(at - begin)};
}

static const char *value_at(const char *const *values, unsigned place)
{
	if (values == NULL)
		return "";
	for (unsigned i = 1; *values != NULL; i++, values++)
		if (i == place)
			return *values;
	return "";
}

typedef void append_piece(struct buf *out, struct slice text);

static void fill(
    struct buf *out, const char *text, const char *const *values, append_piece *append)
{
	unsigned place = 0;

	do {
		append(out, cut_piece(&text, &place));
		if (place > 0)
			append(out, slice_of(value_at(values, place)));
	} while (place > 0);
}

void words_fill(struct buf *out, const char *text, const char *const *values)
{
	fill(out, text, values, buf_append);
}

void words_fill_html(struct buf *out, const char *text, const char *const *values)
{
	fill(out, text, values, html_escape);
}
