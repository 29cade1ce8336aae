#include "base/bytes.h"

bool slice_equal_nocase(struct slice a, struct slice b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++) {
		if (byte_lower(a.ptr[i]) != byte_lower(b.ptr[i]))
			return false;
	}
	return true;
}

bool slice_starts(struct slice s, struct slice prefix)
{
	return s.len >= prefix.len &&
	    slice_equal((struct slice){s.ptr, prefix.len}, prefix);
}

bool slice_ends(struct slice s, struct slice suffix)
{
	return s.len >= suffix.len &&
	    slice_equal((struct slice){s.ptr + (s.len - suffix.len), suffix.len}, suffix);
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct slice slice_trim(struct slice s)
{
	while (s.len > 0 && is_blank(s.ptr[0])) {
		s.ptr++;
		s.len--;
	}
	while (s.len > 0 && is_blank(s.ptr[s.len - 1]))
		s.len--;
	return s;
}

struct slice slice_cut(struct slice *rest, uint8_t separator)
{
	struct slice whole = *rest;
	const uint8_t *at = whole.len == 0 ? NULL : memchr(whole.ptr, separator, whole.len);

	if (at == NULL) {
		*rest = SLICE_EMPTY;
		return whole;
	}
	size_t before = (size_t)(at - whole.ptr);
	*rest = (struct slice){at + 1, whole.len - before - 1};
	return (struct slice){whole.ptr, before};
}

bool slice_to_u64(struct slice s, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;

	if (s.len == 0)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] < '0' || s.ptr[i] > '9')
			return false;
		uint64_t digit = (uint64_t)(s.ptr[i] - '0');
		if (value > (max - digit) / 10 || digit > max)
			return false;
		value = value * 10 + digit;
	}
	*out = value;
	return true;
}
