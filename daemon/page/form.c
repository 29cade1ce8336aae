#include "page/form.h"

static bool is_name(struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.ptr[i];
		if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' && c != '-')
			return false;
	}
	return s.len > 0 && s.len <= FORM_NAME_MAX;
}

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = byte_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One octet of a value from the front of *text; -1 for what no browser writes. */
static int take_octet(struct slice *text)
{
	uint8_t c = text->ptr[0];
	size_t used = 1;
	int octet = c;

	if (c == '+') {
		octet = ' ';
	} else if (c == '%') {
		int high = text->len < 3 ? -1 : hex_digit(text->ptr[1]);
		int low = text->len < 3 ? -1 : hex_digit(text->ptr[2]);
		octet = high < 0 || low < 0 ? -1 : high << 4 | low;
		used = 3;
	} else if (c <= ' ' || c >= 0x7f || c == '=') {
		octet = -1;
	}
	if (octet >= 0)
		*text = (struct slice){text->ptr + used, text->len - used};
	return octet;
}

/* The octets that follow the first one of a character, 4 for no first one; *floor is the
 * least code point that needs them (RFC 3629 section 3: none is written longer). */
static unsigned count_following(uint8_t first, uint32_t *floor)
{
	*floor = 0;
	if (first < 0x80)
		return 0;
	*floor = first < 0xe0 ? 0x80 : first < 0xf0 ? 0x800 : 0x10000;
	return first < 0xc2 ? 4
	    : first < 0xe0  ? 1
	    : first < 0xf0  ? 2
	    : first < 0xf5  ? 3
	                    : 4;
}

/* One character from the front of *text; false for octets that are none. */
static bool take_character(struct slice *text, uint32_t *out)
{
	static const uint8_t first_bits[] = {0x7f, 0x1f, 0x0f, 0x07};
	uint32_t floor;
	unsigned following = count_following(text->ptr[0], &floor);

	if (following > 3 || text->len < following + 1)
		return false;
	uint32_t point = text->ptr[0] & first_bits[following];
	for (unsigned i = 1; i <= following; i++) {
		if ((text->ptr[i] & 0xc0) != 0x80)
			return false;
		point = point << 6 | (text->ptr[i] & 0x3fu);
	}
	*text = (struct slice){text->ptr + following + 1, text->len - following - 1};
	*out = point;
	return point >= floor && point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
}

/* Controls (C0, DEL, C1) steer a terminal or a log; LF alone is wanted. */
static bool is_text(struct slice text)
{
	uint32_t c;

	while (text.len > 0) {
		if (!take_character(&text, &c))
			return false;
		if ((c < 0x20 && c != '\n') || (c >= 0x7f && c < 0xa0))
			return false;
	}
	return true;
}

/* Decodes `text` to `to` (never longer); *out is what was written. */
static bool decode(struct slice text, uint8_t *to, struct slice *out)
{
	size_t len = 0;

	while (text.len > 0) {
		int octet = take_octet(&text);
		if (octet < 0)
			return false;
		if (octet == '\t')
			octet = ' ';
		if (octet == '\n' && len > 0 && to[len - 1] == '\r')
			len--;
		to[len++] = (uint8_t)octet;
	}
	*out = (struct slice){to, len};
	return is_text(*out);
}

static enum err take_field(struct form *form, struct slice pair, uint8_t *to)
{
	struct form_field *field = &form->fields[form->count];
	struct slice value = pair;
	struct slice name = slice_cut(&value, '=');

	if (value.ptr == NULL || !is_name(name))
		return ERR_FORMAT;
	for (size_t i = 0; i < form->count; i++) {
		if (slice_equal(form->fields[i].name, name))
			return ERR_EXISTS;
	}
	memcpy(to, name.ptr, name.len);
	field->name = (struct slice){to, name.len};
	if (!decode(value, to + name.len, &field->value))
		return ERR_FORMAT;
	form->count++;
	return OK;
}

enum err form_parse(struct form *out, struct slice body)
{
	size_t used = 0;
	enum err rc = OK;

	out->count = 0;
	if (body.len > sizeof out->bytes)
		return ERR_FULL;
	while (rc == OK && body.ptr != NULL && body.len > 0) {
		struct slice pair = slice_cut(&body, '&');
		if (body.ptr != NULL && body.len == 0)
			rc = ERR_FORMAT; /* an '&' at the end */
		else if (out->count == FORM_FIELDS_MAX)
			rc = ERR_FULL;
		else
			rc = take_field(out, pair, out->bytes + used);
		used += pair.len;
	}
	if (rc != OK)
		out->count = 0;
	return rc;
}

struct slice form_value(const struct form *form, const char *name)
{
	for (size_t i = 0; i < form->count; i++) {
		if (slice_equal(form->fields[i].name, slice_of(name)))
			return form->fields[i].value;
	}
	return SLICE_EMPTY;
}

static bool is_among(struct slice name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (slice_equal(name, slice_of(names[i])))
			return true;
	}
	return false;
}

bool form_has_only(const struct form *form, const char *const *names, size_t count)
{
	for (size_t i = 0; i < form->count; i++) {
		if (!is_among(form->fields[i].name, names, count))
			return false;
	}
	return true;
}
