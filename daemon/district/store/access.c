/* Tokens, keys, and the step that makes a school's key known. */
#include <string.h>

#include "district/store/internal.h"

static struct slice sha256_of(const uint8_t sha256[STORE_SHA256_BYTES])
{
	return (struct slice){sha256, STORE_SHA256_BYTES};
}

static struct slice key_of(const uint8_t key[STORE_KEY_BYTES])
{
	return (struct slice){key, STORE_KEY_BYTES};
}

static void copy_text(char *out, size_t size, const char *text)
{
	size_t len = strnlen(text, size - 1);
	memcpy(out, text, len);
	out[len] = 0;
}

static void copy_bytes(uint8_t *out, size_t size, struct slice bytes)
{
	memset(out, 0, size);
	if (bytes.len > 0)
		memcpy(out, bytes.ptr, bytes.len < size ? bytes.len : size);
}

static bool is_note(const char *note)
{
	return note != NULL && strnlen(note, STORE_NOTE_BYTES) < STORE_NOTE_BYTES;
}

/* ---- tokens ---- */

static enum err insert_token(
    struct store *store, uint32_t unit, const struct token *t, uint64_t *inserted)
{
	return sql_run(store->sql,
	    "INSERT INTO tokens"
	    " (sha256, unit, usage, note, made, expires, revoked, used, used_key)"
	    " VALUES ($1, $2, $3, $4, $5, $6, 0, 0, $7) ON CONFLICT DO NOTHING",
	    SQL_ARGS(sql_bytes(sha256_of(t->sha256)), sql_number(unit), sql_number(t->use),
	        sql_text(t->note), sql_number(t->made_s), sql_number(t->expires_s),
	        sql_bytes(SLICE_EMPTY)),
	    inserted);
}

static enum err token_put_step(struct store *store, void *context)
{
	const struct token *t = context;
	uint32_t unit = 0;
	uint64_t inserted = 0;

	enum err rc = unit_number_make(store, t->unit, &unit);
	if (rc == OK)
		rc = insert_token(store, unit, t, &inserted);
	if (rc == OK && inserted == 0)
		rc = store_refuse(store, ERR_EXISTS, "this token is here already");
	return rc;
}

enum err store_token_put(struct store *store, const struct token *token)
{
	struct token copy = *token;

	store_enter(store);
	if (!store_is_id(token->unit))
		return store_refuse(store, ERR_FORMAT, "no identifier of a unit");
	return store_write(store, token_put_step, &copy);
}

#define TOKEN_COLUMNS \
	"t.sha256, u.unit, t.usage, t.note, t.made, t.expires, t.revoked, t.used, t.used_key"

static void fill_token(struct token *t, const struct sql_rows *rows)
{
	copy_bytes(t->sha256, sizeof t->sha256, sql_get_bytes(rows, 0));
	copy_text(t->unit, sizeof t->unit, sql_get_text(rows, 1));
	t->use = (enum token_use)sql_get_number(rows, 2);
	copy_text(t->note, sizeof t->note, sql_get_text(rows, 3));
	t->made_s = sql_get_number(rows, 4);
	t->expires_s = sql_get_number(rows, 5);
	t->revoked_s = sql_get_number(rows, 6);
	t->used_s = sql_get_number(rows, 7);
	copy_bytes(t->used_key, sizeof t->used_key, sql_get_bytes(rows, 8));
}

static enum err find_token(
    struct store *store, const uint8_t sha256[STORE_SHA256_BYTES], struct token *out)
{
	struct sql_rows rows;
	struct token found = {0};
	bool any = false;

	sql_ask(store->sql, &rows,
	    "SELECT " TOKEN_COLUMNS
	    " FROM tokens t JOIN units u ON u.number = t.unit WHERE t.sha256 = $1",
	    SQL_ARGS(sql_bytes(sha256_of(sha256))));
	if (sql_next(&rows)) {
		fill_token(&found, &rows);
		any = true;
	}
	enum err rc = sql_done(&rows);
	if (rc == OK && !any)
		return store_refuse(store, ERR_NOT_FOUND, "no such token");
	if (rc == OK)
		*out = found;
	return rc;
}

enum err store_token_find(
    struct store *store, const uint8_t sha256[STORE_SHA256_BYTES], struct token *out)
{
	store_enter(store);
	return find_token(store, sha256, out);
}

enum err store_token_list(
    struct store *store, const char *unit, store_token_row *row, void *context)
{
	struct sql_rows rows;
	struct token token;
	const char *which = unit == NULL ? "" : unit;

	store_enter(store);
	sql_ask(store->sql, &rows,
	    "SELECT " TOKEN_COLUMNS " FROM tokens t JOIN units u ON u.number = t.unit"
	    " WHERE u.unit = $1 OR $2 = '' ORDER BY u.unit, t.made, t.sha256",
	    SQL_ARGS(sql_text(which), sql_text(which)));
	while (sql_next(&rows)) {
		fill_token(&token, &rows);
		if (!row(context, &token))
			break;
	}
	return sql_done(&rows);
}

