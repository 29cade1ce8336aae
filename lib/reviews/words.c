#include "reviews/internal.h"

/* The length of the UTF-8 character at s[0], 0 when there is none (RFC 3629 section 4). */
static size_t character_bytes(const uint8_t *s, size_t left, uint32_t *out)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n = s[0] < 0x80 ? 1
	    : s[0] < 0xc2      ? 0
	    : s[0] < 0xe0      ? 2
	    : s[0] < 0xf0      ? 3
	                       : 4;
	uint32_t value = n == 1 ? s[0] : s[0] & (0x7fu >> n);

	if (n == 0 || n > left)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (s[i] & 0x3fu);
	}
	if (value < least[n] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
		return 0;
	*out = value;
	return n;
}

static bool is_control(uint32_t c)
{
	return (c < 0x20 && c != '\n') || (c >= 0x7f && c < 0xa0);
}

/* Counts characters; false at what is none, or, where `strict`, at a control character. */
static bool count_characters(const char *text, bool strict, size_t *count)
{
	struct slice s = slice_of(text);
	uint32_t c = 0;

	*count = 0;
	while (s.len > 0) {
		size_t n = character_bytes(s.ptr, s.len, &c);
		if (n == 0 || (strict && is_control(c)))
			return false;
		s = (struct slice){s.ptr + n, s.len - n};
		*count += 1;
	}
	return true;
}

size_t review_text_length(const char *text)
{
	size_t count;

	return count_characters(text, false, &count) ? count : SIZE_MAX;
}

bool review_text_is_sound(const char *text)
{
	size_t count;

	return count_characters(text, true, &count) && count <= REVIEW_TEXT_CHARS;
}

static bool is_letter_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool review_name_is_sound(const char *name)
{
	size_t labels = 1, in_label = 0, i = 0;

	for (; name[i] != 0 && i < REVIEW_NAME_BYTES; i++) {
		if (name[i] == '.') {
			if (in_label == 0)
				return false;
			labels++;
			in_label = 0;
			continue;
		}
		if (!is_letter_or_digit(name[i]) && name[i] != '-' && name[i] != '_')
			return false;
		if (++in_label > 63)
			return false;
	}
	return i < REVIEW_NAME_BYTES && in_label > 0 && labels >= 2;
}

bool review_tier_is_sound(const char *tier)
{
	size_t i = 0;

	for (; tier[i] != 0 && i < REVIEW_TIER_BYTES; i++) {
		if (!is_letter_or_digit(tier[i]) && tier[i] != '_' && tier[i] != '-')
			return false;
	}
	return i > 0 && i < REVIEW_TIER_BYTES;
}

bool review_day_is_sound(uint32_t day)
{
	uint32_t month = day / 100 % 100, of_month = day % 100;

	return day >= 20000101 && day <= 99991231 && month >= 1 && month <= 12 &&
	    of_month >= 1 && of_month <= 31;
}

const char *review_state_word(enum review_state state)
{
	switch (state) {
	case REVIEW_OPENED:
		return "opened";
	case REVIEW_KEPT:
		return "kept";
	case REVIEW_WAITING:
		break;
	}
	return "waiting";
}
