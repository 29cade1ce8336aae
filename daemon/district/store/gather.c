#include "district/store/gather.h"

enum {
	/* Few units are looked up one by one; from an eighth on reading all rows is quicker. */
	FEW = 8,
	/* Who asks for nearly everybody: so many units left out are looked at one by one. */
	LEFT_OUT = 64
};

/* The period, cut into days before whole half-months, these, and days behind them. */
struct plan {
	int32_t removed;      /* documents and days of before are gone */
	int32_t sums_removed; /* half-months of before are gone, too */
	int32_t day_min; /* the first and last day that any document has, of those kept */
	int32_t day_max;
	int32_t half_from; /* whole half-months [half_from, half_to) */
	int32_t half_to;
	int32_t head_to;   /* days [from, head_to) */
	int32_t tail_from; /* days [tail_from, to) */
};

static enum err find_borders(struct store *store, struct plan *p)
{
	int64_t min = DAY_FOREVER, max = DAY_NONE, sums_removed = DAY_FIRST;

	enum err rc = removed_before(store, &p->removed);
	if (rc == OK)
		rc = sql_one_number(store->sql,
		    "SELECT value FROM counters WHERE name = 'sums-removed-before'",
		    SQL_NO_ARGS, &sums_removed);
	if (rc == OK)
		rc = sql_one_number(
		    store->sql, "SELECT MIN(day) FROM day_sums", SQL_NO_ARGS, &min);
	if (rc == OK)
		rc = sql_one_number(
		    store->sql, "SELECT MAX(day) FROM day_sums", SQL_NO_ARGS, &max);
	p->sums_removed = (int32_t)sums_removed;
	p->day_min = (int32_t)min;
	p->day_max = (int32_t)max;
	return rc;
}

/* A half-month that the period cuts is still whole when there is nothing in the rest of it:
 * the current month up to today is the commonest question. */
static void make_plan(const struct gather *g, struct plan *p)
{
	int32_t first = day_half(g->from);
	int32_t last = day_half(g->to);
	bool starts_whole = day_half_first(first) == g->from ||
	    (p->day_min >= g->from && p->removed <= day_half_first(first));
	bool ends_whole = day_half_first(last) == g->to || p->day_max < g->to;

	p->half_from = starts_whole ? first : first + 1;
	p->half_to = day_half_first(last) == g->to || !ends_whole ? last : last + 1;
	if (p->half_from >= p->half_to) {
		p->half_from = p->half_to = first;
		p->head_to = p->tail_from = g->to; /* all of it by days */
		return;
	}
	p->head_to = starts_whole ? g->from : day_half_first(p->half_from);
	p->tail_from = ends_whole ? g->to : day_half_first(p->half_to);
}

static enum err hand_over(struct gather *g, const struct sql_rows *rows)
{
	struct gathered one = {
	    .unit = (uint32_t)sql_get_number(rows, 0),
	    .day = (int32_t)sql_get_number(rows, 1),
	    .packed = sql_get_bytes(rows, 2),
	};
	one.group = gather_group(&g->units, one.unit);
	return one.group == COUNTS_SKIP ? OK : g->take(g->context, &one);
}

static enum err take_all(struct gather *g, struct sql_rows *rows)
{
	while (sql_next(rows)) {
		enum err rc = hand_over(g, rows);
		if (rc != OK)
			rows->rc = rc;
	}
	return sql_done(rows);
}

static enum err take_halves(struct gather *g, struct sql_rows *rows)
{
	while (sql_next(rows)) {
		struct gathered one = {
		    .unit = (uint32_t)sql_get_number(rows, 0),
		    .day = day_half_first((int32_t)sql_get_number(rows, 1)),
		    .packed = sql_get_bytes(rows, 2),
		};
		one.group = gather_group(&g->units, one.unit);
		enum err rc = one.group == COUNTS_SKIP ? OK : g->take(g->context, &one);
		if (rc != OK)
			rows->rc = rc;
	}
	return sql_done(rows);
}

