/* One name or address out of a line. */
#include <arpa/inet.h>
#include <idn2.h>

#include "feed/internal.h"

/* What stands for itself in a name, in lower case; 0 for all else. */
static const uint8_t NAME_OCTET[256] = {
    ['-'] = '-',
    ['_'] = '_',
    ['0'] = '0',
    ['1'] = '1',
    ['2'] = '2',
    ['3'] = '3',
    ['4'] = '4',
    ['5'] = '5',
    ['6'] = '6',
    ['7'] = '7',
    ['8'] = '8',
    ['9'] = '9',
    ['A'] = 'a',
    ['B'] = 'b',
    ['C'] = 'c',
    ['D'] = 'd',
    ['E'] = 'e',
    ['F'] = 'f',
    ['G'] = 'g',
    ['H'] = 'h',
    ['I'] = 'i',
    ['J'] = 'j',
    ['K'] = 'k',
    ['L'] = 'l',
    ['M'] = 'm',
    ['N'] = 'n',
    ['O'] = 'o',
    ['P'] = 'p',
    ['Q'] = 'q',
    ['R'] = 'r',
    ['S'] = 's',
    ['T'] = 't',
    ['U'] = 'u',
    ['V'] = 'v',
    ['W'] = 'w',
    ['X'] = 'x',
    ['Y'] = 'y',
    ['Z'] = 'z',
    ['a'] = 'a',
    ['b'] = 'b',
    ['c'] = 'c',
    ['d'] = 'd',
    ['e'] = 'e',
    ['f'] = 'f',
    ['g'] = 'g',
    ['h'] = 'h',
    ['i'] = 'i',
    ['j'] = 'j',
    ['k'] = 'k',
    ['l'] = 'l',
    ['m'] = 'm',
    ['n'] = 'n',
    ['o'] = 'o',
    ['p'] = 'p',
    ['q'] = 'q',
    ['r'] = 'r',
    ['s'] = 's',
    ['t'] = 't',
    ['u'] = 'u',
    ['v'] = 'v',
    ['w'] = 'w',
    ['x'] = 'x',
    ['y'] = 'y',
    ['z'] = 'z',
};

/* The plain case in one pass, straight into wire form; false for anything unusual. `text`
 * has no trailing dot. */
static bool read_ascii(struct name_buf *out, struct slice text)
{
	/* text of n octets is n + 2 on the wire */
	if (text.len == 0 || text.len > NAME_OCTETS_MAX - 2)
		return false;
	size_t length_at = 0, at = 1;
	for (size_t i = 0; i < text.len; i++) {
		uint8_t octet = NAME_OCTET[text.ptr[i]];
		if (octet != 0) {
			out->wire[at++] = octet;
			continue;
		}
		size_t label = at - length_at - 1;
		if (text.ptr[i] != '.' || label == 0 || label > NAME_LABEL_OCTETS_MAX)
			return false;
		out->wire[length_at] = (uint8_t)label;
		length_at = at++;
	}
	size_t label = at - length_at - 1;
	if (label == 0 || label > NAME_LABEL_OCTETS_MAX)
		return false;
	out->wire[length_at] = (uint8_t)label;
	out->wire[at++] = 0;
	out->len = (uint8_t)at;
	return true;
}

/* No top-level domain is a number: RFC 3696 section 2. */
static bool ends_in_number(struct slice text)
{
	size_t i = text.len;
	while (i > 0 && text.ptr[i - 1] >= '0' && text.ptr[i - 1] <= '9')
		i--;
	return i < text.len && (i == 0 || text.ptr[i - 1] == '.');
}

bool feed_is_address(struct slice text)
{
	char copy[INET6_ADDRSTRLEN];
	uint8_t address[16];

	if (text.len >= 2 && text.ptr[0] == '[' && text.ptr[text.len - 1] == ']')
		text = (struct slice){text.ptr + 1, text.len - 2};
	if (text.len == 0 || memchr(text.ptr, 0, text.len) != NULL)
		return false;
	const uint8_t *zone = memchr(text.ptr, '%', text.len);
	if (zone != NULL)
		text.len = (size_t)(zone - text.ptr);
	if (text.len >= sizeof copy)
		return false;
	memcpy(copy, text.ptr, text.len);
	copy[text.len] = '\0';
	return inet_pton(AF_INET6, copy, address) == 1 ||
	    (zone == NULL && inet_pton(AF_INET, copy, address) == 1);
}

