/* SQLite: WAL, each commit on disk (synchronous FULL), one writer at a time who is waited for. */
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "district/store/sql.h"

enum {
	BUSY_MS = 10000,
	ROOM_BYTES = 1 << 20 /* what opening needs beside the database */
};

struct sqlite {
	struct sql sql;
	sqlite3 *db;
	struct {
		const char *text;
		sqlite3_stmt *prepared;
	} statements[SQL_STATEMENTS];
	size_t statement_count;
};

static enum err code_of(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_DONE:
	case SQLITE_ROW:
		return OK;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_INTERRUPT:
		return ERR_AGAIN;
	case SQLITE_FULL:
	case SQLITE_TOOBIG:
		return ERR_FULL;
	case SQLITE_NOMEM:
		return ERR_MEMORY;
	case SQLITE_CONSTRAINT:
		return (rc == SQLITE_CONSTRAINT_FOREIGNKEY) ? ERR_NOT_FOUND : ERR_EXISTS;
	default:
		return ERR_IO;
	}
}

static enum err failed(struct sqlite *s, int rc)
{
	diag_set(&s->sql.why, "the database: %s", sqlite3_errmsg(s->db));
	return code_of(rc);
}

static void close_sqlite(struct sql *sql)
{
	struct sqlite *s = (struct sqlite *)sql;

	for (size_t i = 0; i < s->statement_count; i++)
		sqlite3_finalize(s->statements[i].prepared);
	sqlite3_close(s->db);
	free(s);
}

static enum err script(struct sql *sql, const char *text)
{
	struct sqlite *s = (struct sqlite *)sql;
	int rc = sqlite3_exec(s->db, text, NULL, NULL, NULL);
	return rc == SQLITE_OK ? OK : failed(s, rc);
}

/* The statement, prepared now or before, ready for values. */
static enum err prepare(struct sqlite *s, const char *text, sqlite3_stmt **out)
{
	for (size_t i = 0; i < s->statement_count; i++)
		if (s->statements[i].text == text) {
			*out = s->statements[i].prepared;
			return OK;
		}
	if (s->statement_count == SQL_STATEMENTS) {
		diag_set(&s->sql.why, "too many different statements");
		return ERR_FULL;
	}
	sqlite3_stmt *made = NULL;
	int rc =
	    sqlite3_prepare_v3(s->db, text, -1, SQLITE_PREPARE_PERSISTENT, &made, NULL);
	if (rc != SQLITE_OK)
		return failed(s, rc);
	s->statements[s->statement_count].text = text;
	s->statements[s->statement_count++].prepared = made;
	*out = made;
	return OK;
}

static int bind_one(sqlite3_stmt *statement, int at, const struct sql_value *v)
{
	static const char empty[1] = "";
	const void *bytes = v->bytes.ptr == NULL ? (const void *)empty : v->bytes.ptr;

	if (v->null)
		return sqlite3_bind_null(statement, at);
	switch (v->type) {
	case SQL_NUMBER:
		return sqlite3_bind_int64(statement, at, v->number);
	case SQL_TEXT:
		return sqlite3_bind_text64(
		    statement, at, bytes, v->bytes.len, SQLITE_STATIC, SQLITE_UTF8);
	case SQL_BYTES:
		return sqlite3_bind_blob64(
		    statement, at, bytes, v->bytes.len, SQLITE_STATIC);
	}
	return SQLITE_MISUSE;
}

static enum err begin_statement(struct sqlite *s, const char *text,
    const struct sql_value *values, size_t count, sqlite3_stmt **out)
{
	enum err rc = prepare(s, text, out);
	if (rc != OK)
		return rc;
	for (size_t i = 0; i < count; i++) {
		int bound = bind_one(*out, (int)i + 1, &values[i]);
		if (bound != SQLITE_OK)
			return failed(s, bound);
	}
	return OK;
}

static void end_statement(sqlite3_stmt *statement)
{
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
}

static enum err run(struct sql *sql, const char *text, const struct sql_value *values,
    size_t count, uint64_t *changed)
{
	struct sqlite *s = (struct sqlite *)sql;
	sqlite3_stmt *statement = NULL;

	enum err rc = begin_statement(s, text, values, count, &statement);
	if (rc == OK) {
		int stepped = sqlite3_step(statement);
		while (stepped == SQLITE_ROW)
			stepped = sqlite3_step(statement);
		if (stepped != SQLITE_DONE)
			rc = failed(s, sqlite3_extended_errcode(s->db));
		else if (changed != NULL)
			*changed = (uint64_t)sqlite3_changes64(s->db);
	}
	if (statement != NULL)
		end_statement(statement);
	return rc;
}

static void ask(
    struct sql_rows *rows, const char *text, const struct sql_value *values, size_t count)
{
	struct sqlite *s = (struct sqlite *)rows->sql;
	sqlite3_stmt *statement = NULL;

	rows->rc = begin_statement(s, text, values, count, &statement);
	rows->answer = statement;
}