struct revoking {
	const char *unit;
	const uint8_t *bytes; /* NULL: all */
	int64_t now_s;
};

static enum err token_revoke_step(struct store *store, void *context)
{
	const struct revoking *r = context;
	uint32_t unit = 0;
	uint64_t changed = 0;
	struct slice which = r->bytes == NULL ? SLICE_EMPTY : sha256_of(r->bytes);

	enum err rc = unit_number_find(store, r->unit, &unit);
	if (rc == OK)
		rc = sql_run(store->sql,
		    "UPDATE tokens SET revoked = CASE WHEN revoked = 0 THEN $1 ELSE revoked END"
		    " WHERE unit = $2 AND (sha256 = $3 OR $4 = 1)",
		    SQL_ARGS(sql_number(r->now_s), sql_number(unit), sql_bytes(which),
		        sql_number(r->bytes == NULL)),
		    &changed);
	if (rc == OK && changed == 0)
		rc = store_refuse(
		    store, ERR_NOT_FOUND, "unit %s has no such token", r->unit);
	return rc;
}

enum err store_token_revoke(struct store *store, const char *unit,
    const uint8_t sha256[STORE_SHA256_BYTES], int64_t now_s)
{
	struct revoking r = {unit, sha256, now_s};

	store_enter(store);
	return store_write(store, token_revoke_step, &r);
}

/* ---- keys ---- */

#define KEY_COLUMNS "k.public_key, u.unit, k.note, k.pinned, k.revoked"

static void fill_key(struct unit_key *k, const struct sql_rows *rows)
{
	copy_bytes(k->key, sizeof k->key, sql_get_bytes(rows, 0));
	copy_text(k->unit, sizeof k->unit, sql_get_text(rows, 1));
	copy_text(k->note, sizeof k->note, sql_get_text(rows, 2));
	k->pinned_s = sql_get_number(rows, 3);
	k->revoked_s = sql_get_number(rows, 4);
}

static enum err find_key(struct store *store, const char *unit,
    const uint8_t key[STORE_KEY_BYTES], struct unit_key *out)
{
	struct sql_rows rows;
	struct unit_key found = {0};
	bool any = false;

	sql_ask(store->sql, &rows,
	    "SELECT " KEY_COLUMNS " FROM unit_keys k JOIN units u ON u.number = k.unit"
	    " WHERE u.unit = $1 AND k.public_key = $2",
	    SQL_ARGS(sql_text(unit), sql_bytes(key_of(key))));
	if (sql_next(&rows)) {
		fill_key(&found, &rows);
		any = true;
	}
	enum err rc = sql_done(&rows);
	if (rc == OK && !any)
		return store_refuse(store, ERR_NOT_FOUND, "unit %s has no such key", unit);
	if (rc == OK)
		*out = found;
	return rc;
}

enum err store_key_find(struct store *store, const char *unit,
    const uint8_t key[STORE_KEY_BYTES], struct unit_key *out)
{
	store_enter(store);
	return find_key(store, unit, key, out);
}

struct pinning {
	const char *unit;
	const uint8_t *key;
	const char *note;
	int64_t now_s;
};

static enum err pin(struct store *store, const struct pinning *p)
{
	uint32_t unit = 0;
	struct unit_key there;

	enum err rc = unit_number_make(store, p->unit, &unit);
	if (rc == OK)
		rc = unit_lock(store, unit);
	if (rc != OK)
		return rc;
	rc = find_key(store, p->unit, p->key, &there);
	if (rc == OK && there.revoked_s != 0)
		return store_refuse(
		    store, ERR_DENIED, "this key of unit %s was revoked", p->unit);
	if (rc != ERR_NOT_FOUND)
		return rc;
	store_enter(store);
	return sql_run(store->sql,
	    "INSERT INTO unit_keys (unit, public_key, note, pinned, revoked)"
	    " VALUES ($1, $2, $3, $4, 0)",
	    SQL_ARGS(sql_number(unit), sql_bytes(key_of(p->key)), sql_text(p->note),
	        sql_number(p->now_s)),
	    NULL);
}

static enum err pin_step(struct store *store, void *context)
{
	return pin(store, context);
}

enum err store_key_pin(struct store *store, const char *unit,
    const uint8_t key[STORE_KEY_BYTES], const char *note, int64_t now_s)
{
	struct pinning p = {unit, key, note, now_s};

	store_enter(store);
	if (!store_is_id(unit))
		return store_refuse(store, ERR_FORMAT, "no identifier of a unit");
	if (!is_note(note))
		return store_refuse(store, ERR_RANGE, "the note is too long");
	return store_write(store, pin_step, &p);
}

enum err store_key_list(
    struct store *store, const char *unit, store_key_row *row, void *context)
{
	struct sql_rows rows;
	struct unit_key key;
	const char *which = unit == NULL ? "" : unit;

