/* Papers and settings. */
#include <string.h>

#include "district/store/internal.h"

enum {
	SETTING_MAX_BYTES = 64 * 1024
};

struct paper_put {
	const struct paper *in;
	enum document_result result;
};

static enum err look_for_paper(struct store *store, struct paper_put *p, bool *found)
{
	struct sql_rows rows;

	sql_ask(store->sql, &rows, "SELECT sha256 FROM papers WHERE kind = $1 AND id = $2",
	    SQL_ARGS(sql_number(p->in->kind), sql_text(p->in->id)));
	*found = sql_next(&rows);
	if (*found) {
		struct slice sha256 = {p->in->sha256, STORE_SHA256_BYTES};
		p->result = slice_equal(sql_get_bytes(&rows, 0), sha256)
		    ? DOCUMENT_SAME
		    : DOCUMENT_CONFLICT;
	}
	return sql_done(&rows);
}

/* The row is locked by this until the end: papers come one after another. */
static enum err next_number(struct store *store, int64_t *number)
{
	enum err rc = sql_run(store->sql,
	    "UPDATE counters SET value = value + 1 WHERE name = 'papers'", SQL_NO_ARGS,
	    NULL);
	if (rc == OK)
		rc = sql_one_number(store->sql,
		    "SELECT value FROM counters WHERE name = 'papers'", SQL_NO_ARGS,
		    number);
	return rc;
}

static enum err insert_paper(struct store *store, const struct paper *p, int64_t number)
{
	struct slice sha256 = {p->sha256, STORE_SHA256_BYTES};

	return sql_run(store->sql,
	    "INSERT INTO papers (kind, id, unit, state, title, category, day, made, changed,"
	    " changed_by, note, number, version, sha256, body)"
	    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, '', '', $9, 1, $10, $11)",
	    SQL_ARGS(sql_number(p->kind), sql_text(p->id), sql_text(p->unit),
	        sql_text(p->state), sql_text(p->title), sql_text(p->category),
	        sql_number(p->day), sql_number(p->made_s), sql_number(number),
	        sql_bytes(sha256), sql_bytes(p->body)),
	    NULL);
}

static enum err paper_put_step(struct store *store, void *context)
{
	struct paper_put *p = context;
	int64_t number = 0;
	bool found = false;

	enum err rc = next_number(store, &number);
	if (rc == OK)
		rc = look_for_paper(store, p, &found);
	if (rc != OK || found)
		return rc;
	p->result = DOCUMENT_NEW;
	return insert_paper(store, p->in, number);
}

enum err store_paper_put(
    struct store *store, const struct paper *paper, enum document_result *result)
{
	struct paper_put p = {.in = paper};

	store_enter(store);
	if (!store_is_id(paper->id))
		return store_refuse(store, ERR_FORMAT, "no identifier of a paper");
	if (!store_is_text(paper->unit) || !store_is_text(paper->state) ||
	    !store_is_text(paper->title) || !store_is_text(paper->category) ||
	    paper->body.len > PAPER_MAX_BYTES)
		return store_refuse(store, ERR_RANGE, "a text of the paper is too long");
	enum err rc = store_write(store, paper_put_step, &p);
	if (rc == OK)
		*result = p.result;
	return rc;
}

/* ---- change ---- */

static enum err lock_paper(
    struct store *store, const struct paper_change *c, int64_t *version)
{
	struct sql_rows rows;

	*version = 0;
	sql_ask(store->sql, &rows,
	    SQL_LOCKING(
	        store->sql, "SELECT version FROM papers WHERE kind = $1 AND id = $2"),
	    SQL_ARGS(sql_number(c->kind), sql_text(c->id)));
	if (sql_next(&rows))
		*version = sql_get_number(&rows, 0);
	return sql_done(&rows);
}

static enum err paper_change_step(struct store *store, void *context)
{
	const struct paper_change *c = context;
	int64_t version = 0;

	enum err rc = lock_paper(store, c, &version);
	if (rc != OK)
		return rc;
	if (version == 0)
		return store_refuse(store, ERR_NOT_FOUND, "no paper \"%s\"", c->id);
	if (c->version != 0 && c->version != (uint64_t)version)
		return store_refuse(
		    store, ERR_EXISTS, "somebody else has changed it meanwhile");
	rc = sql_run(store->sql,
	    "UPDATE papers SET state = $1, changed_by = $2, note = $3, changed = $4,"
	    " version = version + 1 WHERE kind = $5 AND id = $6",
	    SQL_ARGS(sql_text(c->state), sql_text(c->by), sql_text(c->note),
	        sql_number(c->now_s), sql_number(c->kind), sql_text(c->id)),
	    NULL);
	if (rc == OK && c->body.ptr != NULL)
		rc = sql_run(store->sql,
		    "UPDATE papers SET body = $1 WHERE kind = $2 AND id = $3",
		    SQL_ARGS(sql_bytes(c->body), sql_number(c->kind), sql_text(c->id)),
		    NULL);
	return rc;
}

enum err store_paper_change(struct store *store, const struct paper_change *change)
{
	struct paper_change copy = *change;

	store_enter(store);
	if (!store_is_text(change->state) || !store_is_text(change->by) ||
	    !store_is_text(change->note) || change->body.len > PAPER_MAX_BYTES)
		return store_refuse(store, ERR_RANGE, "a text of the change is too long");
	return store_write(store, paper_change_step, &copy);
}