static bool has_prefix_length(struct slice text)
{
	const uint8_t *slash = memchr(text.ptr, '/', text.len);
	uint64_t bits;

	if (slash == NULL)
		return false;
	struct slice address = {text.ptr, (size_t)(slash - text.ptr)};
	struct slice length = {slash + 1, text.len - address.len - 1};
	return slice_to_u64(length, 128, &bits) && feed_is_address(address);
}

/* UTS 46 without transitional mapping, as browsers do: straße.de stays apart from
 * strasse.de. */
static enum feed_reason read_idn(struct name_buf *out, struct slice text)
{
	char copy[1024];
	char *ascii = NULL;

	if (text.len >= sizeof copy)
		return FEED_BAD_IDN;
	memcpy(copy, text.ptr, text.len);
	copy[text.len] = '\0';
	if (idn2_to_ascii_8z(copy, &ascii, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT) !=
	    IDN2_OK)
		return FEED_BAD_IDN;
	struct slice result = slice_of(ascii);
	bool fine = read_ascii(out, result) && !ends_in_number(result);
	idn2_free(ascii);
	return fine ? FEED_REASONS : FEED_BAD_IDN;
}

/* Why `text` is no plain name; or a name after all, an internationalised one. */
static enum feed_reason read_unusual(struct name_buf *out, struct slice text)
{
	bool high = false, star = false, slash = false, colon = false;

	if (text.len == 0)
		return FEED_BAD_NAME; /* its ptr may be NULL */
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.ptr[i];
		if (c < 0x20 || c == 0x7f)
			return FEED_BAD_BYTES;
		high |= c >= 0x80;
		star |= c == '*' || c == '?';
		slash |= c == '/';
		colon |= c == ':';
	}
	if (feed_is_address(text) || has_prefix_length(text))
		return FEED_ADDRESS;
	if (slash || colon)
		return FEED_URL;
	if (star)
		return FEED_PATTERN;
	return high ? read_idn(out, text) : FEED_BAD_NAME;
}

enum feed_reason feed_read_name(struct name_buf *out, struct slice text)
{
	if (text.len == 1 && text.ptr[0] == '.')
		return FEED_ROOT;
	if (text.len > 1 && text.ptr[text.len - 1] == '.')
		text.len--;
	if (!read_ascii(out, text))
		return read_unusual(out, text);
	if (ends_in_number(text))
		return feed_is_address(text) ? FEED_ADDRESS : FEED_BAD_NAME;
	return FEED_REASONS;
}

bool feed_is_local_name(struct dname name)
{
	static const char *const locals[] = {"\011localhost", "\005local",
	    "\011localhost\013localdomain", "\013localdomain", "\015broadcasthost",
	    "\015ip6-localhost", "\014ip6-loopback", "\014ip6-localnet",
	    "\017ip6-mcastprefix", "\014ip6-allnodes", "\016ip6-allrouters",
	    "\014ip6-allhosts"};

	if (name.len > 26) /* longer than any of them */
		return false;
	for (size_t i = 0; i < COUNT_OF(locals); i++) {
		size_t len =
		    strlen(locals[i]) + 1; /* the root octet is the C string's NUL */
		if (name.len == len && memcmp(name.wire, locals[i], len) == 0)
			return true;
	}
	return false;
}

struct slice feed_next_word(struct slice *rest)
{
	size_t start = 0;

	if (rest->len == 0)
		return SLICE_EMPTY; /* its ptr may be NULL */
	while (start < rest->len && feed_is_blank(rest->ptr[start]))
		start++;
	size_t end = start;
	while (end < rest->len && !feed_is_blank(rest->ptr[end]))
		end++;
	struct slice word = {rest->ptr + start, end - start};
	*rest = (struct slice){rest->ptr + end, rest->len - end};
	return word;
}
