/* sql -- one connection to SQLite or PostgreSQL, as far as the store needs both alike.
 *
 * Statements are literals that both understand, with parameters $1, $2 … that first occur in
 * this order; they are prepared once a connection, known by their address. Only whole
 * numbers (64 bits), texts and bytes go in and out. Values are always bound.
 *
 * Threads: a connection belongs to one thread at a time. Errors are those of store.h. */
#ifndef DISTRICT_STORE_SQL_H
#define DISTRICT_STORE_SQL_H

#include "base/attr.h"
#include "base/bytes.h"
#include "base/diag.h"
#include "base/err.h"

enum sql_type {
	SQL_NUMBER,
	SQL_TEXT,
	SQL_BYTES
};

struct sql_value {
	enum sql_type type;
	bool null;
	int64_t number;
	struct slice bytes;
};

static inline struct sql_value sql_number(int64_t number)
{
	return (struct sql_value){.type = SQL_NUMBER, .number = number};
}

static inline struct sql_value sql_text(const char *text)
{
	return (struct sql_value){.type = SQL_TEXT, .bytes = slice_of(text)};
}

static inline struct sql_value sql_bytes(struct slice bytes)
{
	return (struct sql_value){.type = SQL_BYTES, .bytes = bytes};
}

/* The arguments `values, count` of the functions below. */
#define SQL_ARGS(...)                              \
	((const struct sql_value[]){__VA_ARGS__}), \
	    (sizeof((const struct sql_value[]){__VA_ARGS__}) / sizeof(struct sql_value))
#define SQL_NO_ARGS NULL, 0

enum sql_dialect {
	SQL_SQLITE,
	SQL_POSTGRESQL
};

enum {
	SQL_STATEMENTS = 160, /* prepared at once, of one connection */
	SQL_VALUES = 20       /* of one statement */
};

struct sql;

/* An answer that is being read. Goes bad once and stays bad: read straight down, check at
 * sql_done(). Texts and bytes of a row live until the next one. */
struct sql_rows {
	struct sql *sql;
	void *answer;
	int row;
	bool streams;
	enum err rc;
};

struct sql_driver {
	enum sql_dialect dialect;
	void (*close)(struct sql *sql);
	enum err (*script)(struct sql *sql, const char *text);
	enum err (*run)(struct sql *sql, const char *text, const struct sql_value *values,
	    size_t count, uint64_t *changed);
	void (*ask)(struct sql_rows *rows, const char *text, const struct sql_value *values,
	    size_t count);
	bool (*next)(struct sql_rows *rows);
	enum err (*done)(struct sql_rows *rows);
	struct sql_value (*column)(const struct sql_rows *rows, int column);
};

/* What both drivers' own structs begin with. */
struct sql {
	const struct sql_driver *driver;
	struct diag why; /* of the last failure */
	bool in_group;   /* between BEGIN and COMMIT or ROLLBACK */
	bool writes;     /* that group is one of SQL_WRITE */
	bool keep_group; /* the group holds several calls' changes: none may break it */
	bool collided;   /* the last failure was two writers meeting: worth another try */
};

/* `path` is made when absent, 0600. */
MUST_CHECK enum err sql_open_sqlite(struct sql **out, const char *path, struct diag *why);
/* A copy of a whole SQLite database into a new file, while others write. */
MUST_CHECK enum err sql_copy_sqlite(struct sql *sql, const char *path);
MUST_CHECK enum err sql_open_postgresql(
    struct sql **out, const char *address, struct diag *why);
void sql_close(struct sql *sql);

static inline bool sql_is_postgresql(const struct sql *sql)
{
	return sql->driver->dialect == SQL_POSTGRESQL;
}

/* A SELECT that keeps its rows from other writers until the group ends. SQLite has one
 * writer at a time, so nothing is to be said there. */
#define SQL_LOCKING(sql, text) (sql_is_postgresql(sql) ? text " FOR NO KEY UPDATE" : text)

/* Several statements without values, not prepared. */
MUST_CHECK enum err sql_script(struct sql *sql, const char *text);
/* `changed` (may be NULL): how many rows were inserted, updated or deleted. */
MUST_CHECK enum err sql_run(struct sql *sql, const char *text,
    const struct sql_value *values, size_t count, uint64_t *changed);

/* Answers of a few rows: other statements may run while they are read. */
void sql_ask(struct sql *sql, struct sql_rows *rows, const char *text,
    const struct sql_value *values, size_t count);
/* Answers of any length, row by row: nothing else may run until sql_done(). */
void sql_stream(struct sql *sql, struct sql_rows *rows, const char *text,
    const struct sql_value *values, size_t count);
bool sql_next(struct sql_rows *rows);
/* Ends reading, at any row. */
MUST_CHECK enum err sql_done(struct sql_rows *rows);

bool sql_is_null(const struct sql_rows *rows, int column);
int64_t sql_get_number(const struct sql_rows *rows, int column);   /* NULL: 0 */
const char *sql_get_text(const struct sql_rows *rows, int column); /* NULL: "" */
struct slice sql_get_bytes(const struct sql_rows *rows, int column);

/* The first number of the first row; `otherwise` when there is none or it is NULL. */
MUST_CHECK enum err sql_one_number(struct sql *sql, const char *text,
    const struct sql_value *values, size_t count, int64_t *out);

/* Groups. A failed statement does not end one: that is sql_rollback(). */
enum sql_group {
	SQL_WRITE,
	SQL_READ /* one state of the database for several answers */
};
MUST_CHECK enum err sql_begin(struct sql *sql, enum sql_group group);
/* Not OK: nothing of the group is kept. ERR_IO: a statement of it had failed, after which
 * PostgreSQL takes no other, and answers COMMIT with a rollback. */
MUST_CHECK enum err sql_commit(struct sql *sql);
void sql_rollback(struct sql *sql);

#endif
