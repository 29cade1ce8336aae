/* Units: dated versions of what they are called and where they belong. */
#include <stdio.h>
#include <string.h>

#include "district/store/internal.h"

static enum err bump_revision(struct store *store)
{
	return sql_run(store->sql,
	    "UPDATE counters SET value = value + 1 WHERE name = 'unit-revision'",
	    SQL_NO_ARGS, NULL);
}

#define REVISION "SELECT value FROM counters WHERE name = 'unit-revision'"

enum err store_unit_revision(struct store *store, uint64_t *revision)
{
	int64_t value = 0;

	store_enter(store);
	enum err rc = sql_one_number(store->sql,
	    store->group ? SQL_LOCKING(store->sql, REVISION) : REVISION, SQL_NO_ARGS,
	    &value);
	if (rc == OK)
		*revision = (uint64_t)value;
	return rc;
}

static enum err number_step(struct store *store, void *context)
{
	struct unit *unit = context;
	return unit_number_find(store, unit->unit, &unit->number);
}

enum err store_unit_number(struct store *store, const char *unit, uint32_t *number)
{
	struct unit asked = {.unit = unit};

	store_enter(store);
	if (!store_is_id(unit))
		return store_refuse(
		    store, ERR_NOT_FOUND, "no unit \"%.64s\" is known", unit);
	enum err rc = store_read(store, number_step, &asked);
	if (rc == OK)
		*number = asked.number;
	return rc;
}

/* ---- put ---- */

#define VERSION_COLUMNS \
	"day_from, day_until, name, level, code, parent, kinds, contact, pupils, sends, successor"

static void fill_unit(struct unit *u, const struct sql_rows *rows, int first)
{
	u->from = (int32_t)sql_get_number(rows, first);
	u->until = (int32_t)sql_get_number(rows, first + 1);
	u->name = sql_get_text(rows, first + 2);
	u->level = sql_get_text(rows, first + 3);
	u->code = sql_get_text(rows, first + 4);
	u->parent = sql_get_text(rows, first + 5);
	u->kinds = sql_get_text(rows, first + 6);
	u->contact = sql_get_text(rows, first + 7);
	u->pupils = (uint32_t)sql_get_number(rows, first + 8);
	u->sends = sql_get_number(rows, first + 9) != 0;
	u->successor = sql_get_text(rows, first + 10);
}

static bool is_same(const struct unit *a, const struct unit *b)
{
	return strcmp(a->name, b->name) == 0 && strcmp(a->level, b->level) == 0 &&
	    strcmp(a->code, b->code) == 0 && strcmp(a->parent, b->parent) == 0 &&
	    strcmp(a->kinds, b->kinds) == 0 && strcmp(a->contact, b->contact) == 0 &&
	    a->pupils == b->pupils && a->sends == b->sends;
}

/* How the version in force on the day stands to what is put. */
struct in_force {
	bool there;
	bool same;
	int32_t from;
	int32_t until;
	char successor[STORE_UNIT_BYTES]; /* it ends by a merge */
};

static enum err look_in_force(
    struct store *store, uint32_t number, const struct unit *unit, struct in_force *out)
{
	struct sql_rows rows;
	struct unit found;

	sql_ask(store->sql, &rows,
	    "SELECT " VERSION_COLUMNS " FROM unit_versions"
	    " WHERE unit = $1 AND day_from <= $2 AND day_until > $3",
	    SQL_ARGS(sql_number(number), sql_number(unit->from), sql_number(unit->from)));
	if (sql_next(&rows)) {
		fill_unit(&found, &rows, 0);
		*out = (struct in_force){
		    true, is_same(&found, unit), found.from, found.until, ""};
		(void)snprintf(
		    out->successor, sizeof out->successor, "%s", found.successor);
	}
	return sql_done(&rows);
}

