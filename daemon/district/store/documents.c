/* A document comes in: kept, and counted in the same transaction.
 *
 *	document_bytes   every revision that came, as it came
 *	documents        the newest revision's numbers            (day, unit, cut)
 *	unit_sums        the unit's half-month                     (half, unit)
 *	day_sums         a sixteenth of the department's day       (day, shard)
 *	unit_states      what the unit's newest daily document said
 *
 * What a replaced revision had added is known from `documents`, taken away exactly, and the
 * new one's added: so the sums are those of the newest revisions, whatever the order of
 * arrival. The unit's row is locked first: two documents of one unit never meet further down.
 * Units meet in day_sums alone, one of 16 rows, held until this transaction's end and no
 * longer; it is the last lock taken, so nobody who holds it waits for another. */
#include <string.h>

#include "district/store/internal.h"

struct put {
	const struct document *in;
	enum document_result result;
	/* Of the step. */
	uint32_t unit;
	uint32_t shard;
	struct contribution new;
	struct contribution old; /* of the revision it replaces; empty when there is none */
	struct buf counts, names;
};

/* What of this slot (day, unit, cut) is there. */
struct slot {
	bool has_revision; /* this very one */
	bool same;
	bool has_newest;
	int64_t newest;
};

static enum err look_for_revision(struct store *store, struct put *p, struct slot *slot)
{
	const struct report_document *d = p->in->document;
	struct sql_rows rows;

	sql_ask(store->sql, &rows,
	    "SELECT report_id, sha256 FROM document_bytes"
	    " WHERE day = $1 AND unit = $2 AND cut = $3 AND revision = $4",
	    SQL_ARGS(sql_number(p->new.day), sql_number(p->unit), sql_number(d->cut),
	        sql_number(d->revision)));
	if (sql_next(&rows)) {
		struct slice sha256 = {p->in->sha256, STORE_SHA256_BYTES};
		slot->has_revision = true;
		slot->same = strcmp(sql_get_text(&rows, 0), d->report_id) == 0 &&
		    slice_equal(sql_get_bytes(&rows, 1), sha256);
	}
	return sql_done(&rows);
}

static enum err look_for_newest(struct store *store, struct put *p, struct slot *slot)
{
	struct sql_rows rows;

	sql_ask(store->sql, &rows,
	    "SELECT revision, counts, names FROM documents"
	    " WHERE day = $1 AND unit = $2 AND cut = $3",
	    SQL_ARGS(sql_number(p->new.day), sql_number(p->unit),
	        sql_number(p->in->document->cut)));
	if (sql_next(&rows)) {
		slot->has_newest = true;
		slot->newest = sql_get_number(&rows, 0);
		rows.rc = sums_unpack(&p->old.counts, sql_get_bytes(&rows, 1));
		if (rows.rc == OK)
			rows.rc = sums_unpack(&p->old.names, sql_get_bytes(&rows, 2));
	}
	return sql_done(&rows);
}

static enum err insert_bytes(struct store *store, const struct put *p)
{
	const struct report_document *d = p->in->document;
	struct slice sha256 = {p->in->sha256, STORE_SHA256_BYTES};

	return sql_run(store->sql,
	    "INSERT INTO document_bytes"
	    " (day, unit, cut, revision, report_id, sha256, received, gzip)"
	    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
	    SQL_ARGS(sql_number(p->new.day), sql_number(p->unit), sql_number(d->cut),
	        sql_number(d->revision), sql_text(d->report_id), sql_bytes(sha256),
	        sql_number(p->in->received_s), sql_bytes(p->in->gzip)),
	    NULL);
}

static enum err put_newest(struct store *store, struct put *p)
{
	const struct report_document *d = p->in->document;

	enum err rc = sums_pack(&p->new.counts, &p->counts);
	if (rc == OK)
		rc = sums_pack(&p->new.names, &p->names);
	if (rc != OK)
		return rc;
	return sql_run(store->sql,
	    "INSERT INTO documents (day, unit, cut, revision, days, received, counts, names)"
	    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (day, unit, cut) DO UPDATE"
	    " SET revision = excluded.revision, days = excluded.days,"
	    " received = excluded.received, counts = excluded.counts, names = excluded.names",
	    SQL_ARGS(sql_number(p->new.day), sql_number(p->unit), sql_number(d->cut),
	        sql_number(d->revision), sql_number(p->new.days),
	        sql_number(p->in->received_s), sql_bytes(buf_slice(&p->counts)),
	        sql_bytes(buf_slice(&p->names))),
	    NULL);
}

