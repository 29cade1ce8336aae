/* A backup is an SQLite file, of either kind of store: so one of them can be read by any tool
 * that knows SQLite, and restored into the other kind when a province outgrows the first. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/words.h"
#include "district/store/internal.h"

enum {
	MONTHS_MAX = 1200
};

static struct sql_value value_of(char type, const struct sql_rows *rows, int column)
{
	struct sql_value v = {.type = type == 'n' ? SQL_NUMBER
	        : type == 't'                     ? SQL_TEXT
	                                          : SQL_BYTES};
	v.number = sql_get_number(rows, column);
	v.bytes = sql_get_bytes(rows, column);
	return v;
}

/* Row by row from one database into the other; `*why` is the one that failed. */
static enum err copy_table(struct sql *from, struct sql *to,
    const struct schema_table *table, const struct diag **why)
{
	struct sql_value values[SQL_VALUES];
	struct sql_rows rows;
	size_t count = strlen(table->types);

	*why = &to->why;
	enum err rc = sql_run(to, table->remove, SQL_NO_ARGS, NULL);
	if (rc != OK)
		return rc;
	sql_stream(from, &rows, table->select, SQL_NO_ARGS);
	while (rc == OK && sql_next(&rows)) {
		for (size_t i = 0; i < count; i++)
			values[i] = value_of(table->types[i], &rows, (int)i);
		rc = sql_run(to, table->insert, values, count, NULL);
	}
	enum err read = sql_done(&rows);
	if (rc == OK && read != OK)
		*why = &from->why;
	return rc != OK ? rc : read;
}

static enum err copy_tables(struct sql *from, struct sql *to, const struct diag **why)
{
	enum err rc = sql_begin(to, SQL_WRITE);
	*why = &to->why;
	for (const struct schema_table *t = schema_tables; rc == OK && t->name != NULL; t++)
		rc = copy_table(from, to, t, why);
	if (rc != OK) {
		sql_rollback(to);
		return rc;
	}
	*why = &to->why;
	return sql_commit(to);
}

struct backup {
	const char *path;
};

static enum err copy_out(struct store *store, void *context)
{
	const struct backup *b = context;
	const struct diag *why = NULL;
	struct diag opening = {0};
	struct sql *to = NULL;

	enum err rc = sql_open_sqlite(&to, b->path, &opening);
	why = &opening;
	if (rc == OK) {
		rc = schema_migrate(to);
		why = &to->why;
	}
	if (rc == OK)
		rc = copy_tables(store->sql, to, &why);
	if (rc == OK)
		rc = sql_script(to, "PRAGMA journal_mode=DELETE");
	if (rc != OK && why != &store->sql->why)
		store->sql->why = *why;
	sql_close(to);
	return rc;
}

static enum err publish(struct store *store, const char *part, const char *path)
{
	/* link() rather than rename(): a file that came meanwhile stays. */
	if (link(part, path) != 0) {
		int why = errno;
		return store_refuse(store, why == EEXIST ? ERR_EXISTS : ERR_IO, "%s: %s",
		    path, strerror(why));
	}
	(void)unlink(part);
	if (file_sync_folder(path) != OK)
		return store_refuse(store, ERR_IO, "%s: %s", path, strerror(errno));
	return OK;
}

/* SQLite would make it by the umask. */
static enum err make_part(struct store *store, const char *part)
{
	(void)unlink(part);
	int fd = open(part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return store_refuse(store, ERR_IO, "%s: %s", part, strerror(errno));
	close(fd);
	return OK;
}

enum err store_backup(struct store *store, const char *path)
{
	char part[FILE_PATH_BYTES];
	struct backup b = {part};

	store_enter(store);
	if ((size_t)snprintf(part, sizeof part, "%s.part", path) >= sizeof part)
		return store_refuse(store, ERR_RANGE, "the path is too long");
	if (access(path, F_OK) == 0)
		return store_refuse(store, ERR_EXISTS, "%s is there already", path);
	enum err rc = make_part(store, part);
	if (rc != OK)
		return rc;
	if (sql_is_postgresql(store->sql))
		rc = store_read(store, copy_out, &b);
	else
		rc = sql_copy_sqlite(store->sql, part);
	if (rc == OK)
		rc = publish(store, part, path);
	if (rc != OK)
		(void)unlink(part);
	return rc;
}

/* ---- and back ---- */

static enum err check_empty(struct store *store)
{
	static const char *const questions[] = {
	    "SELECT CAST(COUNT(*) AS BIGINT) FROM units",
	    "SELECT CAST(COUNT(*) AS BIGINT) FROM papers",
	    "SELECT CAST(COUNT(*) AS BIGINT) FROM settings"};

	for (size_t i = 0; i < COUNT_OF(questions); i++) {
		int64_t rows = 0;
		enum err rc = sql_one_number(store->sql, questions[i], SQL_NO_ARGS, &rows);
		if (rc == OK && rows > 0)
			rc = store_refuse(store, ERR_EXISTS, _("this store is not empty"));
		if (rc != OK)
			return rc;
	}
	return OK;
}

/* Partitions for all months of the backup, before its rows come. */
static enum err make_months(struct store *store, struct sql *from)
{
	int64_t first = 0, last = -1;

	enum err rc = sql_one_number(
	    from, "SELECT MIN(day) FROM document_bytes", SQL_NO_ARGS, &first);
	if (rc == OK)
		rc = sql_one_number(
		    from, "SELECT MAX(day) FROM document_bytes", SQL_NO_ARGS, &last);
	if (rc != OK)
		return store_refuse(store, rc, "the backup: %s", from->why.text);
	if (last - first > MONTHS_MAX * 31)
		return store_refuse(store, ERR_FORMAT, "the backup has impossible days");
	for (int32_t day = (int32_t)first; rc == OK && day <= last;
	     day = day_month_next(day))
		rc = schema_make_month(store->sql, day);
	return rc;
}

static enum err copy_in(struct store *store, struct sql *from)
{
	const struct diag *why = NULL;
	int64_t version = 0;

	enum err rc = schema_version(from, &version);
	if (rc != OK || version != SCHEMA_VERSION)
		return store_refuse(store, ERR_FORMAT,
		    "no backup of a store with schema %d", SCHEMA_VERSION);
	rc = check_empty(store);
	if (rc == OK)
		rc = make_months(store, from);
	if (rc != OK)
		return rc;
	rc = copy_tables(from, store->sql, &why);
	if (rc != OK && why != &store->sql->why)
		store->sql->why = *why;
	return rc;
}

enum err store_restore(struct store *store, const char *path)
{
	struct diag why = {0};
	struct sql *from = NULL;

	store_enter(store);
	if (store->group)
		return store_refuse(store, ERR_EXISTS, "a group of changes is open");
	if (access(path, R_OK) != 0)
		return store_refuse(store, ERR_FORMAT, "%s: %s", path, strerror(errno));
	enum err rc = sql_open_sqlite(&from, path, &why);
	if (rc != OK)
		return store_refuse(store, ERR_FORMAT, "%s", why.text);
	rc = copy_in(store, from);
	sql_close(from);
	store->unsure = true;
	return rc;
}