#define SERIES                                                             \
	"WITH RECURSIVE series(n) AS (SELECT CAST($1 AS BIGINT) UNION ALL" \
	" SELECT n + 1 FROM series WHERE n + 1 < $2) "

/* All units: one pass. The statements differ by what is read, so that names cost nothing
 * where counts are asked for. */
static void ask_halves(struct store *store, struct sql_rows *rows, const struct gather *g,
    const struct plan *p)
{
	sql_stream(store->sql, rows,
	    g->what == GATHER_COUNTS
	        ? "SELECT unit, half, counts FROM unit_sums WHERE half >= $1 AND half < $2"
	        : "SELECT unit, half, names FROM unit_sums WHERE half >= $1 AND half < $2",
	    SQL_ARGS(sql_number(p->half_from), sql_number(p->half_to)));
}

static void ask_halves_of(struct store *store, struct sql_rows *rows,
    const struct gather *g, const struct plan *p, uint32_t unit)
{
	sql_ask(store->sql, rows,
	    g->what == GATHER_COUNTS
	        ? SERIES "SELECT unit, half, counts FROM series CROSS JOIN unit_sums"
	                 " WHERE half = series.n AND unit = $3"
	        : SERIES "SELECT unit, half, names FROM series CROSS JOIN unit_sums"
	                 " WHERE half = series.n AND unit = $3",
	    SQL_ARGS(sql_number(p->half_from), sql_number(p->half_to), sql_number(unit)));
}

static void ask_days(struct store *store, struct sql_rows *rows, const struct gather *g,
    int32_t from, int32_t to)
{
	sql_stream(store->sql, rows,
	    g->what == GATHER_COUNTS
	        ? "SELECT unit, day, counts FROM documents WHERE day >= $1 AND day < $2"
	        : "SELECT unit, day, names FROM documents WHERE day >= $1 AND day < $2",
	    SQL_ARGS(sql_number(from), sql_number(to)));
}

struct days_of {
	int32_t from, to;
	uint32_t unit;
};

static void ask_days_of(struct store *store, struct sql_rows *rows, const struct gather *g,
    const struct days_of *d)
{
	sql_ask(store->sql, rows,
	    g->what == GATHER_COUNTS
	        ? SERIES "SELECT unit, day, counts FROM series CROSS JOIN documents"
	                 " WHERE day = series.n AND unit = $3"
	        : SERIES "SELECT unit, day, names FROM series CROSS JOIN documents"
	                 " WHERE day = series.n AND unit = $3",
	    SQL_ARGS(sql_number(d->from), sql_number(d->to), sql_number(d->unit)));
}

static bool are_few(const struct counts_units *units)
{
	size_t asked = 0;

	if (units->group_of == NULL)
		return false;
	for (size_t i = 0; i < units->unit_count; i++)
		asked += units->group_of[i] != COUNTS_SKIP;
	return asked * FEW < units->unit_count;
}

static enum err run_halves(struct store *store, struct gather *g, const struct plan *p)
{
	struct sql_rows rows;
	enum err rc = OK;

	if (p->half_from >= p->half_to)
		return OK;
	if (!are_few(&g->units)) {
		ask_halves(store, &rows, g, p);
		return take_halves(g, &rows);
	}
	for (uint32_t u = 0; rc == OK && u < g->units.unit_count; u++) {
		if (g->units.group_of[u] == COUNTS_SKIP)
			continue;
		ask_halves_of(store, &rows, g, p, u);
		rc = take_halves(g, &rows);
	}
	return rc;
}

static enum err run_days(struct store *store, struct gather *g, int32_t from, int32_t to)
{
	struct sql_rows rows;
	enum err rc = OK;

	if (from >= to)
		return OK;
	if (!are_few(&g->units)) {
		ask_days(store, &rows, g, from, to);
		return take_all(g, &rows);
	}
	for (uint32_t u = 0; rc == OK && u < g->units.unit_count; u++) {
		struct days_of d = {from, to, u};
		if (g->units.group_of[u] == COUNTS_SKIP)
			continue;
		ask_days_of(store, &rows, g, &d);
		rc = take_all(g, &rows);
	}
	return rc;
}