/* `sums` without the old and with the new, packed. */
static enum err replace(
    struct sums *sums, const struct sums *old, const struct sums *new, struct buf *packed)
{
	buf_reset(packed);
	enum err rc = sums_take(sums, old);
	if (rc == OK)
		rc = sums_add(sums, new);
	if (rc == OK)
		rc = sums_pack(sums, packed);
	return rc == ERR_FORMAT ? ERR_IO : rc; /* the sums on disk are damaged */
}

static enum err read_unit_sums(
    struct store *store, const struct put *p, int64_t *days, struct contribution *sums)
{
	struct sql_rows rows;

	sql_ask(store->sql, &rows,
	    "SELECT days, counts, names FROM unit_sums WHERE half = $1 AND unit = $2",
	    SQL_ARGS(sql_number(day_half(p->new.day)), sql_number(p->unit)));
	if (sql_next(&rows)) {
		*days = sql_get_number(&rows, 0);
		rows.rc = sums_unpack(&sums->counts, sql_get_bytes(&rows, 1));
		if (rows.rc == OK)
			rows.rc = sums_unpack(&sums->names, sql_get_bytes(&rows, 2));
	}
	return sql_done(&rows);
}

static enum err count_unit(struct store *store, struct put *p)
{
	struct contribution sums = {.counts = SUMS_NONE, .names = SUMS_NONE};
	int32_t half = day_half(p->new.day);
	int64_t days = 0;

	enum err rc = read_unit_sums(store, p, &days, &sums);
	if (rc == OK)
		rc = replace(&sums.counts, &p->old.counts, &p->new.counts, &p->counts);
	if (rc == OK)
		rc = replace(&sums.names, &p->old.names, &p->new.names, &p->names);
	contribution_deinit(&sums);
	if (rc != OK)
		return rc;
	if (p->in->document->cut == REPORT_DAY)
		days |= INT64_C(1) << (p->new.day - day_half_first(half));
	return sql_run(store->sql,
	    "INSERT INTO unit_sums (half, unit, days, counts, names)"
	    " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (half, unit) DO UPDATE"
	    " SET days = excluded.days, counts = excluded.counts, names = excluded.names",
	    SQL_ARGS(sql_number(half), sql_number(p->unit), sql_number(days),
	        sql_bytes(buf_slice(&p->counts)), sql_bytes(buf_slice(&p->names))),
	    NULL);
}

static enum err read_day_sums(
    struct store *store, const struct put *p, bool *found, struct sums *counts)
{
	struct sql_rows rows;

	sql_ask(store->sql, &rows,
	    SQL_LOCKING(
	        store->sql, "SELECT counts FROM day_sums WHERE day = $1 AND shard = $2"),
	    SQL_ARGS(sql_number(p->new.day), sql_number(p->shard)));
	*found = sql_next(&rows);
	if (*found)
		rows.rc = sums_unpack(counts, sql_get_bytes(&rows, 0));
	return sql_done(&rows);
}

/* The first document of a shard's day makes the row; two who do so meet here, and the second
 * goes on with the first one's row. */
static enum err make_day_sums(struct store *store, const struct put *p)
{
	return sql_run(store->sql,
	    "INSERT INTO day_sums (day, shard, counts) VALUES ($1, $2, $3)"
	    " ON CONFLICT DO NOTHING",
	    SQL_ARGS(sql_number(p->new.day), sql_number(p->shard), sql_bytes(SLICE_EMPTY)),
	    NULL);
}

static enum err count_day(struct store *store, struct put *p)
{
	struct sums counts = SUMS_NONE;
	bool found = false;

	enum err rc = read_day_sums(store, p, &found, &counts);
	if (rc == OK && !found) {
		rc = make_day_sums(store, p);
		if (rc == OK)
			rc = read_day_sums(store, p, &found, &counts);
	}
	if (rc == OK)
		rc = replace(&counts, &p->old.counts, &p->new.counts, &p->counts);
	sums_deinit(&counts);
	if (rc != OK)
		return rc;
	return sql_run(store->sql,
	    "UPDATE day_sums SET counts = $1 WHERE day = $2 AND shard = $3",
	    SQL_ARGS(sql_bytes(buf_slice(&p->counts)), sql_number(p->new.day),
	        sql_number(p->shard)),
	    NULL);
}

