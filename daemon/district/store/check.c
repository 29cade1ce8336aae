/* Whether the sums are those of the documents: a half-month at a time, counted again. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "district/store/internal.h"

struct recount {
	int32_t half;
	size_t unit_count;
	struct contribution *units; /* by number */
	uint64_t *days;             /* by number: the bits of unit_sums.days */
	struct sums *shards;        /* 16 a day of the half, 16 days */
};

enum {
	HALF_DAYS = 16
};

static enum err add_document(struct recount *r, const struct sql_rows *rows)
{
	struct sums counts = SUMS_NONE, names = SUMS_NONE;
	size_t unit = (size_t)sql_get_number(rows, 0);
	int32_t at = (int32_t)sql_get_number(rows, 1) - day_half_first(r->half);

	if (unit >= r->unit_count || at < 0 || at >= HALF_DAYS)
		return ERR_FORMAT;
	enum err rc = sums_unpack(&counts, sql_get_bytes(rows, 3));
	if (rc == OK)
		rc = sums_unpack(&names, sql_get_bytes(rows, 4));
	if (rc == OK)
		rc = sums_add(&r->units[unit].counts, &counts);
	if (rc == OK)
		rc = sums_add(&r->units[unit].names, &names);
	if (rc == OK)
		rc = sums_add(
		    &r->shards[(size_t)at * STORE_SHARDS + unit % STORE_SHARDS], &counts);
	if (sql_get_number(rows, 2) == REPORT_DAY)
		r->days[unit] |= UINT64_C(1) << at;
	sums_deinit(&counts);
	sums_deinit(&names);
	return rc;
}

static enum err count_again(struct store *store, struct recount *r)
{
	struct sql_rows rows;

	sql_stream(store->sql, &rows,
	    "SELECT unit, day, cut, counts, names FROM documents"
	    " WHERE day >= $1 AND day < $2",
	    SQL_ARGS(sql_number(day_half_first(r->half)),
	        sql_number(day_half_first(r->half + 1))));
	while (sql_next(&rows)) {
		enum err rc = add_document(r, &rows);
		if (rc != OK)
			rows.rc = rc;
	}
	return sql_done(&rows);
}

static bool is_packed(const struct sums *sums, struct slice packed, struct buf *scratch)
{
	buf_reset(scratch);
	return sums_pack(sums, scratch) == OK && slice_equal(buf_slice(scratch), packed);
}

/* Takes the unit out of the recount when it agrees. */
static bool agrees(struct store *store, struct recount *r, const struct sql_rows *rows)
{
	size_t unit = (size_t)sql_get_number(rows, 0);

	if (unit >= r->unit_count)
		return false;
	struct contribution *counted = &r->units[unit];
	bool same = (uint64_t)sql_get_number(rows, 1) == r->days[unit] &&
	    is_packed(&counted->counts, sql_get_bytes(rows, 2), &store->packed) &&
	    is_packed(&counted->names, sql_get_bytes(rows, 3), &store->packed);
	contribution_deinit(counted);
	r->days[unit] = 0;
	return same;
}

static enum err refuse_sums(struct store *store, const struct recount *r, int64_t unit)
{
	char day[DAY_TEXT_BYTES];

	day_write(day, day_half_first(r->half));
	return store_refuse(store, ERR_FORMAT,
	    "the sums of unit %lld in the half-month from %s are not those of its documents",
	    (long long)unit, day);
}

static enum err compare_units(struct store *store, struct recount *r)
{
	struct sql_rows rows;
	int64_t bad = -1;

	sql_stream(store->sql, &rows,
	    "SELECT unit, days, counts, names FROM unit_sums WHERE half = $1",
	    SQL_ARGS(sql_number(r->half)));
	while (sql_next(&rows))
		if (!agrees(store, r, &rows) && bad < 0)
			bad = sql_get_number(&rows, 0);
	enum err rc = sql_done(&rows);
	for (size_t u = 0; rc == OK && bad < 0 && u < r->unit_count; u++)
		if (r->units[u].counts.count > 0)
			bad = (int64_t)u;
	return rc == OK && bad >= 0 ? refuse_sums(store, r, bad) : rc;
}

static enum err compare_days(struct store *store, struct recount *r)
{
	struct sql_rows rows;
	int32_t first = day_half_first(r->half);
	bool same = true;

