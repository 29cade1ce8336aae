#include "district/store/sql.h"

void sql_close(struct sql *sql)
{
	if (sql != NULL)
		sql->driver->close(sql);
}

enum err sql_script(struct sql *sql, const char *text)
{
	return sql->driver->script(sql, text);
}

enum err sql_run(struct sql *sql, const char *text, const struct sql_value *values,
    size_t count, uint64_t *changed)
{
	return sql->driver->run(sql, text, values, count, changed);
}

void sql_ask(struct sql *sql, struct sql_rows *rows, const char *text,
    const struct sql_value *values, size_t count)
{
	*rows = (struct sql_rows){.sql = sql, .row = -1, .rc = OK};
	sql->driver->ask(rows, text, values, count);
}

void sql_stream(struct sql *sql, struct sql_rows *rows, const char *text,
    const struct sql_value *values, size_t count)
{
	*rows = (struct sql_rows){.sql = sql, .row = -1, .streams = true, .rc = OK};
	sql->driver->ask(rows, text, values, count);
}

bool sql_next(struct sql_rows *rows)
{
	return rows->rc == OK && rows->sql->driver->next(rows);
}

enum err sql_done(struct sql_rows *rows)
{
	return rows->sql->driver->done(rows);
}

bool sql_is_null(const struct sql_rows *rows, int column)
{
	return rows->sql->driver->column(rows, column).null;
}

int64_t sql_get_number(const struct sql_rows *rows, int column)
{
	return rows->sql->driver->column(rows, column).number;
}

const char *sql_get_text(const struct sql_rows *rows, int column)
{
	struct slice bytes = rows->sql->driver->column(rows, column).bytes;
	return bytes.ptr == NULL ? "" : (const char *)bytes.ptr;
}

struct slice sql_get_bytes(const struct sql_rows *rows, int column)
{
	return rows->sql->driver->column(rows, column).bytes;
}

enum err sql_one_number(struct sql *sql, const char *text, const struct sql_value *values,
    size_t count, int64_t *out)
{
	struct sql_rows rows;
	int64_t found = 0;
	bool any = false;

	sql_ask(sql, &rows, text, values, count);
	if (sql_next(&rows) && !sql_is_null(&rows, 0)) {
		found = sql_get_number(&rows, 0);
		any = true;
	}
	enum err rc = sql_done(&rows);
	if (rc == OK && any)
		*out = found;
	return rc;
}

static const char *begin_text(const struct sql *sql, enum sql_group group)
{
	if (!sql_is_postgresql(sql))
		return group == SQL_WRITE ? "BEGIN IMMEDIATE" : "BEGIN";
	return group == SQL_WRITE ? "BEGIN ISOLATION LEVEL READ COMMITTED"
	                          : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
}

enum err sql_begin(struct sql *sql, enum sql_group group)
{
	enum err rc = sql_script(sql, begin_text(sql, group));
	if (rc == OK) {
		sql->in_group = true;
		sql->writes = group == SQL_WRITE;
	}
	return rc;
}

enum err sql_commit(struct sql *sql)
{
	enum err rc = sql_script(sql, "COMMIT");
	if (rc == OK)
		sql->in_group = false;
	else
		sql_rollback(sql);
	return rc;
}

void sql_rollback(struct sql *sql)
{
	struct diag why = sql->why; /* of what went wrong before, not of this */

	if (sql->in_group)
		(void)!sql_script(
		    sql, "ROLLBACK"); /* a lost connection has done it already */
	sql->in_group = false;
	sql->why = why;
}