/* The state is of the last day, and of its newest revision. */
static enum err put_state(struct store *store, struct put *p)
{
	const struct report_document *d = p->in->document;
	int64_t last = DAY_NONE;

	enum err rc =
	    sql_one_number(store->sql, "SELECT day FROM unit_states WHERE unit = $1",
	        SQL_ARGS(sql_number(p->unit)), &last);
	if (rc != OK || last > p->new.day || d->cut != REPORT_DAY)
		return rc;
	buf_reset(&store->packed);
	rc = state_write(d, &store->packed);
	if (rc != OK)
		return rc;
	struct sql_value state = {.type = SQL_TEXT, .bytes = buf_slice(&store->packed)};
	return sql_run(store->sql,
	    "INSERT INTO unit_states (unit, day, revision, received, state)"
	    " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (unit) DO UPDATE SET day = excluded.day,"
	    " revision = excluded.revision, received = excluded.received,"
	    " state = excluded.state",
	    SQL_ARGS(sql_number(p->unit), sql_number(p->new.day), sql_number(d->revision),
	        sql_number(p->in->received_s), state),
	    NULL);
}

static enum err count_it(struct store *store, struct put *p)
{
	enum err rc = put_newest(store, p);
	if (rc == OK)
		rc = put_state(store, p);
	if (rc == OK)
		rc = count_unit(store, p);
	if (rc == OK)
		rc = count_day(store, p);
	return rc;
}

static enum err store_it(struct store *store, struct put *p, const struct slot *slot)
{
	const struct report_document *d = p->in->document;

	if (slot->has_revision) {
		p->result = slot->same ? DOCUMENT_SAME : DOCUMENT_CONFLICT;
		return OK;
	}
	enum err rc = contribution_make(store, d, &p->new);
	if (rc == OK)
		rc = insert_bytes(store, p);
	if (rc != OK)
		return rc;
	if (slot->has_newest && slot->newest > d->revision) {
		p->result = DOCUMENT_OLDER;
		return OK;
	}
	p->result = slot->has_newest ? DOCUMENT_SUPERSEDED : DOCUMENT_NEW;
	return count_it(store, p);
}

/* Once removed, nobody knows what the sums already hold of a day. */
static enum err check_age(struct store *store, const struct put *p)
{
	int32_t removed = DAY_NONE;

	enum err rc = removed_before(store, &removed);
	if (rc == OK && p->new.day < removed)
		rc = store_refuse(
		    store, ERR_RANGE, "documents of that time are not kept any more");
	return rc;
}

static enum err put_locked(struct store *store, struct put *p)
{
	struct slot slot = {0};

	enum err rc = contribution_days(store, p->in->document, &p->new);
	if (rc == OK)
		rc = check_age(store, p);
	if (rc == OK)
		rc = unit_number_make(store, p->in->unit, &p->unit);
	if (rc == OK)
		rc = unit_lock(store, p->unit);
	if (rc != OK)
		return rc;
	p->shard = p->unit % STORE_SHARDS;
	rc = look_for_revision(store, p, &slot);
	if (rc == OK)
		rc = look_for_newest(store, p, &slot);
	if (rc == OK)
		rc = store_it(store, p, &slot);
	return rc;
}

static enum err put_step(struct store *store, void *context)
{
	struct put *p = context;

	p->counts = BUF_INIT(SUMS_MAX_BYTES);
	p->names = BUF_INIT(SUMS_MAX_BYTES);
	p->new = p->old = (struct contribution){.counts = SUMS_NONE, .names = SUMS_NONE};
	enum err rc = put_locked(store, p);
	contribution_deinit(&p->new);
	contribution_deinit(&p->old);
	buf_deinit(&p->counts);
	buf_deinit(&p->names);
	return rc;
}

/* PostgreSQL: the month's partition, before the transaction: making it locks the table. */
static enum err have_month(struct store *store, const struct report_document *document)
{
	struct contribution days = {0};