	sql_stream(store->sql, &rows,
	    "SELECT day, shard, counts FROM day_sums WHERE day >= $1 AND day < $2",
	    SQL_ARGS(sql_number(first), sql_number(day_half_first(r->half + 1))));
	while (sql_next(&rows)) {
		size_t at = (size_t)(sql_get_number(&rows, 0) - first) * STORE_SHARDS +
		    (size_t)sql_get_number(&rows, 1) % STORE_SHARDS;
		struct sums *counted = &r->shards[at];
		same &= is_packed(counted, sql_get_bytes(&rows, 2), &store->packed);
		sums_deinit(counted);
	}
	enum err rc = sql_done(&rows);
	for (size_t i = 0; i < HALF_DAYS * STORE_SHARDS; i++)
		same &= r->shards[i].count == 0;
	if (rc == OK && !same)
		rc = store_refuse(store, ERR_FORMAT,
		    "the department's days of a half-month are not those of its documents");
	return rc;
}

static void recount_deinit(struct recount *r)
{
	for (size_t u = 0; r->units != NULL && u < r->unit_count; u++)
		contribution_deinit(&r->units[u]);
	for (size_t i = 0; r->shards != NULL && i < HALF_DAYS * STORE_SHARDS; i++)
		sums_deinit(&r->shards[i]);
	free(r->units);
	free(r->days);
	free(r->shards);
}

static enum err check_half(struct store *store, int32_t half, size_t unit_count)
{
	struct recount r = {.half = half, .unit_count = unit_count};
	enum err rc = ERR_MEMORY;

	r.units = calloc(unit_count, sizeof *r.units);
	r.days = calloc(unit_count, sizeof *r.days);
	r.shards = calloc(HALF_DAYS * STORE_SHARDS, sizeof *r.shards);
	if (r.units != NULL && r.days != NULL && r.shards != NULL)
		rc = count_again(store, &r);
	if (rc == OK)
		rc = compare_units(store, &r);
	if (rc == OK)
		rc = compare_days(store, &r);
	recount_deinit(&r);
	return rc;
}

/* A unit's state is of its last daily document. */
static enum err check_states(struct store *store, int32_t removed)
{
	int64_t wrong = 0;

	enum err rc = sql_one_number(store->sql,
	    "SELECT CAST(COUNT(*) AS BIGINT) FROM unit_states s WHERE s.day >= $1 AND NOT EXISTS"
	    " (SELECT 1 FROM documents d WHERE d.day = s.day AND d.unit = s.unit AND d.cut = 0"
	    "  AND d.revision = s.revision)",
	    SQL_ARGS(sql_number(removed)), &wrong);
	if (rc == OK && wrong > 0)
		rc = store_refuse(store, ERR_FORMAT,
		    "%lld units' states are of no document", (long long)wrong);
	return rc;
}

/* Documents have whole numbers of days: halves of which some days were removed are left out. */
static enum err check_step(struct store *store, void *context)
{
	int64_t first = 0, last = -1, highest = 0;
	int32_t removed = 0;

	(void)context;
	enum err rc = removed_before(store, &removed);
	if (rc == OK)
		rc = sql_one_number(
		    store->sql, "SELECT MAX(number) FROM units", SQL_NO_ARGS, &highest);
	if (rc == OK)
		rc = sql_one_number(
		    store->sql, "SELECT MIN(day) FROM day_sums", SQL_NO_ARGS, &first);
	if (rc == OK)
		rc = sql_one_number(
		    store->sql, "SELECT MAX(day) FROM day_sums", SQL_NO_ARGS, &last);
	if (rc == OK)
		rc = check_states(store, removed);
	if (rc != OK || last < first)
		return rc;
	for (int32_t half = day_half((int32_t)first);
	     rc == OK && half <= day_half((int32_t)last); half++)
		if (day_half_first(half) >= removed)
			rc = check_half(store, half, (size_t)highest + 1);
	return rc;
}

/* SQLite's own looks; the first line of what it finds. */
static enum err look_at_pages(struct store *store)
{
	struct sql_rows rows;
	char found[200] = "";

	sql_ask(store->sql, &rows, "PRAGMA integrity_check(1)", SQL_NO_ARGS);
	if (sql_next(&rows) && strcmp(sql_get_text(&rows, 0), "ok") != 0)
		text_printable(found, sizeof found, slice_of(sql_get_text(&rows, 0)));
	enum err rc = sql_done(&rows);
	if (rc != OK || found[0] != 0)
		return rc != OK ? rc : store_refuse(store, ERR_FORMAT, "%s", found);
	bool broken = false;
	sql_ask(store->sql, &rows, "PRAGMA foreign_key_check", SQL_NO_ARGS);
	broken = sql_next(&rows);
	rc = sql_done(&rows);
	if (rc == OK && broken)
		rc = store_refuse(
		    store, ERR_FORMAT, "a row belongs to a unit that is not there");
	return rc;
}

enum err store_check(struct store *store)
{
	store_enter(store);
	enum err rc = sql_is_postgresql(store->sql) ? OK : look_at_pages(store);
	if (rc == OK)
		rc = store_read(store, check_step, NULL);
	return rc;
}
