#include "district/store/schema.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "district/day.h"

/* Written in SQLite's words; PostgreSQL's are put in by translate(). What is large or grows by
 * the day is clustered by its key: day first, so that a day's documents come to lie together
 * and the old ones leave together. `half` is day_half(), `day` days since 1970-01-01. */
static const char version_1[] =
    "CREATE TABLE schema_version (version INTEGER NOT NULL);"
    "INSERT INTO schema_version VALUES (0);"
    "CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);"
    "INSERT INTO counters VALUES ('unit-revision', 1), ('papers', 0),"
    " ('removed-before', -1000000);"
    "CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);"
    "CREATE TABLE words (id INTEGER PRIMARY KEY, word TEXT NOT NULL UNIQUE);"
    "CREATE TABLE names (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
    "CREATE TABLE units (number INTEGER PRIMARY KEY, unit TEXT NOT NULL UNIQUE);"
    "CREATE TABLE unit_versions (unit INTEGER NOT NULL REFERENCES units(number),"
    " day_from INTEGER NOT NULL, day_until INTEGER NOT NULL, name TEXT NOT NULL,"
    " level TEXT NOT NULL, code TEXT NOT NULL, parent TEXT NOT NULL, kinds TEXT NOT NULL,"
    " contact TEXT NOT NULL, pupils INTEGER NOT NULL, sends INTEGER NOT NULL,"
    " successor TEXT NOT NULL, PRIMARY KEY (unit, day_from));"
    "CREATE TABLE unit_states (unit INTEGER PRIMARY KEY REFERENCES units(number),"
    " day INTEGER NOT NULL, revision INTEGER NOT NULL, received INTEGER NOT NULL,"
    " state TEXT NOT NULL);"
    "CREATE TABLE tokens (sha256 BLOB PRIMARY KEY,"
    " unit INTEGER NOT NULL REFERENCES units(number), usage INTEGER NOT NULL,"
    " note TEXT NOT NULL, made INTEGER NOT NULL, expires INTEGER NOT NULL,"
    " revoked INTEGER NOT NULL, used INTEGER NOT NULL, used_key BLOB NOT NULL);"
    "CREATE INDEX tokens_unit ON tokens (unit);"
    "CREATE TABLE unit_keys (unit INTEGER NOT NULL REFERENCES units(number),"
    " public_key BLOB NOT NULL, note TEXT NOT NULL, pinned INTEGER NOT NULL,"
    " revoked INTEGER NOT NULL, PRIMARY KEY (unit, public_key));"
    "CREATE TABLE unit_sums (half INTEGER NOT NULL, unit INTEGER NOT NULL,"
    " days INTEGER NOT NULL, counts BLOB NOT NULL, names BLOB NOT NULL,"
    " PRIMARY KEY (half, unit)) WITHOUT ROWID;"
    "CREATE TABLE day_sums (day INTEGER NOT NULL, shard INTEGER NOT NULL,"
    " counts BLOB NOT NULL, PRIMARY KEY (day, shard)) WITHOUT ROWID;"
    "CREATE TABLE papers (kind INTEGER NOT NULL, id TEXT NOT NULL, unit TEXT NOT NULL,"
    " state TEXT NOT NULL, title TEXT NOT NULL, category TEXT NOT NULL,"
    " day INTEGER NOT NULL, made INTEGER NOT NULL, changed INTEGER NOT NULL,"
    " changed_by TEXT NOT NULL, note TEXT NOT NULL, number INTEGER NOT NULL,"
    " version INTEGER NOT NULL, sha256 BLOB NOT NULL, body BLOB NOT NULL,"
    " PRIMARY KEY (kind, id));"
    "CREATE INDEX papers_number ON papers (kind, number);";

/* The bytes in a table with rows in order of arrival: beside them, the counts of a day stay
 * dense enough to be read by the thousand. */
static const char version_1_sqlite[] =
    "CREATE TABLE documents (day INTEGER NOT NULL,"
    " unit INTEGER NOT NULL REFERENCES units(number), cut INTEGER NOT NULL,"
    " revision INTEGER NOT NULL, days INTEGER NOT NULL, received INTEGER NOT NULL,"
    " counts BLOB NOT NULL, names BLOB NOT NULL,"
    " PRIMARY KEY (day, unit, cut)) WITHOUT ROWID;"
    "CREATE TABLE document_bytes (day INTEGER NOT NULL, unit INTEGER NOT NULL,"
    " cut INTEGER NOT NULL, revision INTEGER NOT NULL, report_id TEXT NOT NULL,"
    " sha256 BLOB NOT NULL, received INTEGER NOT NULL, gzip BLOB NOT NULL,"
    " PRIMARY KEY (day, unit, cut, revision));";

