/* The names met most. Each (category, name) is a slot; who named it is a bit a unit. Rows come
 * by half-month and unit, so one line of the cache serves many units in a row. */
#include <stdlib.h>
#include <string.h>

#include "district/store/gather.h"

enum {
	BITS_MAX_BYTES = 512 * 1024 * 1024,
	BATCH = 16
};

struct met {
	uint64_t key; /* 0: free */
	uint64_t device_days;
	uint64_t days;
	uint64_t units;
	uint8_t *named_by; /* a bit a unit */
	const char *name;
};

struct names {
	const struct counts_names_query *query;
	uint32_t category; /* 0: all */
	struct met *met;
	size_t mask;
	size_t count;
	struct arena bits;
	size_t unit_bytes; /* of a slot's bits */
	counts_name_row *row;
	void *context;
};

static bool grow_met(struct names *n)
{
	struct met *old = n->met;
	size_t old_count = old == NULL ? 0 : n->mask + 1;
	size_t count = old_count == 0 ? 1024 : old_count * 2;
	struct met *made = calloc(count, sizeof *made);

	if (made == NULL)
		return false;
	n->met = made;
	n->mask = count - 1;
	for (size_t i = 0; i < old_count; i++) {
		if (old[i].key == 0)
			continue;
		size_t at = (size_t)hash_mix64(old[i].key) & n->mask;
		while (made[at].key != 0)
			at = (at + 1) & n->mask;
		made[at] = old[i];
	}
	free(old);
	return true;
}

/* NULL: no memory. */
static struct met *met_of(struct names *n, uint64_t key)
{
	if ((n->met == NULL || n->count * 2 > n->mask) && !grow_met(n))
		return NULL;
	size_t at = (size_t)hash_mix64(key) & n->mask;
	while (n->met[at].key != 0 && n->met[at].key != key)
		at = (at + 1) & n->mask;
	if (n->met[at].key == 0) {
		n->met[at].named_by = arena_alloc(&n->bits, n->unit_bytes);
		if (n->met[at].named_by == NULL)
			return NULL;
		n->met[at].key = key;
		n->count++;
	}
	return &n->met[at];
}

static enum err take(void *context, const struct gathered *one)
{
	struct names *n = context;
	struct sums_reader r = sums_reader_over(one->packed);
	struct sums_item item;
	size_t byte = one->unit / 8;
	uint8_t bit = (uint8_t)(1u << one->unit % 8);

	if (byte >= n->unit_bytes)
		return OK; /* it came while we were counting */
	while (sums_next(&r, &item)) {
		if (n->category != 0 && sums_a(item.key) != n->category)
			continue;
		struct met *met = met_of(n, item.key);
		if (met == NULL)
			return ERR_MEMORY;
		met->device_days += item.n[0];
		met->days += item.n[1];
		met->units += (met->named_by[byte] & bit) == 0;
		met->named_by[byte] |= bit;
	}
	return r.in.bad ? ERR_IO : OK;
}

/* By letters only when the texts are there. */
static int by_most(const void *left, const void *right)
{
	const struct met *x = left, *y = right;

	if (x->device_days != y->device_days)
		return x->device_days < y->device_days ? 1 : -1;
	if (x->days != y->days)
		return x->days < y->days ? 1 : -1;
	if (x->name != NULL && y->name != NULL)
		return strcmp(x->name, y->name);
	return 0;
}

static struct met *met_with(struct met *some, size_t count, int64_t id)
{
	for (size_t i = 0; i < count; i++)
		if (some[i].name == NULL && sums_b(some[i].key) == id)
			return &some[i];
	return NULL;
}

/* The texts of up to BATCH, with one question: a server may be far away. */
static enum err load_names(
    struct store *store, struct arena *memory, struct met *some, size_t count)
{
	struct sql_value ids[BATCH];
	struct sql_rows rows;

	for (size_t i = 0; i < BATCH; i++)
		ids[i] = sql_number(i < count ? sums_b(some[i].key) : 0);
	sql_ask(store->sql, &rows,
	    "SELECT id, name FROM names WHERE id IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,"
	    " $11, $12, $13, $14, $15, $16)",
	    ids, BATCH);
	while (sql_next(&rows)) {
		const char *text = arena_text(memory, slice_of(sql_get_text(&rows, 1)));
		struct met *met;
		if (text == NULL)
			rows.rc = ERR_MEMORY;
		/* One name may stand in several categories. */
		while (text != NULL &&
		    (met = met_with(some, count, sql_get_number(&rows, 0))) != NULL)
			met->name = text;
	}
	enum err rc = sql_done(&rows);
	for (size_t i = 0; rc == OK && i < count; i++)
		if (some[i].name == NULL)
			rc = ERR_IO;
	return rc;
}

/* The first `limit` and whoever ties with the last of them get their texts, then letters
 * decide. */
static enum err hand_out(struct store *store, struct names *n, struct arena *memory)
{
	struct met *all = n->met;
	size_t count = 0;
	enum err rc = OK;

	for (size_t i = 0; all != NULL && i <= n->mask; i++)
		if (all[i].key != 0)
			all[count++] = all[i];
	if (count == 0)
		return OK;
	qsort(all, count, sizeof *all, by_most);
	size_t limit = n->query->limit < count ? n->query->limit : count;
	size_t end = limit;
	while (end > 0 && end < count && by_most(&all[end - 1], &all[end]) == 0)
		end++;
	for (size_t i = 0; rc == OK && i < end; i += BATCH)
		rc = load_names(store, memory, all + i, end - i < BATCH ? end - i : BATCH);
	if (rc != OK)
		return rc;
	qsort(all, end, sizeof *all, by_most);
	for (size_t i = 0; i < limit; i++) {
		struct counts_name one = {word_text(store, sums_a(all[i].key)), all[i].name,
		    all[i].device_days, all[i].days, all[i].units};
		if (!n->row(n->context, &one))
			break;
	}
	return OK;
}

static enum err names_step(struct store *store, void *context)
{
	struct names *n = context;
	struct arena memory = ARENA_INIT(64 * 1024 * 1024);
	struct gather g = {.units = n->query->units,
	    .from = n->query->from,
	    .to = n->query->to,
	    .what = GATHER_NAMES,
	    .take = take,
	    .context = n};

	int64_t highest = 0;
	enum err rc = words_load(store);
	if (rc == OK)
		rc = sql_one_number(
		    store->sql, "SELECT MAX(number) FROM units", SQL_NO_ARGS, &highest);
	if (rc != OK)
		return rc;
	n->unit_bytes = (size_t)highest / 8 + 1;
	if (n->query->category != NULL &&
	    !text_map_find(&store->words, n->query->category, &n->category))
		return OK; /* nobody ever said the word */
	rc = gather_run(store, &g);
	if (rc == OK)
		rc = hand_out(store, n, &memory);
	arena_deinit(&memory);
	return rc;
}

enum err store_names(struct store *store, const struct counts_names_query *query,
    counts_name_row *row, void *context)
{
	struct names n = {.query = query,
	    .row = row,
	    .context = context,
	    .bits = ARENA_INIT(BITS_MAX_BYTES)};

	store_enter(store);
	if (query->from > query->to || query->from < DAY_FIRST || query->to > DAY_FOREVER)
		return store_refuse(store, ERR_RANGE, "no such period");
	enum err rc = store_read(store, names_step, &n);
	free(n.met);
	arena_deinit(&n.bits);
	return rc;
}
