#include "kit/translate.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/words.h"

enum {
	PARTS_MAX = 24, /* of a format */
	DEPTH_MAX = 6,  /* sentences within sentences */
	/* A format that says less of its own, like "%s: %s", proves nothing. */
	LETTERS_MIN = 6,
	CATALOGUE_MAX_BYTES = 4 << 20,
	/* The layout of a .mo file, in 32-bit words of this machine's order: magic, version,
	 * number of sentences, then where the tables of (length, place) begin. */
	MO_MAGIC = 0x950412de,
	MO_COUNT = 8,
	MO_ORIGINALS = 12,
	MO_TRANSLATIONS = 16,
	MO_HEADER_BYTES = 28
};

/* ---- formats ---- */

/* A piece of a format: letters as they are, or one place to fill. */
struct part {
	struct slice letters;
	unsigned place; /* of the argument, from 1; 0: letters */
	bool number;    /* digits are filled in, not any text */
};

struct format {
	struct part parts[PARTS_MAX];
	size_t count;
	size_t letters; /* in all */
};

static bool add_part(struct format *f, struct part part)
{
	if (part.place == 0 && part.letters.len == 0)
		return true;
	if (f->count == PARTS_MAX)
		return false;
	f->letters += part.letters.len;
	f->parts[f->count++] = part;
	return true;
}

/* One conversion behind the '%' at `at`; its end, or NULL when it is none of ours. */
static const char *read_conversion(const char *at, struct part *out, unsigned *next_place)
{
	char *end;
	unsigned long place = strtoul(at, &end, 10);

	if (end != at && *end == '$')
		at = end + 1;
	else
		place = (*next_place)++;
	at += strspn(at, "-+ #0123456789.");
	at += strspn(at, "hlzjt");
	if (*at == 0 || strchr("sdiucx", *at) == NULL || place == 0 || place > PARTS_MAX)
		return NULL;
	out->place = (unsigned)place;
	out->number = strchr("diu", *at) != NULL;
	return at + 1;
}

static bool read_format(struct format *f, const char *text)
{
	unsigned next_place = 1;

	f->count = 0;
	f->letters = 0;
	while (*text != 0) {
		size_t len = strcspn(text, "%");
		struct part part = {.letters = {(const uint8_t *)text, len}};
		if (!add_part(f, part))
			return false;
		text += len;
		if (*text == 0)
			return true;
		part = (struct part){.letters = SLICE_EMPTY};
		if (text[1] == '%') {
			part.letters = (struct slice){(const uint8_t *)text, 1};
			text += 2;
		} else {
			text = read_conversion(text + 1, &part, &next_place);
		}
		if (text == NULL || !add_part(f, part))
			return false;
	}
	return true;
}

/* ---- does it fit? ---- */

struct found {
	struct slice places[PARTS_MAX + 1]; /* what filled each place, from 1 */
};

/* Where `what` begins in `in`; at its very end when nothing may follow. */
static bool find_letters(struct slice in, struct slice what, bool last, size_t *at)
{
	if (in.len < what.len)
		return false;
	if (last) {
		*at = in.len - what.len;
		return memcmp(in.ptr + *at, what.ptr, what.len) == 0;
	}
	const uint8_t *hit = memmem(in.ptr, in.len, what.ptr, what.len);
	if (hit != NULL)
		*at = (size_t)(hit - in.ptr);
	return hit != NULL;
}

static bool fill(struct found *out, const struct part *part, struct slice with)
{
	for (size_t i = 0; part->number && i < with.len; i++) {
		if (with.ptr[i] < '0' || with.ptr[i] > '9')
			return false;
	}
	out->places[part->place] = with;
	return !part->number || with.len > 0;
}

