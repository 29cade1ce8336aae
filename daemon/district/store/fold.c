/* Vietnamese letters as people type them into a search box. */
#include "district/store/tree_internal.h"

/* One code point of valid UTF-8; malformed octets stand for themselves. */
static uint32_t next_code(struct reader *in)
{
	uint8_t first = reader_u8(in);
	unsigned more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc0 ? 1 : 0;
	uint32_t code = more == 0 ? first : first & (0x3fu >> more);

	while (more-- > 0 && in->left > 0)
		code = code << 6 | (reader_u8(in) & 0x3f);
	return code;
}

/* Ranges of composed letters of Latin-1, Latin Extended-A, and Latin Extended Additional
 * (where U+1EA0 to U+1EF9 are Vietnamese alone). 0: a mark that combines, left out. */
static uint32_t plain_letter(uint32_t code)
{
	static const struct {
		uint16_t from, to;
		char letter;
	} ranges[] = {{0xc0, 0xc5, 'a'}, {0xc8, 0xcb, 'e'}, {0xcc, 0xcf, 'i'},
	    {0xd2, 0xd6, 'o'}, {0xd9, 0xdc, 'u'}, {0xdd, 0xdd, 'y'}, {0xe0, 0xe5, 'a'},
	    {0xe8, 0xeb, 'e'}, {0xec, 0xef, 'i'}, {0xf2, 0xf6, 'o'}, {0xf9, 0xfc, 'u'},
	    {0xfd, 0xff, 'y'}, {0x102, 0x103, 'a'}, {0x110, 0x111, 'd'},
	    {0x128, 0x129, 'i'}, {0x168, 0x169, 'u'}, {0x1a0, 0x1a1, 'o'},
	    {0x1af, 0x1b0, 'u'}, {0x300, 0x36f, 0}, {0x1ea0, 0x1eb7, 'a'},
	    {0x1eb8, 0x1ec7, 'e'}, {0x1ec8, 0x1ecb, 'i'}, {0x1ecc, 0x1ee3, 'o'},
	    {0x1ee4, 0x1ef1, 'u'}, {0x1ef2, 0x1ef9, 'y'}};

	if (code >= 'A' && code <= 'Z')
		return code + ('a' - 'A');
	for (size_t i = 0; code >= 0xc0 && i < sizeof ranges / sizeof ranges[0]; i++)
		if (code >= ranges[i].from && code <= ranges[i].to)
			return (uint32_t)ranges[i].letter;
	return code;
}

/* UTF-8 again; nothing when it does not fit. */
static size_t put_code(uint8_t out[4], uint32_t code)
{
	if (code < 0x80) {
		out[0] = (uint8_t)code;
		return 1;
	}
	size_t len = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	for (size_t i = len - 1; i > 0; i--, code >>= 6)
		out[i] = (uint8_t)(0x80 | (code & 0x3f));
	out[0] = (uint8_t)((0xf00u >> len) | code);
	return len;
}

void tree_fold(char *out, size_t size, struct slice text)
{
	struct reader in = reader_over(text);
	uint8_t octets[4];
	size_t len = 0;

	while (in.left > 0) {
		uint32_t code = plain_letter(next_code(&in));
		size_t more = code == 0 ? 0 : put_code(octets, code);
		if (len + more >= size)
			break;
		memcpy(out + len, octets, more);
		len += more;
	}
	out[len] = 0;
}