/* unit_sums and day_sums change many times in place: room on their pages keeps that cheap. */
static const char version_1_postgresql[] =
    "CREATE TABLE documents (day BIGINT NOT NULL, unit BIGINT NOT NULL,"
    " cut BIGINT NOT NULL, revision BIGINT NOT NULL, days BIGINT NOT NULL,"
    " received BIGINT NOT NULL, counts BYTEA NOT NULL, names BYTEA NOT NULL,"
    " PRIMARY KEY (day, unit, cut)) PARTITION BY RANGE (day);"
    "CREATE TABLE document_bytes (day BIGINT NOT NULL, unit BIGINT NOT NULL,"
    " cut BIGINT NOT NULL, revision BIGINT NOT NULL, report_id TEXT NOT NULL,"
    " sha256 BYTEA NOT NULL, received BIGINT NOT NULL, gzip BYTEA NOT NULL,"
    " PRIMARY KEY (day, unit, cut, revision)) PARTITION BY RANGE (day);"
    "ALTER TABLE unit_sums SET (fillfactor = 60);"
    "ALTER TABLE day_sums SET (fillfactor = 40, autovacuum_vacuum_scale_factor = 0.05);"
    "ALTER TABLE unit_states SET (fillfactor = 60);";

/* migrations[n] leads from version n to n + 1. Those that were released never change. */
static const struct migration {
	const char *both, *sqlite, *postgresql;
} migrations[] = {
    {version_1, version_1_sqlite, version_1_postgresql},
};
_Static_assert(COUNT_OF(migrations) == SCHEMA_VERSION, "one migration a version");

#define TABLE(name, columns, values, types, by_month)                         \
	{                                                                     \
		name, "SELECT " columns " FROM " name,                        \
		    "INSERT INTO " name " (" columns ") VALUES (" values ")", \
		    "DELETE FROM " name, types, by_month                      \
	}
const struct schema_table schema_tables[] = {
    TABLE("counters", "name, value", "$1, $2", "tn", false),
    TABLE("settings", "name, value", "$1, $2", "tt", false),
    TABLE("words", "id, word", "$1, $2", "nt", false),
    TABLE("names", "id, name", "$1, $2", "nt", false),
    TABLE("units", "number, unit", "$1, $2", "nt", false),
    TABLE("unit_versions",
        "unit, day_from, day_until, name, level, code, parent, kinds, contact, pupils, sends,"
        " successor",
        "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12", "nnnttttttnnt", false),
    TABLE("unit_states", "unit, day, revision, received, state", "$1, $2, $3, $4, $5",
        "nnnnt", false),
    TABLE("tokens", "sha256, unit, usage, note, made, expires, revoked, used, used_key",
        "$1, $2, $3, $4, $5, $6, $7, $8, $9", "bnntnnnnb", false),
    TABLE("unit_keys", "unit, public_key, note, pinned, revoked", "$1, $2, $3, $4, $5",
        "nbtnn", false),
    TABLE("unit_sums", "half, unit, days, counts, names", "$1, $2, $3, $4, $5", "nnnbb",
        false),
    TABLE("day_sums", "day, shard, counts", "$1, $2, $3", "nnb", false),
    TABLE("papers",
        "kind, id, unit, state, title, category, day, made, changed, changed_by, note, number,"
        " version, sha256, body",
        "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15",
        "ntttttnnnttnnbb", false),
    TABLE("documents", "day, unit, cut, revision, days, received, counts, names",
        "$1, $2, $3, $4, $5, $6, $7, $8", "nnnnnnbb", true),
    TABLE("document_bytes", "day, unit, cut, revision, report_id, sha256, received, gzip",
        "$1, $2, $3, $4, $5, $6, $7, $8", "nnnntbnb", true),
    {NULL, NULL, NULL, NULL, NULL, false},
};

/* Types and clauses as PostgreSQL writes them. */
static enum err translate(struct buf *out, const char *text)
{
	static const char *const words[][2] = {
	    {"INTEGER", "BIGINT"}, {"BLOB", "BYTEA"}, {" WITHOUT ROWID", ""}};

	while (*text != 0) {
		size_t i = 0;
		while (i < COUNT_OF(words) &&
		    strncmp(text, words[i][0], strlen(words[i][0])) != 0)
			i++;
		if (i == COUNT_OF(words)) {
			buf_byte(out, (uint8_t)*text++);
			continue;
		}
		buf_text(out, words[i][1]);
		text += strlen(words[i][0]);
	}
	return buf_status(out);
}

