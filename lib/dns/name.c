#include "dns/name.h"

#include "base/words.h"

/* ---- lower case ---- */

/* Lower-cases the ASCII letters among eight octets at once; octets of 128 and more stay. */
static uint64_t lower_eight(uint64_t x)
{
	const uint64_t ones = 0x0101010101010101u;
	uint64_t heptets = x & 0x7f * ones;
	uint64_t from_a = heptets + (0x80 - 'A') * ones;
	uint64_t above_z = heptets + (0x7f - 'Z') * ones;
	uint64_t upper = (from_a ^ above_z) & ~x & 0x80 * ones;
	return x | upper >> 2;
}

/* A whole name may be lower-cased without looking at its labels: a length octet is at most
 * 63, and 'A' is 65. */
static void lower_copy(uint8_t *to, const uint8_t *from, size_t len)
{
	uint64_t word;
	if (len < sizeof word) {
		for (size_t i = 0; i < len; i++)
			to[i] = byte_lower(from[i]);
		return;
	}
	/* The last word may overlap the one before it: twice lower is lower. */
	for (size_t i = 0; i < len; i += sizeof word) {
		size_t at = i + sizeof word <= len ? i : len - sizeof word;
		memcpy(&word, from + at, sizeof word);
		word = lower_eight(word);
		memcpy(to + at, &word, sizeof word);
	}
}

void name_copy(struct name_buf *out, struct dname name)
{
	out->len = (uint8_t)name.len;
	memcpy(out->wire, name.wire, name.len);
}

/* ---- text ---- */

