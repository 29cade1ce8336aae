#include "notices/internal.h"

enum {
	ID_DIGITS = 16
};

enum err notices_body(struct slice *out, struct slice text, const char *head)
{
	const struct slice first = slice_of(head);
	const struct slice last = SLICE_LIT(NOTICES_END);

	if (text.len < first.len + last.len || !slice_starts(text, first) ||
	    !slice_ends(text, last))
		return ERR_FORMAT;
	struct slice body = {text.ptr + first.len, text.len - first.len - last.len};
	if (body.len > 0 && body.ptr[body.len - 1] != '\n')
		return ERR_FORMAT;
	*out = body;
	return OK;
}

/* One way to write a number: what was read is written back octet for octet. */
static bool read_number(uint64_t *out, struct slice text)
{
	if (text.len == 0 || (text.ptr[0] == '0' && text.len > 1))
		return false;
	return slice_to_u64(text, INT64_MAX, out);
}

bool notices_numbers(uint64_t *out, size_t count, struct slice text)
{
	for (size_t i = 0; i < count; i++)
		if (text.ptr == NULL || !read_number(&out[i], slice_cut(&text, ' ')))
			return false;
	return text.ptr == NULL;
}

bool notices_id(uint64_t *out, struct slice text)
{
	uint64_t id = 0;

	if (text.len != ID_DIGITS)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.ptr[i];
		if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f'))
			return false;
		id = id << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
	}
	*out = id;
	return true;
}
