/* Small numbers for units, words (tiers, categories, failures) and names.
 *
 * Numbers are given without gaps, under a lock on PostgreSQL: units are an index into arrays,
 * words must fit in 12 bits. New ones are rare, so the lock costs nobody. */
#include <string.h>

#include "district/store/internal.h"

struct dictionary {
	const char *find;
	const char *make;
	const char *lock; /* PostgreSQL */
};

static const struct dictionary unit_dictionary = {
    .find = "SELECT number FROM units WHERE unit = $1",
    .make = "INSERT INTO units (number, unit)"
            " SELECT COALESCE(MAX(number), 0) + 1, $1 FROM units WHERE true"
            " ON CONFLICT DO NOTHING",
    .lock = "SELECT pg_advisory_xact_lock(4802178)",
};
static const struct dictionary word_dictionary = {
    .find = "SELECT id FROM words WHERE word = $1",
    .make = "INSERT INTO words (id, word)"
            " SELECT COALESCE(MAX(id), 0) + 1, $1 FROM words WHERE true"
            " ON CONFLICT DO NOTHING",
    .lock = "SELECT pg_advisory_xact_lock(4802179)",
};
static const struct dictionary name_dictionary = {
    .find = "SELECT id FROM names WHERE name = $1",
    .make = "INSERT INTO names (id, name)"
            " SELECT COALESCE(MAX(id), 0) + 1, $1 FROM names WHERE true"
            " ON CONFLICT DO NOTHING",
    .lock = "SELECT pg_advisory_xact_lock(4802180)",
};

/* 0: it has none. */
static enum err find(
    struct store *store, const struct dictionary *d, const char *text, uint32_t *number)
{
	int64_t found = 0;

	enum err rc = sql_one_number(store->sql, d->find, SQL_ARGS(sql_text(text)), &found);
	if (rc == OK)
		*number = (uint32_t)found;
	return rc;
}

static enum err make(
    struct store *store, const struct dictionary *d, const char *text, uint32_t *number)
{
	enum err rc = OK;

	store->unsure = true;
	if (sql_is_postgresql(store->sql))
		rc = sql_script(store->sql, d->lock);
	/* Somebody may have made it while we waited. */
	if (rc == OK)
		rc = find(store, d, text, number);
	if (rc == OK && *number == 0)
		rc = sql_run(store->sql, d->make, SQL_ARGS(sql_text(text)), NULL);
	if (rc == OK && *number == 0)
		rc = find(store, d, text, number);
	return rc;
}

enum err unit_number_find(struct store *store, const char *unit, uint32_t *number)
{
	uint32_t found = 0;

	if (text_map_find(&store->unit_numbers, unit, number))
		return OK;
	enum err rc = find(store, &unit_dictionary, unit, &found);
	if (rc != OK)
		return rc;
	if (found == 0)
		return store_refuse(store, ERR_NOT_FOUND, "no unit \"%s\" is known", unit);
	*number = found;
	return text_map_put(&store->unit_numbers, unit, found) == NULL ? ERR_MEMORY : OK;
}

enum err unit_number_make(struct store *store, const char *unit, uint32_t *number)
{
	uint32_t found = 0;

	if (text_map_find(&store->unit_numbers, unit, number))
		return OK;
	enum err rc = find(store, &unit_dictionary, unit, &found);
	if (rc == OK && found == 0)
		rc = make(store, &unit_dictionary, unit, &found);
	if (rc != OK)
		return rc;
	if (found > STORE_UNITS)
		return store_refuse(store, ERR_FULL, "more than %d units", STORE_UNITS);
	*number = found;
	return text_map_put(&store->unit_numbers, unit, found) == NULL ? ERR_MEMORY : OK;
}

enum err unit_lock(struct store *store, uint32_t number)
{
	int64_t found = 0;