/* As with a shell's "*": each place takes as little as lets the next letters follow. */
static bool match(const struct format *f, struct slice text, struct found *out)
{
	const struct part *open = NULL; /* a place whose end is not known yet */

	for (size_t i = 0; i < f->count; i++) {
		const struct part *part = &f->parts[i];
		bool last = i + 1 == f->count;
		size_t at = 0;
		if (part->place != 0) {
			if (open != NULL && !fill(out, open, SLICE_EMPTY))
				return false;
			open = part;
			continue;
		}
		if (!find_letters(text, part->letters, last, &at) ||
		    (open == NULL && at > 0))
			return false;
		if (open != NULL && !fill(out, open, (struct slice){text.ptr, at}))
			return false;
		open = NULL;
		text.ptr += at + part->letters.len;
		text.len -= at + part->letters.len;
	}
	return open != NULL ? fill(out, open, text) : text.len == 0;
}

static void translate_depth(struct buf *out, struct slice english, unsigned depth);

static void render(
    struct buf *out, const struct format *f, const struct found *found, unsigned depth)
{
	for (size_t i = 0; i < f->count; i++) {
		const struct part *part = &f->parts[i];
		if (part->place == 0)
			buf_append(out, part->letters);
		else if (part->number)
			buf_append(out, found->places[part->place]);
		else
			translate_depth(out, found->places[part->place], depth + 1);
	}
}

/* ---- the catalogue ---- */

struct catalogue {
	struct buf file;
	uint32_t count, originals, translations;
};

static uint32_t read_u32(const struct catalogue *c, size_t at)
{
	uint32_t value = 0;

	if (at <= c->file.len && c->file.len - at >= sizeof value)
		memcpy(&value, c->file.ptr + at, sizeof value);
	return value;
}

/* Sentence `i` of a table; every one ends with a NUL in the file. "" when it does not. */
static const char *sentence(const struct catalogue *c, uint32_t table, uint32_t i)
{
	size_t entry = (size_t)table + (size_t)i * 8;
	size_t len = read_u32(c, entry), at = read_u32(c, entry + 4);

	if (at >= c->file.len || c->file.len - at <= len || c->file.ptr[at + len] != 0)
		return "";
	return (const char *)c->file.ptr + at;
}

static void read_catalogue(struct catalogue *c)
{
	char path[FILE_PATH_BYTES];
	const char *folder = bindtextdomain("lachan", NULL);
	const char *language = getenv("LANGUAGE");

	c->count = 0;
	int n = snprintf(path, sizeof path, "%s/%s/LC_MESSAGES/lachan.mo",
	    folder == NULL ? "" : folder, language == NULL ? "" : language);
	if (n < 0 || (size_t)n >= sizeof path || file_read(path, &c->file) != OK ||
	    c->file.len < MO_HEADER_BYTES || read_u32(c, 0) != MO_MAGIC)
		return;
	c->count = read_u32(c, MO_COUNT);
	c->originals = read_u32(c, MO_ORIGINALS);
	c->translations = read_u32(c, MO_TRANSLATIONS);
	if (c->count > c->file.len / 16) /* two tables of eight octets each */
		c->count = 0;
}

static const struct catalogue *catalogue_in_use(void)
{
	static struct catalogue c = {.file = {.max = CATALOGUE_MAX_BYTES}};
	static char read_for[16];
	const char *language = getenv("LANGUAGE");

	if (language == NULL || strcmp(language, read_for) == 0)
		return &c;
	buf_deinit(&c.file);
	c.file = BUF_INIT(CATALOGUE_MAX_BYTES);
	(void)snprintf(read_for, sizeof read_for, "%s", language);
	read_catalogue(&c);
	return &c;
}

/* The format with the most letters of its own that fits; false when there is none. */
static bool find_format(struct slice text, struct found *places, struct format *translation)
{
	const struct catalogue *c = catalogue_in_use();
	size_t best = LETTERS_MIN - 1;
	uint32_t chosen = UINT32_MAX;

	for (uint32_t i = 0; i < c->count; i++) {
		struct format f;
		struct found found = {.places = {SLICE_EMPTY}};
		const char *original = sentence(c, c->originals, i);
		if (strchr(original, '%') == NULL || !read_format(&f, original) ||
		    f.letters <= best || !match(&f, text, &found))
			continue;
		best = f.letters;
		chosen = i;
		*places = found;
	}
	return chosen != UINT32_MAX &&
	    read_format(translation, sentence(c, c->translations, chosen));
}

