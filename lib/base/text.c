#include "base/text.h"

#include <stdio.h>

struct unit {
	const char *name;
	uint64_t factor;
};

static bool number_and_unit(
    struct slice s, const struct unit *units, uint64_t max, uint64_t *out)
{
	size_t digits = 0;
	while (digits < s.len && s.ptr[digits] >= '0' && s.ptr[digits] <= '9')
		digits++;
	uint64_t number;
	if (!slice_to_u64((struct slice){s.ptr, digits}, max, &number))
		return false;
	struct slice name = {s.ptr + digits, s.len - digits};
	if (name.len == 0) {
		if (number == 0)
			*out = 0;
		return number == 0;
	}
	for (; units->name != NULL; units++) {
		if (!slice_equal(name, slice_of(units->name)))
			continue;
		if (number > max / units->factor)
			return false;
		*out = number * units->factor;
		return true;
	}
	return false;
}

bool text_to_duration_ms(struct slice s, uint64_t *out_ms)
{
	static const struct unit UNITS[] = {{"ms", 1}, {"s", 1000}, {"m", 60000},
	    {"h", 3600000}, {"d", 86400000}, {NULL, 0}};
	const uint64_t hundred_years = (uint64_t)100 * 366 * 86400000;
	return number_and_unit(s, UNITS, hundred_years, out_ms);
}

bool text_to_size_bytes(struct slice s, uint64_t *out_bytes)
{
	static const struct unit UNITS[] = {{"B", 1}, {"KiB", (uint64_t)1 << 10},
	    {"MiB", (uint64_t)1 << 20}, {"GiB", (uint64_t)1 << 30}, {NULL, 0}};
	return number_and_unit(s, UNITS, (uint64_t)1 << 40, out_bytes);
}

enum {
	WORD_MAX = 48
};

/* Optimal string alignment: insert, delete, replace, and swap of neighbours cost 1. */
static size_t edit_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t row[3][WORD_MAX + 1];

	for (size_t j = 0; j <= b_len; j++)
		row[0][j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t *now = row[i % 3];
		const size_t *up = row[(i + 2) % 3];
		const size_t *up2 = row[(i + 1) % 3];
		now[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			size_t best = up[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
			if (up[j] + 1 < best)
				best = up[j] + 1;
			if (now[j - 1] + 1 < best)
				best = now[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] && up2[j - 2] + 1 < best)
				best = up2[j - 2] + 1;
			now[j] = best;
		}
	}
	return row[a_len % 3][b_len];
}

const char *text_nearest(const char *word, const char *const *words)
{
	size_t len = strlen(word);
	size_t best = len / 3 + 1 < 3 ? len / 3 + 1 : 3;
	const char *nearest = NULL;

	if (len > WORD_MAX)
		return NULL;
	for (; *words != NULL; words++) {
		size_t other = strlen(*words);
		if (other > WORD_MAX)
			continue;
		size_t distance = edit_distance(word, len, *words, other);
		if (distance < best || (distance == best && nearest == NULL)) {
			best = distance;
			nearest = *words;
		}
	}
	return nearest;
}

/* How many bytes at `at` a terminal would obey rather than show: control characters (C0, DEL,
 * C1) and what turns the direction of writing (U+061C, U+200E, U+200F, U+202A to U+202E, U+2066
 * to U+2069), which could make a line look like another. */
static size_t obeyed(struct slice s, size_t at)
{
	const uint8_t *c = s.ptr + at;
	size_t left = s.len - at;

	if (c[0] < 0x20 || c[0] == 0x7f)
		return 1;
	if (left >= 2 &&
	    ((c[0] == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0) ||
	        (c[0] == 0xd8 && c[1] == 0x9c)))
		return 2;
	if (left < 3 || c[0] != 0xe2)
		return 0;
	bool turns =
	    (c[1] == 0x80 &&
	        (c[2] == 0x8e || c[2] == 0x8f || (c[2] >= 0xaa && c[2] <= 0xae))) ||
	    (c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9);
	return turns ? 3 : 0;
}

void text_printable(char *out, size_t size, struct slice s)
{
	size_t at = 0, hidden = 0; /* bytes of what is written as \xNN */

	for (size_t i = 0; i < s.len && at + 5 < size; i++) {
		uint8_t c = s.ptr[i];
		if (hidden == 0)
			hidden = obeyed(s, i);
		if (hidden > 0) {
			at += (size_t)snprintf(out + at, size - at, "\\x%02x", c);
			hidden--;
		} else {
			out[at++] = (char)c;
		}
	}
	if (size > 0)
		out[at] = 0;
}