	store_enter(store);
	sql_ask(store->sql, &rows,
	    "SELECT " KEY_COLUMNS " FROM unit_keys k JOIN units u ON u.number = k.unit"
	    " WHERE u.unit = $1 OR $2 = '' ORDER BY u.unit, k.pinned, k.public_key",
	    SQL_ARGS(sql_text(which), sql_text(which)));
	while (sql_next(&rows)) {
		fill_key(&key, &rows);
		if (!row(context, &key))
			break;
	}
	return sql_done(&rows);
}

static enum err key_revoke_step(struct store *store, void *context)
{
	const struct revoking *r = context;
	uint32_t unit = 0;
	uint64_t changed = 0;
	struct slice which = r->bytes == NULL ? SLICE_EMPTY : key_of(r->bytes);

	enum err rc = unit_number_find(store, r->unit, &unit);
	if (rc == OK)
		rc = sql_run(store->sql,
		    "UPDATE unit_keys SET revoked = CASE WHEN revoked = 0 THEN $1 ELSE revoked"
		    " END WHERE unit = $2 AND (public_key = $3 OR $4 = 1)",
		    SQL_ARGS(sql_number(r->now_s), sql_number(unit), sql_bytes(which),
		        sql_number(r->bytes == NULL)),
		    &changed);
	if (rc == OK && changed == 0)
		rc = store_refuse(store, ERR_NOT_FOUND, "unit %s has no such key", r->unit);
	return rc;
}

enum err store_key_revoke(struct store *store, const char *unit,
    const uint8_t key[STORE_KEY_BYTES], int64_t now_s)
{
	struct revoking r = {unit, key, now_s};

	store_enter(store);
	return store_write(store, key_revoke_step, &r);
}

/* ---- enrolment ---- */

struct enrolling {
	const struct enrolment *in;
	char unit[STORE_UNIT_BYTES];
};

/* Two who come with one token at once: the second finds it used. */
static enum err lock_token(struct store *store, const struct enrolment *e)
{
	struct sql_rows rows;

	sql_ask(store->sql, &rows,
	    SQL_LOCKING(store->sql, "SELECT used FROM tokens WHERE sha256 = $1"),
	    SQL_ARGS(sql_bytes(sha256_of(e->token_sha256))));
	(void)sql_next(&rows);
	return sql_done(&rows);
}

static enum err check_token(
    struct store *store, const struct enrolment *e, const struct token *t)
{
	if (t->use != TOKEN_ENROL)
		return store_refuse(store, ERR_NOT_FOUND, "no such enrolment token");
	if (t->revoked_s != 0)
		return store_refuse(store, ERR_DENIED, "the enrolment token was revoked");
	if (t->expires_s != 0 && t->expires_s <= e->now_s)
		return store_refuse(store, ERR_DENIED, "the enrolment token has expired");
	if (t->used_s != 0 && memcmp(t->used_key, e->key, STORE_KEY_BYTES) != 0)
		return store_refuse(
		    store, ERR_DENIED, "the enrolment token was used with another key");
	return OK;
}

static enum err enrol_step(struct store *store, void *context)
{
	struct enrolling *x = context;
	const struct enrolment *e = x->in;
	struct token used = {0};

	enum err rc = lock_token(store, e);
	if (rc == OK)
		rc = find_token(store, e->token_sha256, &used);
	if (rc == OK)
		rc = check_token(store, e, &used);
	if (rc != OK)
		return rc;
	struct pinning p = {used.unit, e->key, e->note, e->now_s};
	rc = pin(store, &p);
	if (rc == OK)
		rc = sql_run(store->sql,
		    "UPDATE tokens SET used = $1, used_key = $2 WHERE sha256 = $3",
		    SQL_ARGS(sql_number(e->now_s), sql_bytes(key_of(e->key)),
		        sql_bytes(sha256_of(e->token_sha256))),
		    NULL);
	if (rc != OK)
		return rc;
	struct token bearer = {.use = TOKEN_SEND, .made_s = e->now_s};
	memcpy(bearer.sha256, e->bearer_sha256, sizeof bearer.sha256);
	copy_text(bearer.unit, sizeof bearer.unit, used.unit);
	copy_text(bearer.note, sizeof bearer.note, e->note);
	rc = token_put_step(store, &bearer);
	copy_text(x->unit, sizeof x->unit, used.unit);
	return rc;
}

enum err store_enrol(
    struct store *store, const struct enrolment *enrolment, char unit[STORE_UNIT_BYTES])
{
	struct enrolling x = {.in = enrolment};

	store_enter(store);
	if (!is_note(enrolment->note))
		return store_refuse(store, ERR_RANGE, "the note is too long");
	enum err rc = store_write(store, enrol_step, &x);
	if (rc == OK)
		memcpy(unit, x.unit, STORE_UNIT_BYTES);
	return rc;
}
