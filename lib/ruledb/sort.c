#include "ruledb/internal.h"

enum {
	LEVELS = 12, /* bytes of a record */
	SMALL = 24   /* below this, insertion is faster than another pass */
};

static uint8_t digit(const struct record *r, unsigned level)
{
	uint32_t word = level < 4 ? r->hash_high : level < 8 ? r->hash_low : r->tag;
	return (uint8_t)(word >> (24 - 8 * (level & 3)));
}

static bool less(const struct record *a, const struct record *b)
{
	uint64_t x = record_hash(a), y = record_hash(b);
	return x != y ? x < y : a->tag < b->tag;
}

static void sort_small(struct record *r, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct record moving = r[i];
		size_t at = i;
		for (; at > 0 && less(&moving, &r[at - 1]); at--)
			r[at] = r[at - 1];
		r[at] = moving;
	}
}

/* Every record to the region of its byte, by cycles of swaps: no second array. */
static void scatter(
    struct record *r, unsigned level, size_t next[256], const size_t end[256])
{
	for (unsigned d = 0; d < 256; d++) {
		while (next[d] < end[d]) {
			struct record moving = r[next[d]];
			uint8_t to = digit(&moving, level);
			while (to != d) {
				struct record other = r[next[to]];
				r[next[to]++] = moving;
				moving = other;
				to = digit(&moving, level);
			}
			r[next[d]++] = moving;
		}
	}
}

/* Radix sort from the first byte on. Hashes spread evenly, so two passes leave a few
 * records each; the depth is bounded by the record's bytes whatever the input. */
static void sort_level(struct record *r, size_t count, unsigned level)
{
	if (count <= SMALL || level == LEVELS) {
		sort_small(r, level == LEVELS ? 0 : count);
		return;
	}
	size_t next[256] = {0}, end[256];
	for (size_t i = 0; i < count; i++)
		next[digit(&r[i], level)]++;
	size_t at = 0;
	for (unsigned d = 0; d < 256; d++) {
		size_t n = next[d];
		next[d] = at;
		at += n;
		end[d] = at;
	}
	scatter(r, level, next, end);
	for (unsigned d = 0; d < 256; d++) {
		size_t start = d == 0 ? 0 : end[d - 1];
		if (end[d] - start > 1)
			sort_level(r + start, end[d] - start, level + 1);
	}
}

void records_sort(struct record *records, size_t count)
{
	sort_level(records, count, 0);
}

size_t records_unique(struct record *records, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		if (kept > 0 && !less(&records[kept - 1], &records[i]))
			continue;
		records[kept++] = records[i];
	}
	return kept;
}
