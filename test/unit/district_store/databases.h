/* databases -- an empty store for each test, of either kind.
 *
 * PostgreSQL is Debian's, started once a program as an ordinary user, in a folder of its own, on
 * a socket there; it ends with the program. */
#ifndef TEST_DATABASES_H
#define TEST_DATABASES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "district/store.h"

enum {
	WHERE_BYTES = 512
};

enum database_kind {
	DATABASE_SQLITE,
	DATABASE_POSTGRESQL
};

/* Makes the folder, starts the server. False (with a sentence on standard output) where there
 * is no PostgreSQL. Aborts when something else fails. */
bool databases_begin(enum database_kind kind);
void databases_end(void);

/* The address of a database that is empty. */
void databases_new(char where[WHERE_BYTES]);
/* The folder for files of tests. */
const char *databases_folder(void);
enum database_kind databases_kind(void);

/* PostgreSQL: as an upgrade does; and with all its processes killed. */
void databases_restart_server(void);
void databases_crash_server(void);

/* All tests on SQLite, then on PostgreSQL where there is one; how many failed. */
int databases_run(const struct CMUnitTest *tests, size_t count);

/* A new, empty store. */
struct store *databases_open(void);
/* Another connection to the database that was made last. */
struct store *databases_open_again(void);

#endif