static enum err paper_remove_step(struct store *store, void *context)
{
	const struct paper_change *c = context;
	uint64_t changed = 0;

	enum err rc = sql_run(store->sql, "DELETE FROM papers WHERE kind = $1 AND id = $2",
	    SQL_ARGS(sql_number(c->kind), sql_text(c->id)), &changed);
	if (rc == OK && changed == 0)
		rc = store_refuse(store, ERR_NOT_FOUND, "no paper \"%s\"", c->id);
	return rc;
}

enum err store_paper_remove(struct store *store, enum paper_kind kind, const char *id)
{
	struct paper_change c = {.kind = kind, .id = id};

	store_enter(store);
	return store_write(store, paper_remove_step, &c);
}

/* ---- list ---- */

static void fill_paper(struct paper *p, const struct sql_rows *rows, bool bodies)
{
	struct slice sha256 = sql_get_bytes(rows, 13);

	*p = (struct paper){
	    .kind = (enum paper_kind)sql_get_number(rows, 0),
	    .id = sql_get_text(rows, 1),
	    .unit = sql_get_text(rows, 2),
	    .state = sql_get_text(rows, 3),
	    .title = sql_get_text(rows, 4),
	    .category = sql_get_text(rows, 5),
	    .day = (int32_t)sql_get_number(rows, 6),
	    .made_s = sql_get_number(rows, 7),
	    .changed_s = sql_get_number(rows, 8),
	    .changed_by = sql_get_text(rows, 9),
	    .note = sql_get_text(rows, 10),
	    .number = (uint64_t)sql_get_number(rows, 11),
	    .version = (uint64_t)sql_get_number(rows, 12),
	    .body = bodies ? sql_get_bytes(rows, 14) : SLICE_EMPTY,
	};
	if (sha256.len == STORE_SHA256_BYTES)
		memcpy(p->sha256, sha256.ptr, STORE_SHA256_BYTES);
}

/* A word that may be left open: any, or this one. */
static const char *or_any(const char *text)
{
	return text == NULL ? "*" : text;
}

enum err store_paper_list(
    struct store *store, const struct paper_query *q, store_paper_row *row, void *context)
{
	struct sql_rows rows;
	struct paper paper;
	int64_t limit =
	    q->limit == 0 || q->limit > INT32_MAX ? INT32_MAX : (int64_t)q->limit;

	store_enter(store);
	sql_stream(store->sql, &rows,
	    "SELECT kind, id, unit, state, title, category, day, made, changed, changed_by,"
	    " note, number, version, sha256, CASE WHEN $1 = 1 THEN body END FROM papers"
	    " WHERE kind = $2 AND (id = $3 OR $4 = '*') AND (unit = $5 OR $6 = '*')"
	    " AND (state = $7 OR $8 = '*') AND (category = $9 OR $10 = '*')"
	    " AND ((day >= $11 AND day < $12) OR $13 = 1)"
	    " ORDER BY number DESC LIMIT $14 OFFSET $15",
	    SQL_ARGS(sql_number(q->bodies), sql_number(q->kind), sql_text(or_any(q->id)),
	        sql_text(or_any(q->id)), sql_text(or_any(q->unit)),
	        sql_text(or_any(q->unit)), sql_text(or_any(q->state)),
	        sql_text(or_any(q->state)), sql_text(or_any(q->category)),
	        sql_text(or_any(q->category)), sql_number(q->from), sql_number(q->to),
	        sql_number(q->from == q->to), sql_number(limit),
	        sql_number((int64_t)q->skip)));
	while (sql_next(&rows)) {
		fill_paper(&paper, &rows, q->bodies);
		if (!row(context, &paper))
			break;
	}
	return sql_done(&rows);
}

/* ---- settings ---- */

enum err store_setting_get(struct store *store, const char *name, struct buf *out)
{
	struct sql_rows rows;
	bool found = false;

	store_enter(store);
	sql_ask(store->sql, &rows, "SELECT value FROM settings WHERE name = $1",
	    SQL_ARGS(sql_text(name)));
	if (sql_next(&rows)) {
		found = true;
		buf_append(out, sql_get_bytes(&rows, 0));
	}
	enum err rc = sql_done(&rows);
	if (rc == OK && !found)
		return store_refuse(store, ERR_NOT_FOUND, "no setting \"%s\"", name);
	return rc == OK ? buf_status(out) : rc;
}

struct setting {
	const char *name, *text;
};

static enum err setting_step(struct store *store, void *context)
{
	const struct setting *s = context;

	if (s->text == NULL)
		return sql_run(store->sql, "DELETE FROM settings WHERE name = $1",
		    SQL_ARGS(sql_text(s->name)), NULL);
	return sql_run(store->sql,
	    "INSERT INTO settings (name, value) VALUES ($1, $2)"
	    " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
	    SQL_ARGS(sql_text(s->name), sql_text(s->text)), NULL);
}

enum err store_setting_put(struct store *store, const char *name, const char *text)
{
	struct setting s = {name, text};

	store_enter(store);
	if (!store_is_text(name) || (text != NULL && strlen(text) > SETTING_MAX_BYTES))
		return store_refuse(store, ERR_RANGE, "the setting is too long");
	return store_write(store, setting_step, &s);
}
