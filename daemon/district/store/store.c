/* Opening, closing, transactions. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "district/store/internal.h"

enum {
	TRIES = 12, /* of a step whose writers met others */
	PACKED_MAX = SUMS_MAX_BYTES
};

static void forget(struct store *store)
{
	text_map_clear(&store->unit_numbers);
	text_map_clear(&store->words);
	text_map_clear(&store->names);
	memset(store->word_of, 0, sizeof store->word_of);
	store->month_count = 0;
	store->unsure = false;
}

static enum err open_sql(struct sql **out, const char *where, struct diag *why)
{
	static const char sqlite[] = "sqlite:";

	if (strncmp(where, sqlite, sizeof sqlite - 1) == 0)
		return sql_open_sqlite(out, where + sizeof sqlite - 1, why);
	if (strncmp(where, "postgresql:", 11) == 0 || strncmp(where, "postgres:", 9) == 0) {
#if LACHAN_POSTGRESQL
		return sql_open_postgresql(out, where, why);
#else
		diag_set(why, "this lachan-district was built without PostgreSQL");
		return ERR_UNSUPPORTED;
#endif
	}
	diag_set(why, "\"%s\" is neither sqlite: nor postgresql:", where);
	return ERR_FORMAT;
}

enum err store_open(struct store **out, const char *where, struct diag *why)
{
	struct hash_key key;
	struct store *store = calloc(1, sizeof *store);

	if (store == NULL)
		return ERR_MEMORY;
	/* Without a random key the maps still work; getrandom cannot fail for 16 octets. */
	if (getrandom(&key, sizeof key, 0) != (ssize_t)sizeof key)
		key = (struct hash_key){0, 0};
	text_map_init(&store->unit_numbers, STORE_UNITS, key);
	text_map_init(&store->words, STORE_WORDS, key);
	text_map_init(&store->names, STORE_NAMES_KEPT, key);
	store->packed = BUF_INIT(PACKED_MAX);
	enum err rc = open_sql(&store->sql, where, why);
	if (rc == OK) {
		rc = schema_migrate(store->sql);
		if (rc != OK && why != NULL)
			*why = store->sql->why;
	}
	if (rc != OK) {
		store_close(store);
		return rc;
	}
	*out = store;
	return OK;
}

void store_close(struct store *store)
{
	if (store == NULL)
		return;
	if (store->sql != NULL)
		sql_rollback(store->sql);
	sql_close(store->sql);
	text_map_deinit(&store->unit_numbers);
	text_map_deinit(&store->words);
	text_map_deinit(&store->names);
	buf_deinit(&store->packed);
	free(store);
}

const char *store_why(const struct store *store)
{
	return store->sql->why.text;
}

const char *store_kind(const struct store *store)
{
	return sql_is_postgresql(store->sql) ? "postgresql" : "sqlite";
}

void store_enter(struct store *store)
{
	store->sql->why.text[0] = 0;
	store->sql->collided = false;
}

enum err store_refuse(struct store *store, enum err rc, const char *format, ...)
{
	char text[DIAG_TEXT_BYTES];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof text, format, args);
	va_end(args);
	diag_set(&store->sql->why, "%s", text);
	return rc;
}

/* What is about the arguments leaves a group as it is; all else ends it. */
static bool is_about_arguments(enum err rc)
{
	return rc == ERR_NOT_FOUND || rc == ERR_EXISTS || rc == ERR_RANGE ||
	    rc == ERR_FORMAT || rc == ERR_DENIED;
}

static void roll_back(struct store *store)
{
	sql_rollback(store->sql);
	if (store->unsure)
		forget(store);
}

static enum err run_in_group(struct store *store, store_step *step, void *context)
{
	if (store->lost != OK)
		return store_refuse(store, store->lost, "this group of changes was lost");
	enum err rc = step(store, context);
	if (rc != OK && !is_about_arguments(rc)) {
		roll_back(store);
		store->lost = rc;
	}
	return rc;
}

static enum err run_once(struct store *store, store_step *step, void *context)
{
	enum err rc = sql_begin(store->sql, SQL_WRITE);
	if (rc != OK)
		return rc;
	rc = step(store, context);
	if (rc == OK)
		rc = sql_commit(store->sql);
	if (rc != OK)
		roll_back(store);
	else
		store->unsure = false;
	return rc;
}

/* Longer with each try, and not the same for two who met: the address differs by process
 * and thread, the clock by the rest. */
static void wait_a_little(const struct store *store, unsigned tries)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	uint64_t mixed = hash_mix64((uint64_t)now.tv_nsec ^ (uint64_t)(uintptr_t)store);
	struct timespec pause = {
	    0, (long)(mixed % (UINT64_C(5000000) << (tries > 4 ? 4 : tries)))};
	(void)nanosleep(&pause, NULL);
}

enum err store_write(struct store *store, store_step *step, void *context)
{
	enum err rc = OK;

	if (store->group)
		return run_in_group(store, step, context);
	for (unsigned tries = 0; tries < TRIES; tries++) {
		store_enter(store);
		rc = run_once(store, step, context);
		if (rc != ERR_AGAIN || !store->sql->collided)
			return rc;
		wait_a_little(store, tries);
	}
	return rc;
}

enum err store_read(struct store *store, store_step *step, void *context)
{
	if (store->group)
		return run_in_group(store, step, context);
	enum err rc = sql_begin(store->sql, SQL_READ);
	if (rc != OK)
		return rc;
	rc = step(store, context);
	if (rc == OK)
		return sql_commit(store->sql);
	roll_back(store);
	return rc;
}

enum err store_begin(struct store *store)
{
	store_enter(store);
	if (store->group)
		return store_refuse(store, ERR_EXISTS, "a group of changes is open");
	enum err rc = sql_begin(store->sql, SQL_WRITE);
	if (rc == OK) {
		store->group = store->sql->keep_group = true;
		store->lost = OK;
	}
	return rc;
}

enum err store_commit(struct store *store)
{
	store_enter(store);
	if (!store->group)
		return store_refuse(store, ERR_NOT_FOUND, "no group of changes is open");
	store->group = store->sql->keep_group = false;
	if (store->lost != OK)
		return store_refuse(store, store->lost, "this group of changes was lost");
	enum err rc = sql_commit(store->sql);
	if (rc != OK)
		roll_back(store);
	else
		store->unsure = false;
	return rc;
}

void store_rollback(struct store *store)
{
	if (store->group)
		roll_back(store);
	store->group = store->sql->keep_group = false;
}

/* A row of its own, so that nobody's changes wait for it; another value each time, since
 * SQLite does not write what is there already and would not find a full disk. */
static enum err write_ping(struct store *store, void *context)
{
	(void)context;
	return sql_run(store->sql,
	    "INSERT INTO counters (name, value) VALUES ('ping', 1)"
	    " ON CONFLICT (name) DO UPDATE SET value = 1 - counters.value",
	    SQL_NO_ARGS, NULL);
}

enum err store_ping(struct store *store)
{
	store_enter(store);
	return store_write(store, write_ping, NULL);
}

bool store_is_id(const char *text)
{
	size_t len = 0;

	for (; text != NULL && text[len] != 0; len++) {
		char c = text[len];
		bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
		if (!good || len == STORE_UNIT_BYTES - 1)
			return false;
	}
	return len > 0;
}

bool store_is_text(const char *text)
{
	return text != NULL && strnlen(text, STORE_TEXT_BYTES + 1) <= STORE_TEXT_BYTES;
}
