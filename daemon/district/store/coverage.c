/* Who sent what last. The newest state of each unit stands in unit_states; of an earlier day
 * it is read from that day's document. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "district/store/internal.h"

enum {
	WINDOW_MAX = 400,
	BACK_HALVES =
	    72, /* three years: who was silent longer has no row in an old picture */
	STATES_MAX_BYTES = 1024 * 1024 * 1024,
	JSON_MAX_BYTES = 4 * 1024 * 1024
};

struct coverage {
	struct arena memory;
	struct coverage_row *rows;
	size_t row_count;
	uint32_t *row_of; /* by unit number: row + 1 */
	size_t unit_count;
};

struct building {
	struct coverage *out;
	int32_t as_of;
	int32_t window_from;
	bool newest; /* as_of is DAY_FOREVER */
};

static struct coverage_row *row_of(struct coverage *c, uint32_t unit)
{
	if (unit >= c->unit_count || c->row_of[unit] == 0)
		return NULL;
	return &c->rows[c->row_of[unit] - 1];
}

static enum err set_state(struct coverage *c, struct coverage_row *row, struct slice text)
{
	struct coverage_state *state = arena_alloc(&c->memory, sizeof *state);
	if (state == NULL)
		return ERR_MEMORY;
	enum err rc = state_read(state, text, &c->memory);
	if (rc == OK)
		row->state = state;
	return rc;
}

static enum err count_units(struct store *store, struct coverage *c)
{
	int64_t units = 0, highest = 0;

	enum err rc = sql_one_number(store->sql,
	    "SELECT CAST(COUNT(*) AS BIGINT) FROM unit_states", SQL_NO_ARGS, &units);
	if (rc == OK)
		rc = sql_one_number(
		    store->sql, "SELECT MAX(unit) FROM unit_states", SQL_NO_ARGS, &highest);
	if (rc != OK)
		return rc;
	c->unit_count = (size_t)highest + 1;
	c->rows = arena_array(&c->memory, (size_t)units + 1, sizeof *c->rows);
	c->row_of = arena_array(&c->memory, c->unit_count, sizeof *c->row_of);
	return c->rows == NULL || c->row_of == NULL ? ERR_MEMORY : OK;
}

/* A row for each unit; last_day stays DAY_NONE where the state is of a later day. */
static enum err load_states(struct store *store, struct building *b)
{
	struct coverage *c = b->out;
	struct sql_rows rows;

	sql_stream(store->sql, &rows,
	    "SELECT s.unit, u.unit, s.day, s.received, s.state FROM unit_states s"
	    " JOIN units u ON u.number = s.unit ORDER BY s.unit",
	    SQL_NO_ARGS);
	while (sql_next(&rows)) {
		struct coverage_row *row = &c->rows[c->row_count++];
		int32_t day = (int32_t)sql_get_number(&rows, 2);
		row->unit_number = (uint32_t)sql_get_number(&rows, 0);
		c->row_of[row->unit_number] = (uint32_t)c->row_count;
		row->unit = arena_text(&c->memory, slice_of(sql_get_text(&rows, 1)));
		row->last_day = DAY_NONE;
		if (row->unit == NULL) {
			rows.rc = ERR_MEMORY;
		} else if (b->newest || day <= b->as_of) {
			row->last_day = day;
			row->received_s = sql_get_number(&rows, 3);
			rows.rc = set_state(c, row, sql_get_bytes(&rows, 4));
		}
	}
	return sql_done(&rows);
}

/* Bits of the half's days in [from, to). */
static uint64_t bits_between(int32_t half, int32_t from, int32_t to)
{
	int32_t first = day_half_first(half);
	int32_t low = from > first ? from - first : 0;
	int32_t high = to > first ? to - first : 0;

	low = low > 32 ? 32 : low;
	high = high > 32 ? 32 : high;
	return low >= high ? 0 : ((UINT64_C(1) << high) - 1) & ~((UINT64_C(1) << low) - 1);
}

static void count_days(
    struct building *b, struct coverage_row *row, int32_t half, uint64_t days)
{
	int32_t end = b->as_of + 1;
	uint64_t counted = days & bits_between(half, b->window_from, end);
	uint64_t before = days & bits_between(half, DAY_FIRST, end);

	row->days += (uint32_t)__builtin_popcountll(counted);
	if (row->last_day == DAY_NONE && before != 0)
		row->last_day = day_half_first(half) + 63 - __builtin_clzll(before);
}

static enum err load_halves(
    struct store *store, struct building *b, int32_t from, int32_t to)
{
	struct sql_rows rows;

	sql_stream(store->sql, &rows,
	    "SELECT unit, half, days FROM unit_sums WHERE half >= $1 AND half < $2"
	    " ORDER BY half DESC",
	    SQL_ARGS(sql_number(from), sql_number(to)));
	while (sql_next(&rows)) {
		struct coverage_row *row =
		    row_of(b->out, (uint32_t)sql_get_number(&rows, 0));
		if (row != NULL)
			count_days(b, row, (int32_t)sql_get_number(&rows, 1),
			    (uint64_t)sql_get_number(&rows, 2));
	}
	return sql_done(&rows);
}

/* The window; and further back where a unit's last day is not known by then. */
static enum err load_days(struct store *store, struct building *b)
{
	const struct coverage *c = b->out;
	int32_t window = day_half(b->window_from);
	size_t unknown = 0;

