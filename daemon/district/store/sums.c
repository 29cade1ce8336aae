#include "district/store/sums.h"

#include <stdlib.h>
#include <string.h>

enum {
	FORM = 1 /* the first octet of a packed form */
};

void sums_deinit(struct sums *s)
{
	free(s->items);
	*s = SUMS_NONE;
}

static enum err reserve(struct sums *s, size_t count)
{
	if (count <= s->capacity)
		return OK;
	size_t capacity = s->capacity * 2 > count ? s->capacity * 2 : count + 16;
	struct sums_item *grown = reallocarray(s->items, capacity, sizeof *grown);
	if (grown == NULL)
		return ERR_MEMORY;
	s->items = grown;
	s->capacity = capacity;
	return OK;
}

static bool is_zero(const struct sums_item *item)
{
	for (size_t i = 0; i < SUMS_NUMBERS; i++)
		if (item->n[i] != 0)
			return false;
	return true;
}

enum err sums_add_item(struct sums *s, const struct sums_item *item)
{
	size_t at = s->count;

	if (is_zero(item))
		return OK;
	while (at > 0 && s->items[at - 1].key > item->key)
		at--;
	if (at > 0 && s->items[at - 1].key == item->key) {
		for (size_t i = 0; i < SUMS_NUMBERS; i++)
			s->items[at - 1].n[i] += item->n[i];
		return OK;
	}
	enum err rc = reserve(s, s->count + 1);
	if (rc != OK)
		return rc;
	memmove(s->items + at + 1, s->items + at, (s->count - at) * sizeof *s->items);
	s->items[at] = *item;
	s->count++;
	return OK;
}

/* a + b or a - b into an empty vector with room for both. False: it would go below zero. */
static bool merge(struct sums *out, const struct sums *a, const struct sums *b, bool take)
{
	size_t i = 0, j = 0;

	while (i < a->count || j < b->count) {
		struct sums_item item = {0};
		bool from_a =
		    i < a->count && (j == b->count || a->items[i].key <= b->items[j].key);
		bool from_b =
		    j < b->count && (i == a->count || b->items[j].key <= a->items[i].key);
		if (from_a)
			item = a->items[i++];
		if (from_b) {
			const struct sums_item *other = &b->items[j++];
			item.key = other->key;
			for (size_t k = 0; k < SUMS_NUMBERS; k++) {
				if (take && item.n[k] < other->n[k])
					return false;
				item.n[k] = take ? item.n[k] - other->n[k]
				                 : item.n[k] + other->n[k];
			}
		}
		if (!is_zero(&item))
			out->items[out->count++] = item;
	}
	return true;
}

static enum err combine(struct sums *s, const struct sums *other, bool take)
{
	struct sums made = SUMS_NONE;

	if (other->count == 0)
		return OK;
	enum err rc = reserve(&made, s->count + other->count);
	if (rc == OK && !merge(&made, s, other, take))
		rc = ERR_FORMAT;
	if (rc != OK) {
		sums_deinit(&made);
		return rc;
	}
	sums_deinit(s);
	*s = made;
	return OK;
}

enum err sums_add(struct sums *s, const struct sums *other)
{
	return combine(s, other, false);
}

enum err sums_take(struct sums *s, const struct sums *other)
{
	return combine(s, other, true);
}

bool sums_equal(const struct sums *a, const struct sums *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (a->items[i].key != b->items[i].key ||
		    memcmp(a->items[i].n, b->items[i].n, sizeof a->items[i].n) != 0)
			return false;
	return true;
}

/* Seven bits an octet, the lowest first; the top bit says that more follow. */
static void put_number(struct buf *out, uint64_t n)
{
	uint8_t octets[10];
	size_t len = 0;

	do {
		octets[len++] = (uint8_t)((n & 0x7f) | (n > 0x7f ? 0x80 : 0));
		n >>= 7;
	} while (n != 0);
	buf_append(out, (struct slice){octets, len});
}

static uint64_t get_number(struct reader *in)
{
	uint64_t n = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		uint8_t octet = reader_u8(in);
		n |= (uint64_t)(octet & 0x7f) << shift;
		if ((octet & 0x80) == 0)
			return n;
	}
	in->bad = true;
	return 0;
}

enum err sums_pack(const struct sums *s, struct buf *out)
{
	uint64_t before = 0;

	if (s->count == 0)
		return buf_status(out);
	buf_byte(out, FORM);
	for (size_t i = 0; i < s->count; i++) {
		put_number(out, s->items[i].key - before);
		before = s->items[i].key;
		for (size_t k = 0; k < SUMS_NUMBERS; k++)
			put_number(out, s->items[i].n[k]);
	}
	return buf_status(out);
}

bool sums_next(struct sums_reader *r, struct sums_item *item)
{
	if (!r->begun && r->in.left > 0 && reader_u8(&r->in) != FORM)
		r->in.bad = true;
	if (r->in.bad || r->in.left == 0)
		return false;
	uint64_t step = get_number(&r->in);
	if ((step == 0 && r->begun) || step > UINT64_MAX - r->key)
		r->in.bad = true; /* keys grow */
	r->begun = true;
	r->key += step;
	item->key = r->key;
	for (size_t k = 0; k < SUMS_NUMBERS; k++)
		item->n[k] = get_number(&r->in);
	return !r->in.bad;
}

enum err sums_unpack(struct sums *s, struct slice packed)
{
	struct sums_reader r = sums_reader_over(packed);
	struct sums_item item;

	while (sums_next(&r, &item)) {
		enum err rc = reserve(s, s->count + 1);
		if (rc != OK)
			return rc;
		s->items[s->count++] = item;
	}
	return r.in.bad ? ERR_FORMAT : OK;
}