static enum err run_department_days(
    struct store *store, struct gather *g, int32_t from, int32_t to)
{
	struct sql_rows rows;

	if (from >= to)
		return OK;
	sql_stream(store->sql, &rows,
	    "SELECT 0, day, counts FROM day_sums WHERE day >= $1 AND day < $2",
	    SQL_ARGS(sql_number(from), sql_number(to)));
	while (sql_next(&rows)) { /* all of it is group 0 */
		struct gathered one = {
		    .day = (int32_t)sql_get_number(&rows, 1),
		    .packed = sql_get_bytes(&rows, 2),
		};
		enum err rc = g->take(g->context, &one);
		if (rc != OK)
			rows.rc = rc;
	}
	return sql_done(&rows);
}

/* Everybody's counts: by days as far as they are kept, older ones by half-months. */
static enum err run_everybody(struct store *store, struct gather *g, struct plan *p)
{
	int32_t from = g->from < p->removed ? p->removed : g->from;
	struct gather older = *g;
	enum err rc = OK;

	older.units = COUNTS_EVERYBODY;

	if (g->from < p->removed && !g->by_day) {
		older.to =
		    g->to < p->removed ? g->to : p->removed; /* a month's first day */
		make_plan(&older, p);
		g->incomplete = p->head_to > older.from || p->tail_from < older.to;
		rc = run_halves(store, &older, p);
	} else if (g->from < p->removed) {
		g->incomplete = true;
	}
	if (rc == OK)
		rc = run_department_days(store, g, from, g->to);
	return rc;
}

/* Whether the unit has anything in the period, or in the half-months that it cuts. */
static enum err has_sums(
    struct store *store, const struct gather *g, uint32_t unit, bool *has)
{
	struct plan all = {
	    .half_from = day_half(g->from), .half_to = day_half(g->to - 1) + 1};
	struct sql_rows rows;

	ask_halves_of(store, &rows, g, &all, unit);
	*has = sql_next(&rows);
	return sql_done(&rows);
}

/* One group that leaves out only units without documents is everybody: the province's own
 * page. Its days then come from day_sums, a fiftieth of the documents. */
static enum err is_everybody(struct store *store, const struct gather *g, bool *is)
{
	int64_t highest = 0;
	unsigned left_out = 0;

	*is = g->units.group_of == NULL && g->what == GATHER_COUNTS;
	if (*is || g->units.group_count != 1 || g->what != GATHER_COUNTS)
		return OK;
	enum err rc = sql_one_number(
	    store->sql, "SELECT MAX(number) FROM units", SQL_NO_ARGS, &highest);
	bool has = false;
	for (uint32_t u = 1; rc == OK && !has && u <= highest; u++) {
		if (gather_group(&g->units, u) != COUNTS_SKIP)
			continue;
		if (++left_out > LEFT_OUT)
			return OK;
		rc = has_sums(store, g, u, &has);
	}
	*is = rc == OK && !has;
	return rc;
}

static enum err run_some(struct store *store, struct gather *g, struct plan *p)
{
	if (g->by_day) {
		g->incomplete = g->from < p->removed;
		return run_days(store, g, g->from, g->to);
	}
	make_plan(g, p);
	g->incomplete = (p->head_to > g->from && g->from < p->removed) ||
	    (p->tail_from < g->to && p->tail_from < p->removed);
	enum err rc = run_days(store, g, g->from, p->head_to);
	if (rc == OK)
		rc = run_halves(store, g, p);
	if (rc == OK)
		rc = run_days(store, g, p->tail_from, g->to);
	return rc;
}

enum err gather_run(struct store *store, struct gather *g)
{
	struct plan p = {0};

	g->incomplete = false;
	if (g->from >= g->to)
		return OK;
	enum err rc = find_borders(store, &p);
	if (rc != OK)
		return rc;
	bool everybody = false;
	rc = is_everybody(store, g, &everybody);
	if (rc != OK)
		return rc;
	rc = everybody ? run_everybody(store, g, &p) : run_some(store, g, &p);
	g->incomplete |= g->from < p.sums_removed;
	return rc;
}