	enum err rc = load_halves(store, b, window, day_half(b->as_of) + 1);
	for (size_t i = 0; i < c->row_count; i++)
		unknown += c->rows[i].last_day == DAY_NONE;
	if (rc == OK && unknown > 0)
		rc = load_halves(store, b, window - BACK_HALVES, window);
	return rc;
}

/* ---- states of earlier days ---- */

static enum err gunzip(struct slice packed, struct buf *out)
{
	uint8_t piece[16384];
	z_stream z = {0};
	int rc;

	if (packed.len > UINT32_MAX || inflateInit2(&z, 15 + 16) != Z_OK)
		return ERR_MEMORY;
	z.next_in = (z_const Bytef *)(uintptr_t)packed.ptr;
	z.avail_in = (uInt)packed.len;
	do {
		z.next_out = piece;
		z.avail_out = sizeof piece;
		rc = inflate(&z, Z_NO_FLUSH);
		buf_append(out, (struct slice){piece, sizeof piece - z.avail_out});
	} while (rc == Z_OK && !out->bad);
	inflateEnd(&z);
	return rc == Z_STREAM_END ? buf_status(out) : ERR_FORMAT;
}

/* What is stored was valid when it came: a document that is not readable any more leaves
 * the row without a state. */
static enum err state_of_document(
    struct store *store, struct coverage *c, struct coverage_row *row, struct slice packed)
{
	struct buf json = BUF_INIT(JSON_MAX_BYTES);
	struct report_document document;

	enum err rc = gunzip(packed, &json);
	if (rc == OK)
		rc = report_decode(&document, buf_slice(&json), NULL);
	buf_deinit(&json);
	if (rc != OK)
		return rc == ERR_MEMORY ? rc : OK;
	buf_reset(&store->packed);
	rc = state_write(&document, &store->packed);
	report_document_deinit(&document);
	if (rc == OK)
		rc = set_state(c, row, buf_slice(&store->packed));
	return rc;
}

static enum err load_state_of(
    struct store *store, struct coverage *c, struct coverage_row *row)
{
	struct sql_rows rows;

	sql_ask(store->sql, &rows,
	    "SELECT received, gzip FROM document_bytes WHERE day = $1 AND unit = $2"
	    " AND cut = 0 ORDER BY revision DESC LIMIT 1",
	    SQL_ARGS(sql_number(row->last_day), sql_number(row->unit_number)));
	if (sql_next(&rows)) {
		row->received_s = sql_get_number(&rows, 0);
		rows.rc = state_of_document(store, c, row, sql_get_bytes(&rows, 1));
	}
	return sql_done(&rows);
}

/* Units that had not sent anything by then have no row. */
static void drop_unknown(struct coverage *c)
{
	size_t kept = 0;

	for (size_t i = 0; i < c->row_count; i++) {
		uint32_t unit = c->rows[i].unit_number;
		c->row_of[unit] = 0;
		if (c->rows[i].last_day == DAY_NONE)
			continue;
		c->rows[kept++] = c->rows[i];
		c->row_of[unit] = (uint32_t)kept;
	}
	c->row_count = kept;
}

static enum err find_as_of(struct store *store, struct building *b)
{
	int64_t last = 0;

	if (!b->newest)
		return OK;
	enum err rc = sql_one_number(
	    store->sql, "SELECT MAX(day) FROM unit_states", SQL_NO_ARGS, &last);
	b->window_from += (int32_t)last - b->as_of;
	b->as_of = (int32_t)last;
	return rc;
}

static enum err coverage_step(struct store *store, void *context)
{
	struct building *b = context;
	struct coverage *c = b->out;

	enum err rc = find_as_of(store, b);
	if (rc == OK)
		rc = count_units(store, c);
	if (rc == OK)
		rc = load_states(store, b);
	if (rc == OK)
		rc = load_days(store, b);
	if (rc != OK)
		return rc;
	drop_unknown(c);
	for (size_t i = 0; rc == OK && i < c->row_count; i++)
		if (c->rows[i].state == NULL)
			rc = load_state_of(store, c, &c->rows[i]);
	return rc;
}

enum err store_coverage(
    struct store *store, const struct coverage_query *query, struct coverage **out)
{
	store_enter(store);
	if (query->window_days > WINDOW_MAX || query->as_of < DAY_FIRST ||
	    query->as_of > DAY_FOREVER)
		return store_refuse(store, ERR_RANGE, "no such day or window");
	struct coverage *made = calloc(1, sizeof *made);
	if (made == NULL)
		return ERR_MEMORY;
	made->memory = ARENA_INIT(STATES_MAX_BYTES);
	struct building b = {.out = made,
	    .as_of = query->as_of,
	    .window_from = query->as_of - (int32_t)query->window_days + 1,
	    .newest = query->as_of == DAY_FOREVER};
	enum err rc = store_read(store, coverage_step, &b);
	if (rc != OK) {
		coverage_free(made);
		return rc;
	}
	*out = made;
	return OK;
}

void coverage_free(struct coverage *coverage)
{
	if (coverage == NULL)
		return;
	arena_deinit(&coverage->memory);
	free(coverage);
}

const struct coverage_row *coverage_find(
    const struct coverage *coverage, uint32_t unit_number)
{
	if (unit_number >= coverage->unit_count || coverage->row_of[unit_number] == 0)
		return NULL;
	return &coverage->rows[coverage->row_of[unit_number] - 1];
}

size_t coverage_rows(const struct coverage *coverage, const struct coverage_row **out)
{
	*out = coverage->rows;
	return coverage->row_count;
}