static enum err apply(struct sql *sql, const struct migration *one)
{
	struct buf text = BUF_INIT(64 * 1024);
	bool postgresql = sql_is_postgresql(sql);
	enum err rc = OK;

	if (postgresql)
		rc = translate(&text, one->both);
	else
		buf_text(&text, one->both);
	buf_text(&text, postgresql ? one->postgresql : one->sqlite);
	if (rc == OK)
		rc = buf_status(&text);
	if (rc == OK)
		rc = sql_script(sql, buf_cstr(&text));
	buf_deinit(&text);
	return rc;
}

/* 0: an empty database. */
static enum err read_version(struct sql *sql, int64_t *version)
{
	int64_t there = 0;

	enum err rc = sql_one_number(sql,
	    sql_is_postgresql(sql)
	        ? "SELECT CAST(count(*) AS BIGINT) FROM pg_tables"
	          " WHERE tablename = 'schema_version' AND schemaname = current_schema()"
	        : "SELECT count(*) FROM sqlite_master WHERE name = 'schema_version'",
	    SQL_NO_ARGS, &there);
	*version = 0;
	if (rc == OK && there > 0)
		rc = sql_one_number(
		    sql, "SELECT version FROM schema_version", SQL_NO_ARGS, version);
	return rc;
}

static enum err check_version(struct sql *sql, int64_t version)
{
	if (version <= SCHEMA_VERSION)
		return OK;
	diag_set(&sql->why,
	    "the database has schema %lld, of a newer lachan-district; this one knows up to %d",
	    (long long)version, SCHEMA_VERSION);
	return ERR_UNSUPPORTED;
}

/* Several programs that start at once wait here for the first. */
static enum err lock(struct sql *sql)
{
	if (!sql_is_postgresql(sql))
		return OK; /* BEGIN IMMEDIATE is the lock */
	return sql_script(sql, "SELECT pg_advisory_xact_lock(4802177)");
}

static enum err migrate_locked(struct sql *sql)
{
	int64_t version = 0;

	enum err rc = lock(sql);
	if (rc == OK)
		rc = read_version(sql, &version);
	if (rc == OK)
		rc = check_version(sql, version);
	for (int64_t v = version; rc == OK && v < SCHEMA_VERSION; v++) {
		rc = apply(sql, &migrations[v]);
		if (rc == OK)
			rc = sql_run(sql, "UPDATE schema_version SET version = $1",
			    SQL_ARGS(sql_number(v + 1)), NULL);
	}
	return rc;
}

enum err schema_version(struct sql *sql, int64_t *version)
{
	return read_version(sql, version);
}

enum err schema_migrate(struct sql *sql)
{
	int64_t version = 0;

	enum err rc = read_version(sql, &version);
	if (rc == OK)
		rc = check_version(sql, version);
	if (rc != OK || version == SCHEMA_VERSION)
		return rc;
	rc = sql_begin(sql, SQL_WRITE);
	if (rc != OK)
		return rc;
	rc = migrate_locked(sql);
	if (rc != OK) {
		sql_rollback(sql);
		return rc;
	}
	return sql_commit(sql);
}

/* Under the lock of migrations: two who need a month at once would meet in the catalogue. */
static enum err make_month_locked(struct sql *sql, int32_t first)
{
	static const char *const parents[] = {"documents", "document_bytes"};
	char text[256];
	int year, month, of_month;

	enum err rc = lock(sql);
	day_split(first, &year, &month, &of_month);
	for (size_t i = 0; rc == OK && i < COUNT_OF(parents); i++) {
		(void)snprintf(text, sizeof text,
		    "CREATE TABLE IF NOT EXISTS %s_%04d%02d PARTITION OF %s"
		    " FOR VALUES FROM (%d) TO (%d)",
		    parents[i], year, month, parents[i], (int)first,
		    (int)day_month_next(first));
		rc = sql_script(sql, text);
	}
	return rc;
}

enum err schema_make_month(struct sql *sql, int32_t day)
{
	if (!sql_is_postgresql(sql))
		return OK;
	if (sql->in_group)
		return make_month_locked(sql, day_month_first(day));
	enum err rc = sql_begin(sql, SQL_WRITE);
	if (rc != OK)
		return rc;
	rc = make_month_locked(sql, day_month_first(day));
	if (rc != OK) {
		sql_rollback(sql);
		return rc;
	}
	return sql_commit(sql);
}