static bool is_plain(uint8_t c)
{
	uint8_t low = byte_lower(c);
	return (low >= 'a' && low <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* What stands behind a backslash: three digits, or one octet that is no digit. */
static bool read_escape(struct slice *rest, uint8_t *octet)
{
	if (rest->len == 0)
		return false;
	const uint8_t *p = rest->ptr;
	size_t taken = 1;
	unsigned value = p[0];
	if (is_digit(p[0])) {
		if (rest->len < 3 || !is_digit(p[1]) || !is_digit(p[2]))
			return false;
		value = (p[0] - '0') * 100u + (p[1] - '0') * 10u + (p[2] - '0');
		taken = 3;
	}
	if (value > 255)
		return false;
	*octet = (uint8_t)value;
	rest->ptr += taken;
	rest->len -= taken;
	return true;
}

/* Reads one label and the dot behind it into `w`. */
static enum err read_label(struct writer *w, struct slice *rest, struct diag *why)
{
	size_t start = w->len;
	writer_u8(w, 0);
	while (rest->len > 0) {
		uint8_t c = rest->ptr[0];
		rest->ptr++;
		rest->len--;
		if (c == '.')
			break;
		if (c == '\\') {
			if (!read_escape(rest, &c)) {
				diag_set(why,
				    _("a backslash needs three digits up to 255, "
				      "or one character, behind it"));
				return ERR_FORMAT;
			}
		} else if (!is_plain(c)) {
			diag_set(why,
			    _("only letters, digits, '-' and '_' may stand in a "
			      "name"));
			return ERR_FORMAT;
		}
		writer_u8(w, byte_lower(c));
	}
	size_t length = w->len - start - 1;
	if (length == 0 && !w->bad) {
		diag_set(why, _("a part of the name between two dots is empty"));
		return ERR_FORMAT;
	}
	if (length > NAME_LABEL_OCTETS_MAX || w->bad) {
		diag_set(why,
		    _("a name has at most 63 characters between two dots, and 253 "
		      "in all"));
		return ERR_RANGE;
	}
	w->ptr[start] = (uint8_t)length;
	return OK;
}

enum err name_from_text(struct name_buf *out, struct slice text, struct diag *why)
{
	struct name_buf made;
	struct writer w = writer_over(made.wire, sizeof made.wire);
	if (text.len == 0) {
		diag_set(why, _("a name may not be empty"));
		return ERR_FORMAT;
	}
	if (slice_equal(text, SLICE_LIT(".")))
		text.len = 0;
	while (text.len > 0) {
		enum err rc = read_label(&w, &text, why);
		if (rc != OK)
			return rc;
	}
	writer_u8(&w, 0);
	if (w.bad) {
		diag_set(why, _("a name has at most 253 characters"));
		return ERR_RANGE;
	}
	made.len = (uint8_t)w.len;
	*out = made;
	return OK;
}

static size_t put_octet(char *out, uint8_t c)
{
	if (is_plain(c)) {
		out[0] = (char)c;
		return 1;
	}
	out[0] = '\\';
	out[1] = (char)('0' + c / 100);
	out[2] = (char)('0' + c / 10 % 10);
	out[3] = (char)('0' + c % 10);
	return 4;
}

void name_to_text(char out[NAME_TEXT_MAX], struct dname name)
{
	/* 250 octets of labels at four characters, the dots and the NUL fit in 1024. */
	size_t len = 0;
	for (size_t at = 0; name.wire[at] != 0; at += name.wire[at] + 1u) {
		if (at > 0)
			out[len++] = '.';
		for (size_t i = 1; i <= name.wire[at]; i++)
			len += put_octet(out + len, name.wire[at + i]);
	}
	if (len == 0)
		out[len++] = '.';
	out[len] = '\0';
}

/* ---- wire ---- */

bool name_parse_wire(struct name_buf *out, struct slice packet, size_t at, size_t *end)
{
	uint8_t wire[NAME_OCTETS_MAX];
	size_t len = 0;
	size_t behind = 0;   /* where the message goes on; 0: not known yet */
	size_t segment = at; /* a pointer must lead before the segment it ends */
	unsigned hops = 0;
	for (;;) {
		if (at >= packet.len)
			return false;
		size_t octet = packet.ptr[at];
		if (octet <= NAME_LABEL_OCTETS_MAX) {
			if (packet.len - at <= octet || sizeof wire - len <= octet)
				return false;
			memcpy(wire + len, packet.ptr + at, octet + 1);
			len += octet + 1;
			at += octet + 1;
			if (octet == 0)
				break;
			continue;
		}
		if (octet < 0xc0 || packet.len - at < 2 || ++hops > NAME_HOPS_MAX)
			return false;
		size_t target = (octet & 0x3f) << 8 | packet.ptr[at + 1];
		/* Into the header, forward, or into itself: never written by a server. */
		if (target < 12 || target >= segment)
			return false;
		behind = behind == 0 ? at + 2 : behind;
		segment = target;
		at = target;
	}
	lower_copy(out->wire, wire, len);
	out->len = (uint8_t)len;
	*end = behind == 0 ? at : behind;
	return true;
}

/* ---- ancestry ---- */

size_t name_label_count(struct dname name)
{
	size_t count = 0;
	for (size_t at = 0; name.wire[at] != 0; at += name.wire[at] + 1u)
		count++;
	return count;
}

struct dname name_parent(struct dname name)
{
	if (name.len <= 1)
		return name;
	size_t skip = name.wire[0] + 1u;
	return (struct dname){name.wire + skip, name.len - skip};
}

bool name_equal(struct dname a, struct dname b)
{
	return a.len == b.len && memcmp(a.wire, b.wire, a.len) == 0;
}

bool name_is_at_or_below(struct dname name, struct dname ancestor)
{
	if (name.len < ancestor.len)
		return false;
	size_t skip = name.len - ancestor.len;
	if (memcmp(name.wire + skip, ancestor.wire, ancestor.len) != 0)
		return false;
	/* Equal octets count only where a label begins: "xvn" is not below "vn". */
	size_t at = 0;
	while (at < skip)
		at += name.wire[at] + 1u;
	return at == skip;
}

/* ---- hashes ---- */

/* Multiplies to 128 bits and folds the halves together: every bit of both factors moves
 * about half of the result's. */
static uint64_t multiply_fold(uint64_t a, uint64_t b)
{
#ifdef __SIZEOF_INT128__
	__extension__ typedef unsigned __int128 wide;
	wide product = (wide)a * b;
	return (uint64_t)product ^ (uint64_t)(product >> 64);
#else
	uint64_t a0 = (uint32_t)a, a1 = a >> 32;
	uint64_t b0 = (uint32_t)b, b1 = b >> 32;
	uint64_t low = a0 * b0;
	uint64_t cross = a1 * b0 + (low >> 32);
	uint64_t middle = a0 * b1 + (uint32_t)cross;
	uint64_t high = a1 * b1 + (cross >> 32) + (middle >> 32);
	return (middle << 32 | (uint32_t)low) ^ high;
#endif
}

/* Eight octets as a little-endian number, so that files with hashes travel. */
static uint64_t load_word(const uint8_t *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof v);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v = __builtin_bswap64(v);
#endif
	return v;
}

/* The last 1..7 octets of a label that ends at name[end], as the low octets of a word. The
 * word is read whole where the name reaches far enough to either side. */
static uint64_t load_rest(struct dname name, size_t end, size_t count)
{
	if (end >= 8)
		return load_word(name.wire + end - 8) >> (8 * (8 - count));
	size_t start = end - count;
	if (name.len - start >= 8)
		return load_word(name.wire + start) & (UINT64_MAX >> (8 * (8 - count)));
	uint64_t v = 0;
	for (size_t i = 0; i < count; i++)
		v |= (uint64_t)name.wire[start + i] << (8 * i);
	return v;
}

/* One label onto the state of what stands to its right. The length goes in first, so that
 * labels cannot run into one another and padding means nothing. */
static uint64_t hash_label(
    uint64_t state, struct dname name, size_t label_at, struct hash_key key)
{
	size_t count = name.wire[label_at];
	size_t end = label_at + 1 + count;
	state += (uint64_t)count * 0x9e3779b97f4a7c15u;
	while (count >= 8) {
		state = multiply_fold(load_word(name.wire + end - count) ^ key.k1,
		    state ^ 0xd6e8feb86659fd93u);
		count -= 8;
	}
	if (count > 0) {
		state = multiply_fold(
		    load_rest(name, end, count) ^ key.k1, state ^ 0xa0761d6478bd642fu);
	}
	return state;
}

void name_hash_all(struct name_hashes *out, struct dname name, struct hash_key key)
{
	uint8_t starts[NAME_LABELS_MAX];
	size_t count = 0;
	for (size_t at = 0; name.wire[at] != 0; at += name.wire[at] + 1u)
		starts[count++] = (uint8_t)at;

	uint64_t state = key.k0;
	for (size_t i = 0; i < count; i++) {
		uint8_t at = starts[count - 1 - i];
		state = hash_label(state, name, at, key);
		/* Off the chain: the final mixing of one suffix runs beside the next label. */
		out->at[i] = hash_mix64(state);
		out->at_octet[i] = at;
	}
	out->count = count;
}

uint64_t name_hash(struct dname name, struct hash_key key)
{
	struct name_hashes all;
	name_hash_all(&all, name, key);
	return all.count == 0 ? hash_mix64(key.k0) : all.at[all.count - 1];
}
