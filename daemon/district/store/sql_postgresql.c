/* PostgreSQL by libpq: prepared statements, all values in binary. A lost connection is made
 * again at the next statement that stands outside of a group. */
#include <endian.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "district/store/sql.h"

/* Of the server's catalogue pg_type. */
enum {
	OID_BYTEA = 17,
	OID_INT8 = 20,
	OID_TEXT = 25
};

struct postgresql {
	struct sql sql;
	char *address;
	PGconn *conn;
	bool broken; /* libpq may take a dead connection for a good one until it reads */
	const char *statements[SQL_STATEMENTS]; /* prepared as s0, s1, … */
	size_t statement_count;
};

static void be_silent(void *context, const char *message)
{
	(void)context;
	(void)message;
}

/* SQLSTATE, appendix A of the manual. */
static enum err code_of(const char *state)
{
	if (state == NULL)
		return ERR_AGAIN; /* no answer: the connection */
	if (strcmp(state, "53100") == 0)
		return ERR_FULL;
	if (strncmp(state, "08", 2) == 0 || strncmp(state, "40", 2) == 0 ||
	    strncmp(state, "53", 2) == 0 || strncmp(state, "55", 2) == 0 ||
	    strncmp(state, "57", 2) == 0 || strcmp(state, "25006") == 0)
		return ERR_AGAIN;
	if (strcmp(state, "23503") == 0)
		return ERR_NOT_FOUND;
	if (strncmp(state, "23", 2) == 0)
		return ERR_EXISTS;
	return ERR_IO;
}

static void set_why(struct postgresql *p, const char *message)
{
	size_t len = strcspn(message, "\n");
	diag_set(&p->sql.why, "the database: %.*s", (int)(len > 300 ? 300 : len), message);
}

static enum err failed(struct postgresql *p, const PGresult *result)
{
	const char *state =
	    result == NULL ? NULL : PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *said =
	    result == NULL ? NULL : PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	set_why(p, said != NULL ? said : PQerrorMessage(p->conn));
	p->sql.collided = state != NULL && strncmp(state, "40", 2) == 0;
	p->broken |= state == NULL; /* what the server says itself has one */
	return code_of(state);
}

static bool is_good(const PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);
	return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

/* "COMMIT" of a group in which a statement failed is a success to libpq, with the tag of what
 * the server did instead. Readers call off what they do not want: theirs may end so. */
static bool was_undone(const struct postgresql *p, const char *text, PGresult *result)
{
	return p->sql.in_group && p->sql.writes && strcmp(text, "COMMIT") == 0 &&
	    strcmp(PQcmdStatus(result), "COMMIT") != 0;
}

static enum err simple(struct postgresql *p, const char *text)
{
	PGresult *result = PQexec(p->conn, text);
	enum err rc = is_good(result) ? OK : failed(p, result);
	if (rc == OK && was_undone(p, text, result)) {
		set_why(p, "a statement had failed, and nothing was kept");
		rc = ERR_IO;
	}
	PQclear(result);
	return rc;
}

/* lock_timeout bounds what a stuck neighbour costs; TCP's own timeout what a silent server. */
static enum err connect_now(struct postgresql *p)
{
	static const char *const names[] = {"dbname", "client_encoding", "application_name",
	    "connect_timeout", "tcp_user_timeout", NULL};
	const char *values[] = {p->address, "UTF8", "lachan-district", "10", "30000", NULL};

	PQfinish(p->conn);
	p->statement_count = 0;
	p->broken = false;
	p->conn = PQconnectdbParams(names, values, 1);
	if (p->conn == NULL)
		return ERR_MEMORY;
	if (PQstatus(p->conn) != CONNECTION_OK) {
		set_why(p, PQerrorMessage(p->conn));
		return ERR_AGAIN;
	}
	(void)PQsetNoticeProcessor(p->conn, be_silent, NULL);
	if (PQserverVersion(p->conn) < 130000) {
		diag_set(&p->sql.why, "PostgreSQL is too old, 13 or newer is needed");
		return ERR_UNSUPPORTED;
	}
	return simple(p,
	    "SET lock_timeout='20s'; SET idle_in_transaction_session_timeout='10min';"
	    "SET synchronous_commit=on; SET timezone='UTC'; SET jit=off;"
	    "SET enable_partitionwise_join=off; SET plan_cache_mode=auto");
}

