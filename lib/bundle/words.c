/* The small parts of which lines are made. */
#include <openssl/evp.h>
#include <stdio.h>

#include "bundle/internal.h"

enum {
	DAY_S = 24 * 60 * 60
};

bool bundle_next_line(struct slice *rest, struct slice *line)
{
	const uint8_t *end = rest->len == 0 ? NULL : memchr(rest->ptr, '\n', rest->len);

	if (end == NULL)
		return false;
	*line = (struct slice){rest->ptr, (size_t)(end - rest->ptr)};
	*rest = (struct slice){end + 1, rest->len - line->len - 1};
	return true;
}

bool bundle_next_word(struct slice *rest, struct slice *word)
{
	if (rest->len == 0)
		return false;
	*word = slice_cut(rest, ' ');
	return word->len > 0;
}

bool bundle_is_word(struct slice text, enum bundle_word kind)
{
	if (text.len == 0 || text.len > BUNDLE_NAME_MAX)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.ptr[i];
		bool good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
		    (c == '_' && kind == BUNDLE_WORD_CATEGORY);
		if (!good)
			return false;
	}
	return true;
}

bool bundle_is_name(struct name_buf *out, struct slice text)
{
	char again[NAME_TEXT_MAX];

	if (text.len == 0 || text.ptr[text.len - 1] == '.' ||
	    name_from_text(out, text, NULL) != OK || name_label_count(name_of(out)) < 2)
		return false;
	name_to_text(again, name_of(out));
	return slice_equal(text, slice_of(again));
}

/* Bytes of the character at the beginning of `s`, 0 when it is none. */
static size_t character_length(struct slice s)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	uint8_t first = s.ptr[0];
	size_t n = first < 0x80      ? 1
	    : (first & 0xe0) == 0xc0 ? 2
	    : (first & 0xf0) == 0xe0 ? 3
	    : (first & 0xf8) == 0xf0 ? 4
	                             : 0;
	uint32_t code = n <= 1 ? first : (uint32_t)(first & (0x7f >> n));

	if (n == 0 || n > s.len)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((s.ptr[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s.ptr[i] & 0x3f);
	}
	bool control = code < 0x20 || (code >= 0x7f && code < 0xa0);
	bool surrogate = code >= 0xd800 && code <= 0xdfff;
	return control || surrogate || code < least[n] || code > 0x10ffff ? 0 : n;
}

bool bundle_is_plain(struct slice text)
{
	while (text.len > 0) {
		size_t n = character_length(text);
		if (n == 0)
			return false;
		text = (struct slice){text.ptr + n, text.len - n};
	}
	return true;
}

/* ---- digests ------------------------------------------------------------------------------ */

bool bundle_is_digest(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.ptr[i];
		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
			return false;
	}
	return text.len == BUNDLE_DIGEST_BYTES - 1;
}

void bundle_hex(char out[BUNDLE_DIGEST_BYTES], const uint8_t digest[32])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < 32; i++) {
		out[2 * i] = digits[digest[i] >> 4];
		out[2 * i + 1] = digits[digest[i] & 15];
	}
	out[64] = 0;
}

enum err bundle_digest(char out[BUNDLE_DIGEST_BYTES], struct slice bytes)
{
	uint8_t digest[32];

	if (EVP_Digest(bytes.ptr, bytes.len, digest, NULL, EVP_sha256(), NULL) != 1)
		return ERR_MEMORY;
	bundle_hex(out, digest);
	return OK;
}

enum err bundle_hundredth(
    unsigned *out, const char *unit, const char *name, uint64_t serial)
{
	char text[512];
	uint8_t digest[32];
	uint64_t number = 0;

	int n = snprintf(text, sizeof text, "lachan-bundle-stage 1\n%s\n%llu\n%s", name,
	    (unsigned long long)serial, unit);
	if (n < 0 || (size_t)n >= sizeof text) /* no unit has such an id */
		n = (int)sizeof text - 1;
	if (EVP_Digest(text, (size_t)n, digest, NULL, EVP_sha256(), NULL) != 1)
		return ERR_MEMORY;
	for (size_t i = 0; i < 8; i++)
		number = number << 8 | digest[i];
	*out = (unsigned)(number % 100);
	return OK;
}

/* ---- times -------------------------------------------------------------------------------- */

/* Days since 1970-01-01 of a date of the Gregorian calendar; March begins the year, so that
 * the leap day is its last. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t m = month <= 2 ? month + 9 : month - 3;

	return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

static void date_of(int64_t days, int64_t *year, int64_t *month, int64_t *day)
{
	int64_t z = days + 719468;
	int64_t era = z / 146097;
	int64_t in_era = z - era * 146097;
	int64_t y = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
	int64_t in_year = in_era - (365 * y + y / 4 - y / 100);
	int64_t m = (5 * in_year + 2) / 153;

	*day = in_year - (153 * m + 2) / 5 + 1;
	*month = m < 10 ? m + 3 : m - 9;
	*year = y + era * 400 + (*month <= 2 ? 1 : 0);
}

void bundle_time_text(char out[BUNDLE_TIME_BYTES], int64_t time_s)
{
	static const int64_t last = INT64_C(253402300799); /* 9999-12-31T23:59:59Z */
	int64_t year, month, day;

	time_s = time_s < 0 ? 0 : time_s > last ? last : time_s;
	date_of(time_s / DAY_S, &year, &month, &day);
	unsigned second = (unsigned)(time_s % DAY_S);
	(void)snprintf(out, BUNDLE_TIME_BYTES, "%04u-%02u-%02uT%02u:%02u:%02uZ",
	    (unsigned)year % 10000, (unsigned)month % 100, (unsigned)day % 100,
	    second / 3600 % 100, second / 60 % 60, second % 60);
}

/* The two or four digits at `at`. */
static bool digits_at(struct slice text, size_t at, size_t count, int64_t *out)
{
	uint64_t value;

	if (!slice_to_u64((struct slice){text.ptr + at, count}, 9999, &value))
		return false;
	*out = (int64_t)value;
	return true;
}

bool bundle_time_read(int64_t *out, struct slice text)
{
	int64_t year, month, day, hour, minute, second;
	char again[BUNDLE_TIME_BYTES];

	if (text.len != BUNDLE_TIME_BYTES - 1 || !digits_at(text, 0, 4, &year) ||
	    !digits_at(text, 5, 2, &month) || !digits_at(text, 8, 2, &day) ||
	    !digits_at(text, 11, 2, &hour) || !digits_at(text, 14, 2, &minute) ||
	    !digits_at(text, 17, 2, &second) || year < 1970 || month < 1 || month > 12)
		return false;
	int64_t time_s =
	    days_of(year, month, day) * DAY_S + hour * 3600 + minute * 60 + second;
	/* What is no date (a 31st of April, a 25th hour) reads back as another one. */
	bundle_time_text(again, time_s);
	if (!slice_equal(text, slice_of(again)))
		return false;
	*out = time_s;
	return true;
}
