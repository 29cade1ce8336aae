/* What people type into a form: names and days that are read must be sound, and whatever it
 * is, it comes back as text and never as markup. */
#include <stdlib.h>
#include <string.h>

#include "page/field.h"
#include "page/sheet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Not assert(), which a release build leaves out. */
static void hold(bool condition)
{
	if (!condition)
		abort();
}

static void check_site(struct slice typed)
{
	struct name_buf name, again;
	char text[NAME_TEXT_MAX];

	if (!sheet_read_site(&name, typed))
		return;
	name_to_text(text, name_of(&name));
	hold(name_label_count(name_of(&name)) >= 2);
	hold(strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == strlen(text));
	hold(sheet_read_site(&again, slice_of(text)));
	hold(name_equal(name_of(&name), name_of(&again)));
}

static void check_date(struct slice typed)
{
	const int64_t now_s = 1795329000;
	char day[SHEET_DATE_BYTES], again[SHEET_DATE_BYTES];

	if (!sheet_read_date(day, typed, now_s))
		return;
	hold(strlen(day) == 10 && strcmp(day, "2025-11-20") > 0 &&
	    strcmp(day, "2026-11-24") < 0);
	hold(sheet_read_date(again, slice_of(day), now_s) && strcmp(day, again) == 0);
}

static size_t count(const struct buf *b, uint8_t byte)
{
	size_t found = 0;

	for (size_t i = 0; i < b->len; i++)
		found += b->ptr[i] == byte ? 1 : 0;
	return found;
}

/* All kinds of fields with this value, and no words. */
static void write_fields(struct buf *out, struct slice value)
{
	struct view v = {.out = out};
	const struct field f = {.name = "x", .value = value};

	field_hidden(&v, "y", value);
	field_line(&v, &f, "text");
	field_area(&v, &f);
	field_password(&v, &f);
}

static void check_markup(struct slice typed)
{
	struct buf with = BUF_INIT(1 << 20), without = BUF_INIT(1 << 20);

	write_fields(&with, typed);
	write_fields(&without, SLICE_LIT(""));
	hold(buf_status(&with) == OK && buf_status(&without) == OK);
	hold(count(&with, '<') == count(&without, '<'));
	hold(count(&with, '>') == count(&without, '>'));
	hold(count(&with, '"') == count(&without, '"'));
	hold(count(&with, '\'') == count(&without, '\''));
	buf_deinit(&with);
	buf_deinit(&without);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice typed = {data, size};

	if (size > FORM_MAX_BYTES)
		return 0;
	check_site(typed);
	check_date(typed);
	check_markup(typed);
	return 0;
}
