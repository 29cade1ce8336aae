#include "lachanctl/client_kit.h"

static const struct slice CA_MARK = {(const uint8_t *)"{ca}", 4};

/* NULL: nothing has that name. */
static const char *find_word(const struct client_kit *kit, struct slice name)
{
	const struct {
		const char *name;
		const char *value;
	} words[] = {
	    {"school", kit->school},
	    {"portal_url", kit->portal_url},
	    {"fingerprint", kit->fingerprint},
	    {"thumbprint", kit->thumbprint},
	};

	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (slice_equal(name, slice_of(words[i].name)))
			return words[i].value;
	return NULL;
}

static bool is_word(struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((text.ptr[i] < 'a' || text.ptr[i] > 'z') && text.ptr[i] != '_')
			return false;
	return text.len > 0;
}

/* One value, without what would begin a line of its own. */
static void put_value(struct buf *out, const char *value)
{
	for (; *value != 0; value++)
		buf_byte(out, (unsigned char)*value < ' ' ? ' ' : (uint8_t)*value);
}

/* Braces that hold no word stand for themselves: JSON has them. */
static enum err put_line(struct buf *out, const struct client_kit *kit, struct slice line)
{
	while (line.len > 0) {
		const uint8_t *end =
		    line.ptr[0] == '{' ? memchr(line.ptr, '}', line.len) : NULL;
		size_t inside = end == NULL ? 0 : (size_t)(end - line.ptr) - 1;
		struct slice name = {line.ptr + 1, inside};
		size_t taken = 1;
		if (end == NULL || !is_word(name)) {
			buf_byte(out, line.ptr[0]);
		} else {
			const char *value = find_word(kit, name);
			if (value == NULL)
				return ERR_FORMAT;
			put_value(out, value);
			taken = inside + 2;
		}
		line.ptr += taken;
		line.len -= taken;
	}
	buf_text(out, "\r\n");
	return OK;
}

static enum err put_lines(struct buf *out, const struct client_kit *kit, struct slice text)
{
	enum err rc = OK;

	while (rc == OK && text.len > 0) {
		struct slice line = slice_cut(&text, '\n');
		if (slice_starts(line, CA_MARK)) {
			if (kit->fingerprint == NULL)
				continue;
			line.ptr += CA_MARK.len;
			line.len -= CA_MARK.len;
		}
		rc = put_line(out, kit, line);
	}
	return rc == OK ? buf_status(out) : rc;
}

/* One letter of UTF-8; false for what is none (RFC 3629). */
static bool take_letter(struct slice *text, uint32_t *letter)
{
	static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
	uint8_t first = text->ptr[0];
	size_t more = first < 0x80 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;

	if ((first >= 0x80 && first < 0xc2) || first > 0xf4 || text->len <= more)
		return false;
	*letter = more == 0 ? first : first & (0x3fU >> more);
	for (size_t i = 1; i <= more; i++) {
		if ((text->ptr[i] & 0xc0) != 0x80)
			return false;
		*letter = *letter << 6 | (text->ptr[i] & 0x3fU);
	}
	text->ptr += more + 1;
	text->len -= more + 1;
	return *letter >= least[more] && *letter <= 0x10ffff &&
	    (*letter < 0xd800 || *letter > 0xdfff);
}

static void put_unit(struct buf *out, uint32_t unit)
{
	buf_byte(out, (uint8_t)(unit & 0xff));
	buf_byte(out, (uint8_t)(unit >> 8));
}

static enum err put_utf16(struct buf *out, struct slice text)
{
	uint32_t letter;

	put_unit(out, 0xfeff);
	while (text.len > 0) {
		if (!take_letter(&text, &letter))
			return ERR_FORMAT;
		if (letter < 0x10000) {
			put_unit(out, letter);
		} else {
			put_unit(out, 0xd800 + ((letter - 0x10000) >> 10));
			put_unit(out, 0xdc00 + ((letter - 0x10000) & 0x3ff));
		}
	}
	return buf_status(out);
}

enum err client_kit_write(
    struct buf *out, const struct client_kit *kit, const char *name, struct slice text)
{
	struct buf plain = BUF_INIT(CLIENT_KIT_FILE_BYTES);

	enum err rc = put_lines(&plain, kit, text);
	if (rc == OK && slice_ends(slice_of(name), SLICE_LIT(".reg"))) {
		rc = put_utf16(out, buf_slice(&plain));
	} else if (rc == OK) {
		if (slice_ends(slice_of(name), SLICE_LIT(".txt")))
			buf_text(out, "\xef\xbb\xbf");
		buf_append(out, buf_slice(&plain));
		rc = buf_status(out);
	}
	buf_deinit(&plain);
	return rc;
}