	if (!sql_is_postgresql(store->sql))
		return OK;
	enum err rc = contribution_days(store, document, &days);
	if (rc != OK)
		return rc;
	int32_t first = day_month_first(days.day);
	for (size_t i = 0; i < store->month_count; i++)
		if (store->months[i] == first)
			return OK;
	rc = schema_make_month(store->sql, first);
	if (rc == OK && store->month_count == STORE_MONTHS)
		store->month_count = 0;
	if (rc == OK)
		store->months[store->month_count++] = first;
	if (store->group)
		store->unsure = true;
	return rc;
}

enum err store_document_put(
    struct store *store, const struct document *document, enum document_result *result)
{
	struct put p = {.in = document};

	store_enter(store);
	if (!store_is_id(document->unit))
		return store_refuse(store, ERR_FORMAT, "no identifier of a unit");
	if (document->document->revision == 0)
		return store_refuse(store, ERR_FORMAT, "no revision");
	enum err rc = store->group && store->lost != OK
	    ? store->lost
	    : have_month(store, document->document);
	if (rc == OK)
		rc = store_write(store, put_step, &p);
	if (rc == OK)
		*result = p.result;
	return rc;
}

/* ---- and out again ---- */

struct list {
	const struct document_query *query;
	store_document_row *row;
	void *context;
};

static void fill_about(struct document_about *a, const struct sql_rows *rows)
{
	*a = (struct document_about){
	    .unit = sql_get_text(rows, 0),
	    .unit_number = (uint32_t)sql_get_number(rows, 1),
	    .day = (int32_t)sql_get_number(rows, 2),
	    .cut = (enum report_cut)sql_get_number(rows, 3),
	    .revision = (uint32_t)sql_get_number(rows, 4),
	    .counts = sql_get_number(rows, 5) == sql_get_number(rows, 4),
	    .report_id = sql_get_text(rows, 6),
	    .sha256 = sql_get_bytes(rows, 7).ptr,
	    .received_s = sql_get_number(rows, 8),
	    .gzip = sql_get_bytes(rows, 9),
	};
}

#define DOCUMENT_COLUMNS                                                               \
	"u.unit, b.unit, b.day, b.cut, b.revision, d.revision, b.report_id, b.sha256," \
	" b.received, b.gzip"
#define DOCUMENT_TABLES                                                            \
	" JOIN documents d ON d.day = b.day AND d.unit = b.unit AND d.cut = b.cut" \
	" JOIN units u ON u.number = b.unit"

/* Of one unit: a look-up a day, rather than all units' days. */
static void ask_unit(struct store *store, struct sql_rows *rows, uint32_t number,
    const struct document_query *q)
{
	sql_stream(store->sql, rows,
	    "WITH RECURSIVE days(n) AS (SELECT CAST($1 AS BIGINT) UNION ALL"
	    " SELECT n + 1 FROM days WHERE n + 1 < $2)"
	    " SELECT " DOCUMENT_COLUMNS
	    " FROM days CROSS JOIN document_bytes b" DOCUMENT_TABLES
	    " WHERE b.day = days.n AND b.unit = $3"
	    " ORDER BY b.day, b.cut, b.revision",
	    SQL_ARGS(sql_number(q->from), sql_number(q->to), sql_number(number)));
}

static void ask_all(
    struct store *store, struct sql_rows *rows, const struct document_query *q)
{
	sql_stream(store->sql, rows,
	    "SELECT " DOCUMENT_COLUMNS " FROM document_bytes b" DOCUMENT_TABLES
	    " WHERE b.day >= $1 AND b.day < $2 ORDER BY b.day, b.unit, b.cut, b.revision",
	    SQL_ARGS(sql_number(q->from), sql_number(q->to)));
}

static enum err list_step(struct store *store, void *context)
{
	struct list *l = context;
	struct document_about about;
	struct sql_rows rows;
	uint32_t number = 0;

	if (l->query->unit != NULL) {
		enum err rc = unit_number_find(store, l->query->unit, &number);
		if (rc != OK)
			return rc;
		ask_unit(store, &rows, number, l->query);
	} else {
		ask_all(store, &rows, l->query);
	}
	while (sql_next(&rows)) {
		fill_about(&about, &rows);
		if (l->query->latest && !about.counts)
			continue;
		if (!l->row(l->context, &about))
			break;
	}
	return sql_done(&rows);
}

enum err store_document_list(struct store *store, const struct document_query *query,
    store_document_row *row, void *context)
{
	struct list l = {query, row, context};

	store_enter(store);
	if (query->from >= query->to)
		return OK;
	return store_read(store, list_step, &l);
}
