/* Sums by group and period. While rows come in, each (group, period) is an array of numbers by
 * slot; a slot is a key met so far. At the end each becomes lists of cells in words. */
#include <stdlib.h>
#include <string.h>

#include "district/store/gather.h"

enum {
	BLOCKS_MAX = 100000,
	YEARS_MAX = 50,
	MEMORY_MAX = 1024 * 1024 * 1024
};

/* A block while it grows: SUMS_NUMBERS numbers a slot. */
struct block {
	uint64_t *n;
	size_t slots;
};

/* A block when it is done. */
struct block_lists {
	uint64_t sums[SUMS];
	struct counts_cell *cells;
	size_t cell_count;
	struct counts_tier *tiers;
	size_t tier_count;
	struct counts_failure *failures;
	size_t failure_count;
};

struct counts {
	struct arena memory;
	size_t group_count;
	size_t period_count;
	int32_t *period_from; /* period_count + 1 */
	struct block_lists *
	    *lists; /* (group_count + 1) x (period_count + 1); NULL: nothing */
	bool incomplete;
};

/* Slots by key: open addressing over a power of two. */
struct slots {
	uint64_t *keys;  /* by slot */
	uint32_t *table; /* slot + 1; 0 free */
	size_t mask;
	size_t count;
	size_t capacity;
};

struct building {
	struct counts *counts;
	const struct counts_query *query;
	struct block *blocks; /* as counts->lists */
	struct slots slots;
};

static void slots_deinit(struct slots *s)
{
	free(s->keys);
	free(s->table);
}

static bool slots_grow(struct slots *s)
{
	size_t capacity = s->capacity == 0 ? 256 : s->capacity * 2;
	uint64_t *keys = reallocarray(s->keys, capacity, sizeof *keys);
	if (keys == NULL)
		return false;
	s->keys = keys;
	uint32_t *table = calloc(capacity * 2, sizeof *table);
	if (table == NULL)
		return false;
	free(s->table);
	s->table = table;
	s->capacity = capacity;
	s->mask = capacity * 2 - 1;
	for (size_t i = 0; i < s->count; i++) {
		size_t at = (size_t)hash_mix64(keys[i]) & s->mask;
		while (table[at] != 0)
			at = (at + 1) & s->mask;
		table[at] = (uint32_t)i + 1;
	}
	return true;
}

static bool slot_of(struct slots *s, uint64_t key, size_t *slot)
{
	if (s->count == s->capacity && !slots_grow(s))
		return false;
	size_t at = (size_t)hash_mix64(key) & s->mask;
	while (s->table[at] != 0 && s->keys[s->table[at] - 1] != key)
		at = (at + 1) & s->mask;
	if (s->table[at] == 0) {
		s->keys[s->count] = key;
		s->table[at] = (uint32_t)++s->count;
	}
	*slot = s->table[at] - 1;
	return true;
}

static bool block_reserve(struct block *b, size_t slots)
{
	if (slots <= b->slots)
		return true;
	size_t wanted = (slots + 31) & ~(size_t)31;
	uint64_t *n = reallocarray(b->n, wanted, SUMS_NUMBERS * sizeof *n);
	if (n == NULL)
		return false;
	memset(
	    n + b->slots * SUMS_NUMBERS, 0, (wanted - b->slots) * SUMS_NUMBERS * sizeof *n);
	b->n = n;
	b->slots = wanted;
	return true;
}

/* ---- periods ---- */

static int32_t next_period(enum counts_by by, int32_t day, int32_t to)
{
	if (by == COUNTS_BY_NOTHING)
		return to;
	int32_t next = by == COUNTS_BY_DAY ? day + 1 : day_month_next(day);
	return next < to ? next : to;
}

static enum err make_periods(struct counts *c, const struct counts_query *q)
{
	size_t count = 0;

