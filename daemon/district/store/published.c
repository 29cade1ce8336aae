/* Documents, cell by cell: export.csv. */
#include "district/store/gather.h"

struct publishing {
	const struct published_query *query;
	published_row_call *call;
	void *context;
	struct arena memory;
	struct unit_texts texts;
	bool stopped;
};

/* A document's own vector: a cell in it was published once, or withheld once. A pool and a
 * cell of the same words would be two; no document has two records of one tier and category. */
static enum err publish(struct store *store, struct publishing *p,
    const struct sql_rows *rows, struct published_row *row)
{
	struct sums_reader r = sums_reader_over(sql_get_bytes(rows, 5));
	struct sums_item item;

	while (!p->stopped && sums_next(&r, &item)) {
		if (sums_kind_of(item.key) != SUMS_CELL)
			continue;
		row->category = word_text(store, sums_a(item.key));
		row->tier = word_text(store, sums_b(item.key));
		row->below = item.n[3] > 0 && item.n[2] == 0;
		row->attempts = item.n[0];
		row->devices = item.n[1];
		p->stopped = !p->call(p->context, row);
	}
	return r.in.bad ? ERR_IO : OK;
}

static enum err publish_step(struct store *store, void *context)
{
	struct publishing *p = context;
	struct sql_rows rows;
	struct published_row row;

	enum err rc = words_load(store);
	if (rc == OK)
		rc = unit_texts_load(store, &p->memory, &p->texts);
	if (rc != OK)
		return rc;
	sql_stream(store->sql, &rows,
	    "SELECT day, unit, cut, revision, days, counts FROM documents"
	    " WHERE day >= $1 AND day < $2 ORDER BY day, unit, cut",
	    SQL_ARGS(sql_number(p->query->from), sql_number(p->query->to)));
	while (!p->stopped && sql_next(&rows)) {
		uint32_t unit = (uint32_t)sql_get_number(&rows, 1);
		if (gather_group(&p->query->units, unit) == COUNTS_SKIP ||
		    unit >= p->texts.count || p->texts.at[unit] == NULL)
			continue;
		row = (struct published_row){.unit = p->texts.at[unit],
		    .unit_number = unit,
		    .day = (int32_t)sql_get_number(&rows, 0),
		    .days = (int32_t)sql_get_number(&rows, 4),
		    .cut = (enum report_cut)sql_get_number(&rows, 2),
		    .revision = (uint32_t)sql_get_number(&rows, 3)};
		rc = publish(store, p, &rows, &row);
		if (rc != OK)
			rows.rc = rc;
	}
	return sql_done(&rows);
}

enum err store_published(struct store *store, const struct published_query *query,
    published_row_call *row, void *context)
{
	struct publishing p = {.query = query,
	    .call = row,
	    .context = context,
	    .memory = ARENA_INIT(256 * 1024 * 1024)};

	store_enter(store);
	enum err rc = store_read(store, publish_step, &p);
	arena_deinit(&p.memory);
	return rc;
}