/* The first day of the next version, or DAY_FOREVER. */
static enum err next_from(struct store *store, uint32_t number, int32_t day, int64_t *until)
{
	*until = DAY_FOREVER;
	return sql_one_number(store->sql,
	    "SELECT MIN(day_from) FROM unit_versions WHERE unit = $1 AND day_from > $2",
	    SQL_ARGS(sql_number(number), sql_number(day)), until);
}

static enum err write_version(struct store *store, uint32_t number, const struct unit *unit,
    const struct in_force *as)
{
	return sql_run(store->sql,
	    "INSERT INTO unit_versions (unit, " VERSION_COLUMNS ")"
	    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
	    " ON CONFLICT (unit, day_from) DO UPDATE SET day_until = excluded.day_until,"
	    " name = excluded.name, level = excluded.level, code = excluded.code,"
	    " parent = excluded.parent,"
	    " kinds = excluded.kinds, contact = excluded.contact, pupils = excluded.pupils,"
	    " sends = excluded.sends, successor = excluded.successor",
	    SQL_ARGS(sql_number(number), sql_number(unit->from), sql_number(as->until),
	        sql_text(unit->name), sql_text(unit->level), sql_text(unit->code),
	        sql_text(unit->parent), sql_text(unit->kinds), sql_text(unit->contact),
	        sql_number(unit->pupils), sql_number(unit->sends), sql_text(as->successor)),
	    NULL);
}

/* A version in force is cut at the new one's first day, and the new one goes as far as it
 * went, with its end by a merge, if it had one; where none is in force the new one goes to the
 * next, or for ever. */
static enum err put_unit_step(struct store *store, void *context)
{
	const struct unit *unit = context;
	struct in_force now = {0};
	uint32_t number = 0;
	int64_t until = DAY_FOREVER;

	enum err rc = unit_number_make(store, unit->unit, &number);
	if (rc == OK)
		rc = unit_lock(store, number);
	if (rc == OK)
		rc = look_in_force(store, number, unit, &now);
	if (rc == OK && now.there && now.same)
		return OK;
	if (rc == OK && !now.there) {
		rc = next_from(store, number, unit->from, &until);
		now.until = (int32_t)until;
	}
	if (rc == OK && now.there && now.from < unit->from)
		rc = sql_run(store->sql,
		    "UPDATE unit_versions SET day_until = $1, successor = ''"
		    " WHERE unit = $2 AND day_from = $3",
		    SQL_ARGS(
		        sql_number(unit->from), sql_number(number), sql_number(now.from)),
		    NULL);
	if (rc == OK)
		rc = write_version(store, number, unit, &now);
	if (rc == OK)
		rc = bump_revision(store);
	return rc;
}

static bool is_good_unit(const struct unit *u)
{
	return store_is_text(u->name) && (u->code == NULL || store_is_text(u->code)) &&
	    store_is_text(u->level) && store_is_text(u->kinds) &&
	    store_is_text(u->contact) && u->from >= DAY_FIRST && u->from < DAY_FOREVER;
}

enum err store_unit_put(struct store *store, const struct unit *unit)
{
	store_enter(store);
	if (!store_is_id(unit->unit) || unit->parent == NULL ||
	    (unit->parent[0] != 0 && !store_is_id(unit->parent)))
		return store_refuse(store, ERR_FORMAT, "no identifier of a unit");
	if (!is_good_unit(unit))
		return store_refuse(store, ERR_RANGE,
		    "unit %s: a text too long, or no such day", unit->unit);
	if (strcmp(unit->unit, unit->parent) == 0)
		return store_refuse(
		    store, ERR_RANGE, "unit %s: its own parent", unit->unit);
	struct unit copy = *unit;
	copy.code = unit->code == NULL ? "" : unit->code;
	return store_write(store, put_unit_step, &copy);
}

/* ---- end ---- */

struct ending {
	const char *unit;
	int32_t day;
	const char *successor;
};

/* From successor to successor: the unit must not come back. */
static enum err check_successor(struct store *store, const struct ending *e)
{
	char at[STORE_UNIT_BYTES];
	uint32_t number = 0;
	struct sql_rows rows;