static bool next(struct sql_rows *rows)
{
	struct sqlite *s = (struct sqlite *)rows->sql;
	int stepped = sqlite3_step(rows->answer);

	if (stepped != SQLITE_ROW && stepped != SQLITE_DONE)
		rows->rc = failed(s, sqlite3_extended_errcode(s->db));
	return stepped == SQLITE_ROW;
}

static enum err done(struct sql_rows *rows)
{
	if (rows->answer != NULL)
		end_statement(rows->answer);
	rows->answer = NULL;
	return rows->rc;
}

static struct sql_value column(const struct sql_rows *rows, int at)
{
	sqlite3_stmt *statement = rows->answer;

	switch (sqlite3_column_type(statement, at)) {
	case SQLITE_INTEGER:
		return sql_number(sqlite3_column_int64(statement, at));
	case SQLITE_TEXT: {
		const uint8_t *text = sqlite3_column_text(statement, at);
		size_t len = (size_t)sqlite3_column_bytes(statement, at);
		return (struct sql_value){.type = SQL_TEXT, .bytes = {text, len}};
	}
	case SQLITE_BLOB: {
		const uint8_t *bytes = sqlite3_column_blob(statement, at);
		size_t len = (size_t)sqlite3_column_bytes(statement, at);
		return (struct sql_value){.type = SQL_BYTES, .bytes = {bytes, len}};
	}
	default:
		return (struct sql_value){.type = SQL_NUMBER, .null = true};
	}
}

static const struct sql_driver sqlite_driver = {
    .dialect = SQL_SQLITE,
    .close = close_sqlite,
    .script = script,
    .run = run,
    .ask = ask,
    .next = next,
    .done = done,
    .column = column,
};

enum err sql_copy_sqlite(struct sql *sql, const char *path)
{
	struct sqlite *s = (struct sqlite *)sql;
	sqlite3 *to = NULL;

	int rc = sqlite3_open_v2(path, &to,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc == SQLITE_OK) {
		sqlite3_backup *backup = sqlite3_backup_init(to, "main", s->db, "main");
		/* In one step: writers go on beside it in WAL, and it never begins again. */
		if (backup != NULL)
			(void)sqlite3_backup_step(backup, -1);
		rc = backup == NULL ? sqlite3_errcode(to) : sqlite3_backup_finish(backup);
	}
	if (rc == SQLITE_OK) /* one file, readable from where nobody can write */
		rc = sqlite3_exec(to, "PRAGMA journal_mode=DELETE", NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		diag_set(&sql->why, "%s: %s", path,
		    to == NULL ? "no memory" : sqlite3_errmsg(to));
	sqlite3_close(to);
	return code_of(rc);
}

/* Made here, so that nobody else can read it: SQLite would use the umask alone. Its -wal and
 * -shm files get the same mode from it. A file that is there is not opened: closing any
 * descriptor of it would end the locks of this process' other connections (POSIX), and a
 * program beside us would take the database for its own and remove the log under us. */
static enum err make_file(const char *path, struct diag *why)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 && errno == EEXIST)
		return OK;
	if (fd < 0) {
		diag_set(why, "%s: %s", path, strerror(errno));
		return ERR_IO;
	}
	close(fd);
	return OK;
}

/* page_size: a unit's sums and most documents fit into a page of 8 KiB, not of 4. */
static const char settings[] = "PRAGMA page_size=8192;"
                               "PRAGMA journal_mode=WAL;"
                               "PRAGMA synchronous=FULL;"
                               "PRAGMA foreign_keys=ON;"
                               "PRAGMA trusted_schema=OFF;"
                               "PRAGMA cell_size_check=ON;"
                               "PRAGMA temp_store=MEMORY;"
                               "PRAGMA cache_size=-32768;"
                               "PRAGMA journal_size_limit=67108864;";

/* What whoever looks after the machine can do about it. */
static const char *advice(const char *path, int rc)
{
	struct statvfs disk;

	if ((rc & 0xff) == SQLITE_NOTADB || (rc & 0xff) == SQLITE_CORRUPT)
		return " (it is damaged: put it aside and restore the last backup)";
	if (statvfs(path, &disk) == 0 && disk.f_bavail * disk.f_frsize < ROOM_BYTES)
		return " (the disk is full: make room)";
	return "";
}

enum err sql_open_sqlite(struct sql **out, const char *path, struct diag *why)
{
	enum err rc = make_file(path, why);
	if (rc != OK)
		return rc;
	struct sqlite *s = calloc(1, sizeof *s);
	if (s == NULL)
		return ERR_MEMORY;
	s->sql.driver = &sqlite_driver;
	int opened = sqlite3_open_v2(path, &s->db,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
	        SQLITE_OPEN_EXRESCODE,
	    NULL);
	if (opened == SQLITE_OK) {
		(void)sqlite3_busy_timeout(s->db, BUSY_MS);
		(void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
		opened = sqlite3_exec(s->db, settings, NULL, NULL, NULL);
	}
	if (opened != SQLITE_OK) {
		diag_set(why, "%s: %s%s", path,
		    s->db == NULL ? "out of memory" : sqlite3_errmsg(s->db),
		    advice(path, opened));
		close_sqlite(&s->sql);
		return code_of(opened);
	}
	*out = &s->sql;
	return OK;
}