/* ---- sentences ---- */

static bool is_known(const char *english, const char **out)
{
	*out = *english != 0 ? gettext(english) : english; /* "" is the catalogue's own */
	return *out != english;
}

/* "host: why", "one; another": what stands on either side, alone. False when the text is
 * one piece. */
static bool translate_pieces(struct buf *out, struct slice english, unsigned depth)
{
	static const char *const separators[] = {"; ", ": "};

	for (size_t i = 0; i < COUNT_OF(separators); i++) {
		const uint8_t *at = memmem(english.ptr, english.len, separators[i], 2);
		if (at == NULL)
			continue;
		size_t len = (size_t)(at - english.ptr);
		translate_depth(out, (struct slice){english.ptr, len}, depth + 1);
		buf_text(out, separators[i]);
		translate_depth(
		    out, (struct slice){at + 2, english.len - len - 2}, depth + 1);
		return true;
	}
	return false;
}

static void translate_depth(struct buf *out, struct slice english, unsigned depth)
{
	char text[TRANSLATE_TEXT_BYTES];
	const char *known;
	struct found found;
	struct format format;

	if (english.len >= sizeof text || english.len == 0) {
		buf_append(out, english);
		return;
	}
	memcpy(text, english.ptr, english.len);
	text[english.len] = 0;
	if (is_known(text, &known))
		buf_text(out, known);
	else if (depth < DEPTH_MAX && find_format(english, &found, &format))
		render(out, &format, &found, depth);
	else if (depth >= DEPTH_MAX || !translate_pieces(out, english, depth))
		buf_append(out, english);
}

/* Cuts at `size`, never within a letter. */
static void give(char *out, size_t size, struct buf *made, const char *otherwise)
{
	int n =
	    snprintf(out, size, "%s", buf_status(made) == OK ? buf_cstr(made) : otherwise);

	if (n > 0 && (size_t)n >= size) {
		size_t end = size - 1;
		while (end > 0 && ((uint8_t)out[end - 1] & 0xc0) == 0x80)
			end--;
		if (end > 0 && (uint8_t)out[end - 1] >= 0xc0)
			end--;
		out[end] = 0;
	}
	buf_deinit(made);
}

void translate_text(char *out, size_t size, const char *english)
{
	struct buf made = BUF_INIT(8 * TRANSLATE_TEXT_BYTES);

	translate_depth(&made, slice_of(english), 0);
	give(out, size, &made, english);
}

void translate_mistake(char *out, size_t size, const char *english)
{
	static const char *const levels[] = {N_("error"), N_("warning")};
	struct buf made = BUF_INIT(8 * TRANSLATE_TEXT_BYTES);

	for (size_t i = 0; i < COUNT_OF(levels); i++) {
		char mark[32];
		(void)snprintf(mark, sizeof mark, ": %s: ", levels[i]);
		const char *at = strstr(english, mark);
		if (at == NULL)
			continue;
		buf_append(&made,
		    (struct slice){(const uint8_t *)english, (size_t)(at - english)});
		buf_printf(&made, ": %s: ", gettext(levels[i]));
		translate_depth(&made, slice_of(at + strlen(mark)), 0);
		give(out, size, &made, english);
		return;
	}
	translate_text(out, size, english);
}

bool translate_by_format(
    char *out, size_t size, const char *text, const char *format, const char *translated)
{
	struct format from, to;
	struct found found = {.places = {SLICE_EMPTY}};
	struct buf made = BUF_INIT(8 * TRANSLATE_TEXT_BYTES);

	if (!read_format(&from, format) || !read_format(&to, translated) ||
	    !match(&from, slice_of(text), &found))
		return false;
	render(&made, &to, &found, DEPTH_MAX);
	give(out, size, &made, text);
	return true;
}