/* A connection that is there, or there again. Never within a group: that one is lost. */
static enum err be_connected(struct postgresql *p)
{
	if (p->conn != NULL && PQstatus(p->conn) == CONNECTION_OK && !p->broken)
		return OK;
	if (p->sql.in_group) {
		diag_set(&p->sql.why, "the connection to the database was lost");
		return ERR_AGAIN;
	}
	return connect_now(p);
}

static bool is_lost(const struct postgresql *p)
{
	return (PQstatus(p->conn) != CONNECTION_OK || p->broken) && !p->sql.in_group;
}

static void close_postgresql(struct sql *sql)
{
	struct postgresql *p = (struct postgresql *)sql;
	PQfinish(p->conn);
	free(p->address);
	free(p);
}

/* The server went away between two statements: one more try with a new connection. COMMIT
 * stands within its group, so it is never said twice. */
static enum err script(struct sql *sql, const char *text)
{
	struct postgresql *p = (struct postgresql *)sql;

	enum err rc = be_connected(p);
	if (rc != OK)
		return rc;
	rc = simple(p, text);
	if (rc != OK && is_lost(p) && connect_now(p) == OK)
		rc = simple(p, text);
	return rc;
}

static enum err prepare(struct postgresql *p, const char *text,
    const struct sql_value *values, size_t count, char name[16])
{
	static const Oid oids[] = {
	    [SQL_NUMBER] = OID_INT8, [SQL_TEXT] = OID_TEXT, [SQL_BYTES] = OID_BYTEA};
	Oid types[SQL_VALUES];
	size_t at = 0;

	while (at < p->statement_count && p->statements[at] != text)
		at++;
	(void)snprintf(name, 16, "s%u", (unsigned)at);
	if (at < p->statement_count)
		return OK;
	if (at == SQL_STATEMENTS || count > SQL_VALUES) {
		diag_set(&p->sql.why, "too many different statements");
		return ERR_FULL;
	}
	for (size_t i = 0; i < count; i++)
		types[i] = oids[values[i].type];
	PGresult *result = PQprepare(p->conn, name, text, (int)count, types);
	enum err rc = is_good(result) ? OK : failed(p, result);
	PQclear(result);
	if (rc == OK)
		p->statements[p->statement_count++] = text;
	return rc;
}

/* The values as libpq wants them. */
struct bound {
	const char *values[SQL_VALUES];
	int lengths[SQL_VALUES];
	int formats[SQL_VALUES];
	uint64_t numbers[SQL_VALUES];
};

static void bind_values(struct bound *b, const struct sql_value *values, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct sql_value *v = &values[i];
		b->formats[i] = 1;
		b->numbers[i] = htobe64((uint64_t)v->number);
		b->values[i] = v->type == SQL_NUMBER ? (const char *)&b->numbers[i]
		    : v->bytes.ptr == NULL           ? ""
		                                     : (const char *)v->bytes.ptr;
		b->lengths[i] = v->type == SQL_NUMBER ? 8 : (int)v->bytes.len;
		if (v->null)
			b->values[i] = NULL;
	}
}

static enum err execute(struct postgresql *p, const char *text,
    const struct sql_value *values, size_t count, PGresult **out)
{
	char name[16];
	struct bound bound;

	enum err rc = be_connected(p);
	if (rc == OK)
		rc = prepare(p, text, values, count, name);
	if (rc != OK)
		return rc;
	bind_values(&bound, values, count);
	PGresult *result = PQexecPrepared(
	    p->conn, name, (int)count, bound.values, bound.lengths, bound.formats, 1);
	if (is_good(result)) {
		*out = result;
		return OK;
	}
	rc = failed(p, result);
	PQclear(result);
	return rc;
}

static enum err execute_again(struct postgresql *p, const char *text,
    const struct sql_value *values, size_t count, PGresult **out)
{
	enum err rc = execute(p, text, values, count, out);
	if (rc != OK && is_lost(p))
		rc = execute(p, text, values, count, out);
	return rc;
}

static enum err run(struct sql *sql, const char *text, const struct sql_value *values,
    size_t count, uint64_t *changed)
{
	PGresult *result = NULL;

	enum err rc = execute_again((struct postgresql *)sql, text, values, count, &result);
	if (rc != OK)
		return rc;
	if (changed != NULL) {
		uint64_t n = 0;
		(void)slice_to_u64(slice_of(PQcmdTuples(result)), INT64_MAX, &n);
		*changed = n;
	}
	PQclear(result);
	return OK;
}