	if (e->successor[0] == 0)
		return OK;
	(void)snprintf(at, sizeof at, "%s", e->successor);
	for (unsigned hops = 0; at[0] != 0; hops++) {
		if (strcmp(at, e->unit) == 0 || hops == 64)
			return store_refuse(store, ERR_RANGE,
			    "unit %s would be its own successor", e->unit);
		enum err rc = unit_number_find(store, at, &number);
		if (rc != OK)
			return rc;
		sql_ask(store->sql, &rows,
		    "SELECT successor FROM unit_versions WHERE unit = $1"
		    " ORDER BY day_from DESC LIMIT 1",
		    SQL_ARGS(sql_number(number)));
		at[0] = 0;
		if (sql_next(&rows))
			(void)snprintf(at, sizeof at, "%s", sql_get_text(&rows, 0));
		rc = sql_done(&rows);
		if (rc != OK)
			return rc;
	}
	return OK;
}

/* Versions that would begin later go: it has ended. */
static enum err end_step(struct store *store, void *context)
{
	const struct ending *e = context;
	uint32_t number = 0;
	int64_t before = DAY_NONE;

	enum err rc = unit_number_find(store, e->unit, &number);
	if (rc == OK)
		rc = check_successor(store, e);
	if (rc == OK)
		rc = unit_lock(store, number);
	if (rc == OK)
		rc = sql_one_number(store->sql,
		    "SELECT MAX(day_from) FROM unit_versions WHERE unit = $1 AND day_from < $2",
		    SQL_ARGS(sql_number(number), sql_number(e->day)), &before);
	if (rc == OK && before == DAY_NONE)
		return store_refuse(
		    store, ERR_NOT_FOUND, "unit %s was not there before that day", e->unit);
	if (rc == OK)
		rc = sql_run(store->sql,
		    "DELETE FROM unit_versions WHERE unit = $1 AND day_from >= $2",
		    SQL_ARGS(sql_number(number), sql_number(e->day)), NULL);
	if (rc == OK)
		rc = sql_run(store->sql,
		    "UPDATE unit_versions SET day_until = $1, successor = $2"
		    " WHERE unit = $3 AND day_from = $4",
		    SQL_ARGS(sql_number(e->day), sql_text(e->successor), sql_number(number),
		        sql_number(before)),
		    NULL);
	if (rc == OK)
		rc = bump_revision(store);
	return rc;
}

enum err store_unit_end(
    struct store *store, const char *unit, int32_t day, const char *successor)
{
	struct ending e = {unit, day, successor == NULL ? "" : successor};

	store_enter(store);
	if (!store_is_id(unit) || (e.successor[0] != 0 && !store_is_id(e.successor)))
		return store_refuse(store, ERR_NOT_FOUND, "no identifier of a unit");
	return store_write(store, end_step, &e);
}

/* ---- list ---- */

struct unit_list {
	const char *unit;
	store_unit_row *row;
	void *context;
};

static enum err list_step(struct store *store, void *context)
{
	struct unit_list *l = context;
	struct sql_rows rows;
	struct unit unit = {0};

	sql_ask(store->sql, &rows,
	    "SELECT u.number, u.unit, " VERSION_COLUMNS " FROM unit_versions v"
	    " JOIN units u ON u.number = v.unit WHERE u.unit = $1 OR $2 = ''"
	    " ORDER BY u.unit, day_from",
	    SQL_ARGS(sql_text(l->unit), sql_text(l->unit)));
	while (sql_next(&rows)) {
		unit.number = (uint32_t)sql_get_number(&rows, 0);
		unit.unit = sql_get_text(&rows, 1);
		fill_unit(&unit, &rows, 2);
		if (!l->row(l->context, &unit))
			break;
	}
	return sql_done(&rows);
}

enum err store_unit_list(
    struct store *store, const char *unit, store_unit_row *row, void *context)
{
	struct unit_list l = {unit == NULL ? "" : unit, row, context};

	store_enter(store);
	return store_read(store, list_step, &l);
}
