/* Forgetting, a bounded step at a time. */
#include <stdio.h>

#include "district/store/internal.h"

enum {
	STEP_ROWS = 2000, /* of one transaction of SQLite */
	MONTHS_AHEAD = 3, /* partitions made before they are needed */
	MONTHS_BACK = 14  /* what may still come late: 400 days */
};

enum err removed_before(struct store *store, int32_t *day)
{
	int64_t value = DAY_NONE;

	enum err rc = sql_one_number(store->sql,
	    "SELECT value FROM counters WHERE name = 'removed-before'", SQL_NO_ARGS,
	    &value);
	if (rc == OK)
		*day = (int32_t)value;
	return rc;
}

struct sweep {
	const struct retention *keep;
	int32_t day;  /* first day that stays */
	int32_t half; /* first half that stays, or INT32_MIN */
	uint64_t removed;
};

/* Said before the first goes: from then on nothing of that time is taken in, so that what
 * was counted once is not counted again. */
static enum err say_removed(struct store *store, const struct sweep *s)
{
	return sql_run(store->sql,
	    "UPDATE counters SET value = $1 WHERE name = 'removed-before' AND value < $2",
	    SQL_ARGS(sql_number(s->day), sql_number(s->day)), NULL);
}

static enum err sweep_sqlite(struct store *store, struct sweep *s)
{
	static const char *const statements[] = {
	    "DELETE FROM document_bytes WHERE rowid IN"
	    " (SELECT rowid FROM document_bytes WHERE day < $1 LIMIT $2)",
	    "DELETE FROM documents WHERE (day, unit, cut) IN"
	    " (SELECT day, unit, cut FROM documents WHERE day < $1 LIMIT $2)",
	    "DELETE FROM day_sums WHERE (day, shard) IN"
	    " (SELECT day, shard FROM day_sums WHERE day < $1 LIMIT $2)",
	};

	for (size_t i = 0; i < COUNT_OF(statements); i++) {
		uint64_t changed = 0;
		enum err rc = sql_run(store->sql, statements[i],
		    SQL_ARGS(sql_number(s->day), sql_number(STEP_ROWS)), &changed);
		if (rc != OK)
			return rc;
		s->removed += changed;
	}
	return OK;
}

/* The oldest month's partition as YYYYMM; 0: none of before the day. */
static enum err oldest_partition(struct store *store, const struct sweep *s, int64_t *month)
{
	int year, of_year, of_month;

	*month = 0;
	day_split(s->day, &year, &of_year, &of_month);
	return sql_one_number(store->sql,
	    "SELECT MIN(CAST(substr(tablename, 11) AS BIGINT)) FROM pg_tables"
	    " WHERE schemaname = current_schema() AND tablename ~ '^documents_[0-9]{6}$'"
	    " AND CAST(substr(tablename, 11) AS BIGINT) < $1",
	    SQL_ARGS(sql_number(year * 100 + of_year)), month);
}

static enum err drop_partition(struct store *store, struct sweep *s)
{
	char text[128];
	int64_t month;

	enum err rc = oldest_partition(store, s, &month);
	if (rc != OK || month == 0)
		return rc;
	s->removed++;
	store->unsure = true;
	(void)snprintf(text, sizeof text,
	    "DROP TABLE IF EXISTS document_bytes_%lld, documents_%lld", (long long)month,
	    (long long)month);
	return sql_script(store->sql, text);
}

static enum err sweep_postgresql(struct store *store, struct sweep *s)
{
	uint64_t changed = 0;

	enum err rc = drop_partition(store, s);
	if (rc == OK)
		rc = sql_run(store->sql, "DELETE FROM day_sums WHERE day < $1",
		    SQL_ARGS(sql_number(s->day)), &changed);
	s->removed += changed;
	return rc;
}

/* Also said, so that a question of that time hears that it is incomplete. */
static enum err say_sums_removed(struct store *store, const struct sweep *s)
{
	return sql_run(store->sql,
	    "INSERT INTO counters (name, value) VALUES ('sums-removed-before', $1)"
	    " ON CONFLICT (name) DO UPDATE SET value = excluded.value"
	    " WHERE counters.value < excluded.value",
	    SQL_ARGS(sql_number(day_half_first(s->half))), NULL);
}

static enum err sweep_sums(struct store *store, struct sweep *s)
{
	uint64_t changed = 0;

	enum err rc = say_sums_removed(store, s);
	if (rc != OK)
		return rc;
	rc = sql_run(store->sql,
	    "DELETE FROM unit_sums WHERE (half, unit) IN"
	    " (SELECT half, unit FROM unit_sums WHERE half < $1 LIMIT $2)",
	    SQL_ARGS(sql_number(s->half), sql_number(STEP_ROWS)), &changed);
	s->removed += changed;
	return rc;
}

static enum err sweep_step(struct store *store, void *context)
{
	struct sweep *s = context;

	s->removed = 0;
	enum err rc = say_removed(store, s);
	if (rc == OK)
		rc = sql_is_postgresql(store->sql) ? sweep_postgresql(store, s)
		                                   : sweep_sqlite(store, s);
	if (rc == OK && s->keep->sums_before != DAY_NONE)
		rc = sweep_sums(store, s);
	return rc;
}

enum err store_sweep(struct store *store, const struct retention *keep, bool *more)
{
	struct sweep s = {.keep = keep, .day = day_month_first(keep->documents_before)};

	store_enter(store);
	if (keep->documents_before < DAY_FIRST || keep->documents_before > DAY_FOREVER)
		return store_refuse(store, ERR_RANGE, "no such day");
	if (keep->sums_before != DAY_NONE)
		s.half = day_half(day_month_first(keep->sums_before));
	enum err rc = store_write(store, sweep_step, &s);
	if (rc == OK)
		*more = s.removed > 0;
	return rc;
}

enum err store_newest_day(struct store *store, int32_t *day)
{
	struct sql_rows rows;

	store_enter(store);
	*day = DAY_NONE;
	sql_ask(store->sql, &rows, "SELECT COALESCE(MAX(day), $1) FROM documents",
	    SQL_ARGS(sql_number(DAY_NONE)));
	if (sql_next(&rows))
		*day = (int32_t)sql_get_number(&rows, 0);
	return sql_done(&rows);
}

enum err store_prepare(struct store *store, int32_t today)
{
	int year, month, of_month;

	store_enter(store);
	day_split(today, &year, &month, &of_month);
	for (int m = -MONTHS_BACK; m <= MONTHS_AHEAD; m++) {
		enum err rc = schema_make_month(store->sql, day_make(year, month + m, 1));
		if (rc != OK)
			return rc;
	}
	return OK;
}
