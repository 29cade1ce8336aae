/* schema -- the tables, and their numbered migrations, forward only. */
#ifndef DISTRICT_STORE_SCHEMA_H
#define DISTRICT_STORE_SCHEMA_H

#include "district/store/sql.h"

enum {
	SCHEMA_VERSION = 1
};

/* Brings the database to SCHEMA_VERSION under a lock. ERR_UNSUPPORTED: it is beyond. */
MUST_CHECK enum err schema_migrate(struct sql *sql);

/* 0: an empty database. */
MUST_CHECK enum err schema_version(struct sql *sql, int64_t *version);

/* All tables with content, in an order in which rows may be put in (no reference points
 * forward); for backups. A type is 'n' number, 't' text, 'b' bytes, one a column. */
struct schema_table {
	const char *name;
	const char *select;
	const char *insert;
	const char *remove;
	const char *types;
	bool by_month; /* PostgreSQL keeps it by month; the first column is the day */
};
extern const struct schema_table schema_tables[]; /* name NULL ends it */

/* PostgreSQL: the partitions of the day's month are there after this. Within a group it holds
 * the tables until the group's end. */
MUST_CHECK enum err schema_make_month(struct sql *sql, int32_t day);

#endif