	for (int32_t day = q->from; day < q->to; day = next_period(q->by, day, q->to))
		count++;
	c->period_from = arena_array(&c->memory, count + 1, sizeof *c->period_from);
	if (c->period_from == NULL)
		return ERR_MEMORY;
	for (int32_t day = q->from; day < q->to; day = next_period(q->by, day, q->to))
		c->period_from[c->period_count++] = day;
	c->period_from[count] = q->to;
	return OK;
}

/* A half-month of a cut month begins before the period when nothing stands in between. */
static size_t period_of(const struct counts *c, const struct counts_query *q, int32_t day)
{
	int year, month, of_month, first_year, first_month;

	if (day <= q->from || q->by == COUNTS_BY_NOTHING)
		return 0;
	if (q->by == COUNTS_BY_DAY)
		return (size_t)(day - q->from);
	day_split(q->from, &first_year, &first_month, &of_month);
	day_split(day, &year, &month, &of_month);
	size_t at = (size_t)((year - first_year) * 12 + month - first_month);
	return at < c->period_count ? at : c->period_count - 1;
}

/* ---- building ---- */

static size_t block_at(const struct counts *c, size_t group, size_t period)
{
	return group * (c->period_count + 1) + period;
}

static enum err take(void *context, const struct gathered *one)
{
	struct building *b = context;
	struct counts *c = b->counts;
	size_t period = period_of(c, b->query, one->day);
	struct sums_reader r = sums_reader_over(one->packed);
	struct sums_item item;
	size_t slot;

	if (one->group >= c->group_count)
		return OK;
	struct block *block = &b->blocks[block_at(c, one->group, period)];
	while (sums_next(&r, &item)) {
		if (!slot_of(&b->slots, item.key, &slot) || !block_reserve(block, slot + 1))
			return ERR_MEMORY;
		uint64_t *n = block->n + slot * SUMS_NUMBERS;
		for (size_t i = 0; i < SUMS_NUMBERS; i++)
			n[i] += item.n[i];
	}
	return r.in.bad ? ERR_IO : OK;
}

static bool add_block(struct block *to, const struct block *from)
{
	if (!block_reserve(to, from->slots))
		return false;
	for (size_t i = 0; i < from->slots * SUMS_NUMBERS; i++)
		to->n[i] += from->n[i];
	return true;
}

/* Totals over periods into the column behind them, over groups into the row behind them. */
static enum err add_totals(struct building *b)
{
	const struct counts *c = b->counts;

	for (size_t g = 0; g < c->group_count; g++)
		for (size_t p = 0; p < c->period_count; p++) {
			const struct block *one = &b->blocks[block_at(c, g, p)];
			struct block *sums[] = {&b->blocks[block_at(c, g, c->period_count)],
			    &b->blocks[block_at(c, c->group_count, p)],
			    &b->blocks[block_at(c, c->group_count, c->period_count)]};
			for (size_t i = 0; one->slots > 0 && i < COUNT_OF(sums); i++)
				if (!add_block(sums[i], one))
					return ERR_MEMORY;
		}
	return OK;
}

/* ---- lists ---- */

struct ordered_slot {
	size_t slot;
	uint64_t key;
	const char *a;
	const char *b;
};

static int by_words(const void *left, const void *right)
{
	const struct ordered_slot *x = left, *y = right;
	int by_a = strcmp(x->a, y->a);
	return by_a != 0 ? by_a : strcmp(x->b, y->b);
}

/* The slots in the order of words: category then tier; words are copied into the counts. */
static enum err order_slots(
    struct store *store, const struct building *b, struct ordered_slot **out)
{
	struct arena *memory = &b->counts->memory;
	const char **words = arena_array(memory, STORE_WORDS, sizeof *words);
	struct ordered_slot *all = calloc(b->slots.count + 1, sizeof *all);