	if (!sql_is_postgresql(store->sql))
		return OK;
	return sql_one_number(store->sql,
	    "SELECT number FROM units WHERE number = $1 FOR NO KEY UPDATE",
	    SQL_ARGS(sql_number(number)), &found);
}

enum err unit_texts_load(struct store *store, struct arena *memory, struct unit_texts *out)
{
	struct sql_rows rows;
	int64_t max = 0;

	enum err rc =
	    sql_one_number(store->sql, "SELECT MAX(number) FROM units", SQL_NO_ARGS, &max);
	if (rc != OK)
		return rc;
	size_t count = (size_t)max + 1;
	const char **at = arena_array(memory, count, sizeof *at);
	if (at == NULL)
		return ERR_MEMORY;
	sql_ask(store->sql, &rows, "SELECT number, unit FROM units", SQL_NO_ARGS);
	while (sql_next(&rows)) {
		size_t number = (size_t)sql_get_number(&rows, 0);
		char *text = arena_text(memory, slice_of(sql_get_text(&rows, 1)));
		if (text == NULL)
			rows.rc = ERR_MEMORY;
		else if (number < count)
			at[number] = text;
	}
	rc = sql_done(&rows);
	if (rc == OK)
		*out = (struct unit_texts){at, count};
	return rc;
}

static enum err remember_word(struct store *store, const char *word, uint32_t id)
{
	uint32_t known;

	if (id >= STORE_WORDS)
		return store_refuse(store, ERR_FULL, "too many different words");
	if (text_map_find(&store->words, word, &known))
		return OK;
	store->word_of[id] = text_map_put(&store->words, word, id);
	return store->word_of[id] == NULL ? ERR_MEMORY : OK;
}

enum err word_id(struct store *store, const char *word, uint32_t *id)
{
	uint32_t found = 0;

	if (text_map_find(&store->words, word, id))
		return OK;
	if (!store_is_id(word))
		return store_refuse(
		    store, ERR_FORMAT, "a tier, category or failure that is no word");
	enum err rc = find(store, &word_dictionary, word, &found);
	if (rc == OK && found == 0 && store->words.count >= STORE_WORDS - 2)
		return store_refuse(store, ERR_FULL, "too many different words");
	if (rc == OK && found == 0)
		rc = make(store, &word_dictionary, word, &found);
	if (rc == OK)
		rc = remember_word(store, word, found);
	if (rc == OK)
		*id = found;
	return rc;
}

enum err words_load(struct store *store)
{
	struct sql_rows rows;

	sql_ask(store->sql, &rows, "SELECT id, word FROM words", SQL_NO_ARGS);
	while (sql_next(&rows)) {
		enum err rc = remember_word(
		    store, sql_get_text(&rows, 1), (uint32_t)sql_get_number(&rows, 0));
		if (rc != OK)
			rows.rc = rc;
	}
	return sql_done(&rows);
}

const char *word_text(const struct store *store, uint32_t id)
{
	return id < STORE_WORDS && store->word_of[id] != NULL ? store->word_of[id] : "?";
}

/* A-labels as the contract has them; "*" and "_" occur in lists. */
static bool is_name(const char *name)
{
	size_t len = 0;

	for (; name[len] != 0; len++) {
		char c = name[len];
		bool good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
		    c == '-' || c == '_' || c == '*';
		if (!good || len == 253)
			return false;
	}
	return len > 0;
}

enum err name_id(struct store *store, const char *name, uint32_t *id)
{
	uint32_t found = 0;

	if (text_map_find(&store->names, name, id))
		return OK;
	if (!is_name(name))
		return store_refuse(
		    store, ERR_FORMAT, "a name that is no name in lower case");
	enum err rc = find(store, &name_dictionary, name, &found);
	if (rc == OK && found == 0)
		rc = make(store, &name_dictionary, name, &found);
	if (rc != OK)
		return rc;
	*id = found;
	return text_map_put(&store->names, name, found) == NULL ? ERR_MEMORY : OK;
}