static enum err send_streaming(
    struct postgresql *p, const char *text, const struct sql_value *values, size_t count)
{
	char name[16];
	struct bound bound;

	enum err rc = be_connected(p);
	if (rc == OK)
		rc = prepare(p, text, values, count, name);
	if (rc != OK)
		return rc;
	bind_values(&bound, values, count);
	if (PQsendQueryPrepared(p->conn, name, (int)count, bound.values, bound.lengths,
	        bound.formats, 1) == 1 &&
	    PQsetSingleRowMode(p->conn) == 1)
		return OK;
	return failed(p, NULL);
}

static void ask(
    struct sql_rows *rows, const char *text, const struct sql_value *values, size_t count)
{
	struct postgresql *p = (struct postgresql *)rows->sql;
	PGresult *result = NULL;

	if (rows->streams) {
		rows->rc = send_streaming(p, text, values, count);
		if (rows->rc != OK && is_lost(p))
			rows->rc = send_streaming(p, text, values, count);
		rows->row = rows->rc == OK ? 0 : -1; /* 0: there is something to end */
		return;
	}
	rows->rc = execute_again(p, text, values, count, &result);
	rows->answer = result;
}

static bool next(struct sql_rows *rows)
{
	struct postgresql *p = (struct postgresql *)rows->sql;

	if (!rows->streams)
		return ++rows->row < PQntuples(rows->answer);
	PQclear(rows->answer);
	rows->answer = PQgetResult(p->conn);
	if (rows->answer == NULL)
		return false;
	if (PQresultStatus(rows->answer) == PGRES_SINGLE_TUPLE)
		return true;
	if (PQresultStatus(rows->answer) != PGRES_TUPLES_OK)
		rows->rc = failed(p, rows->answer);
	return false;
}

/* Reads off what is left; when there was a row last, more may follow, and is called off, which
 * breaks a group. */
static void end_stream(struct postgresql *p, struct sql_rows *rows)
{
	char said[128];
	bool more =
	    PQresultStatus(rows->answer) == PGRES_SINGLE_TUPLE && !p->sql.keep_group;
	PGcancel *cancel = more ? PQgetCancel(p->conn) : NULL;

	if (cancel != NULL) {
		(void)PQcancel(cancel, said, sizeof said);
		PQfreeCancel(cancel);
	}
	PGresult *result;
	while ((result = PQgetResult(p->conn)) != NULL)
		PQclear(result);
}

static enum err done(struct sql_rows *rows)
{
	struct postgresql *p = (struct postgresql *)rows->sql;

	if (rows->streams && rows->row == 0)
		end_stream(p, rows);
	PQclear(rows->answer);
	rows->answer = NULL;
	return rows->rc;
}

static int64_t number_at(const char *bytes, int len)
{
	uint64_t n = 0;
	for (int i = 0; i < len; i++)
		n = n << 8 | (uint8_t)bytes[i];
	return len == 4 ? (int32_t)n : (int64_t)n; /* int4 has its own sign */
}

static struct sql_value column(const struct sql_rows *rows, int at)
{
	const PGresult *result = rows->answer;
	int row = rows->streams ? 0 : rows->row;

	if (PQgetisnull(result, row, at) != 0)
		return (struct sql_value){.type = SQL_NUMBER, .null = true};
	const char *bytes = PQgetvalue(result, row, at);
	int len = PQgetlength(result, row, at);
	switch (PQftype(result, at)) {
	case OID_BYTEA:
	case OID_TEXT:
		return (struct sql_value){
		    .type = SQL_TEXT, .bytes = {(const uint8_t *)bytes, (size_t)len}};
	default:
		return sql_number(len <= 8 ? number_at(bytes, len) : 0);
	}
}

static const struct sql_driver postgresql_driver = {
    .dialect = SQL_POSTGRESQL,
    .close = close_postgresql,
    .script = script,
    .run = run,
    .ask = ask,
    .next = next,
    .done = done,
    .column = column,
};

enum err sql_open_postgresql(struct sql **out, const char *address, struct diag *why)
{
	struct postgresql *p = calloc(1, sizeof *p);
	if (p == NULL)
		return ERR_MEMORY;
	p->sql.driver = &postgresql_driver;
	p->address = strdup(address);
	enum err rc = p->address == NULL ? ERR_MEMORY : connect_now(p);
	if (rc != OK) {
		if (why != NULL)
			*why = p->sql.why;
		close_postgresql(&p->sql);
		return rc;
	}
	*out = &p->sql;
	return OK;
}