	if (words == NULL || all == NULL) {
		free(all);
		return ERR_MEMORY;
	}
	for (size_t i = 0; i < b->slots.count; i++) {
		uint64_t key = b->slots.keys[i];
		uint32_t ids[2] = {sums_a(key) % STORE_WORDS, sums_b(key) % STORE_WORDS};
		for (size_t k = 0; k < 2; k++)
			if (words[ids[k]] == NULL)
				words[ids[k]] =
				    arena_text(memory, slice_of(word_text(store, ids[k])));
		if (words[ids[0]] == NULL || words[ids[1]] == NULL) {
			free(all);
			return ERR_MEMORY;
		}
		all[i] = (struct ordered_slot){i, key, words[ids[0]], words[ids[1]]};
	}
	qsort(all, b->slots.count, sizeof *all, by_words);
	*out = all;
	return OK;
}

static void list_slot(
    struct block_lists *out, const struct ordered_slot *slot, const uint64_t *n)
{
	switch (sums_kind_of(slot->key)) {
	case SUMS_TOTAL:
		if (sums_b(slot->key) < SUMS)
			out->sums[sums_b(slot->key)] = n[0];
		break;
	case SUMS_CELL:
		out->cells[out->cell_count++] =
		    (struct counts_cell){slot->b, slot->a, n[0], n[1], n[2], n[3]};
		break;
	case SUMS_TIER:
		out->tiers[out->tier_count++] =
		    (struct counts_tier){slot->b, n[0], n[1], n[2]};
		break;
	case SUMS_FAILURE:
		out->failures[out->failure_count++] =
		    (struct counts_failure){slot->b, n[0], n[1]};
		break;
	case SUMS_NAME:
		break;
	}
}

static bool is_nothing(const uint64_t *n)
{
	return (n[0] | n[1] | n[2] | n[3]) == 0;
}

static void count_kinds(const struct building *b, const struct block *block,
    const struct ordered_slot *order, size_t kinds[8])
{
	for (size_t i = 0; i < b->slots.count; i++)
		if (order[i].slot < block->slots &&
		    !is_nothing(block->n + order[i].slot * SUMS_NUMBERS))
			kinds[sums_kind_of(order[i].key) & 7]++;
}

static enum err make_lists(struct building *b, const struct block *block,
    const struct ordered_slot *order, struct block_lists **made)
{
	struct arena *memory = &b->counts->memory;
	size_t kinds[8] = {0};
	struct block_lists *out = arena_alloc(memory, sizeof *out);

	if (out == NULL)
		return ERR_MEMORY;
	count_kinds(b, block, order, kinds);
	out->cells = arena_array(memory, kinds[SUMS_CELL] + 1, sizeof *out->cells);
	out->tiers = arena_array(memory, kinds[SUMS_TIER] + 1, sizeof *out->tiers);
	out->failures = arena_array(memory, kinds[SUMS_FAILURE] + 1, sizeof *out->failures);
	if (out->cells == NULL || out->tiers == NULL || out->failures == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < b->slots.count; i++) {
		if (order[i].slot >= block->slots)
			continue;
		const uint64_t *n = block->n + order[i].slot * SUMS_NUMBERS;
		if (!is_nothing(n))
			list_slot(out, &order[i], n);
	}
	*made = out;
	return OK;
}

static size_t block_count(const struct counts *c)
{
	return (c->group_count + 1) * (c->period_count + 1);
}

static enum err finish(struct store *store, struct building *b)
{
	struct counts *c = b->counts;
	struct ordered_slot *order = NULL;

	enum err rc = add_totals(b);
	if (rc == OK)
		rc = order_slots(store, b, &order);
	for (size_t i = 0; rc == OK && i < block_count(c); i++)
		if (b->blocks[i].slots > 0)
			rc = make_lists(b, &b->blocks[i], order, &c->lists[i]);
	free(order);
	return rc;
}

static enum err counts_step(struct store *store, void *context)
{
	struct building *b = context;
	const struct counts_query *q = b->query;
	struct gather g = {.units = q->units,
	    .from = q->from,
	    .to = q->to,
	    .by_day = q->by == COUNTS_BY_DAY,
	    .what = GATHER_COUNTS,
	    .take = take,
	    .context = b};

	enum err rc = gather_run(store, &g);
	if (rc == OK)
		rc = words_load(store);
	if (rc == OK)
		rc = finish(store, b);
	b->counts->incomplete = g.incomplete;
	return rc;
}

static void blocks_free(struct building *b)
{
	for (size_t i = 0; b->blocks != NULL && i < block_count(b->counts); i++)
		free(b->blocks[i].n);
	free(b->blocks);
	slots_deinit(&b->slots);
}

static enum err prepare(struct building *b)
{
	struct counts *c = b->counts;

	c->memory = ARENA_INIT(MEMORY_MAX);
	c->group_count = b->query->units.group_count;
	enum err rc = make_periods(c, b->query);
	if (rc != OK)
		return rc;
	if (c->group_count > BLOCKS_MAX || c->period_count > BLOCKS_MAX ||
	    c->group_count * c->period_count > BLOCKS_MAX)
		return ERR_FULL;
	c->lists = calloc(block_count(c), sizeof(struct block_lists *));
	b->blocks = calloc(block_count(c), sizeof *b->blocks);
	return c->lists == NULL || b->blocks == NULL ? ERR_MEMORY : OK;
}

enum err store_counts(
    struct store *store, const struct counts_query *query, struct counts **out)
{
	store_enter(store);
	if (query->from > query->to || query->from < DAY_FIRST || query->to > DAY_FOREVER ||
	    query->to - query->from > YEARS_MAX * 366)
		return store_refuse(store, ERR_RANGE, "no such period");
	struct counts *made = calloc(1, sizeof *made);
	if (made == NULL)
		return ERR_MEMORY;
	struct building b = {.counts = made, .query = query};
	enum err rc = prepare(&b);
	if (rc == ERR_FULL)
		rc = store_refuse(store, rc, "too many groups and periods at once");
	if (rc == OK)
		rc = store_read(store, counts_step, &b);
	blocks_free(&b);
	if (rc != OK) {
		counts_free(made);
		return rc;
	}
	*out = made;
	return OK;
}

void counts_free(struct counts *counts)
{
	if (counts == NULL)
		return;
	arena_deinit(&counts->memory);
	free(counts->lists);
	free(counts);
}

/* ---- what was asked ---- */

size_t counts_periods(const struct counts *counts)
{
	return counts->period_count;
}

void counts_period(const struct counts *counts, size_t period, int32_t *from, int32_t *to)
{
	*from = counts->period_from[period == COUNTS_TOTAL ? 0 : period];
	*to =
	    counts->period_from[period == COUNTS_TOTAL ? counts->period_count : period + 1];
}

static const struct block_lists *lists_at(
    const struct counts *c, size_t group, size_t period)
{
	static const struct block_lists nothing;
	size_t g = group == COUNTS_TOTAL ? c->group_count : group;
	size_t p = period == COUNTS_TOTAL ? c->period_count : period;

	if (g > c->group_count || p > c->period_count)
		return &nothing;
	const struct block_lists *found = c->lists[block_at(c, g, p)];
	return found == NULL ? &nothing : found;
}

size_t counts_cells(const struct counts *counts, size_t group, size_t period,
    const struct counts_cell **out)
{
	const struct block_lists *found = lists_at(counts, group, period);
	*out = found->cells;
	return found->cell_count;
}

size_t counts_tiers(const struct counts *counts, size_t group, size_t period,
    const struct counts_tier **out)
{
	const struct block_lists *found = lists_at(counts, group, period);
	*out = found->tiers;
	return found->tier_count;
}

size_t counts_failures(const struct counts *counts, size_t group, size_t period,
    const struct counts_failure **out)
{
	const struct block_lists *found = lists_at(counts, group, period);
	*out = found->failures;
	return found->failure_count;
}

uint64_t counts_sum(
    const struct counts *counts, size_t group, size_t period, enum counts_sum which)
{
	return lists_at(counts, group, period)->sums[which];
}

bool counts_incomplete(const struct counts *counts)
{
	return counts->incomplete;
}
