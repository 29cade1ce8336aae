/* The sums are those of the newest revisions, whatever the order of arrival: against a recount
 * of all documents by hand, on both stores. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "databases.h"
#include "district/tree.h"
#include "made.h"

enum {
	UNITS = 5,
	DAYS = 60,
	FIRST_DAY = 20735 /* 2026-10-09: amid a half-month */
};

static const uint64_t seeds[] = {
    1, 20261122, 987654321}; /* each of the tests below takes its own */

/* ---- documents and their recount ---- */

struct world {
	struct made *all;
	size_t count;
	char units[UNITS][STORE_UNIT_BYTES];
	struct store *store;
};

static void add(struct world *w, struct made_random *r, const char *unit, int32_t day,
    enum report_cut cut)
{
	uint32_t revisions = 1u + (made_below(r, 4) == 0) + (made_below(r, 9) == 0);

	for (uint32_t i = 1; i <= revisions; i++) {
		struct made *m = &w->all[w->count++];
		made_document(m, r, unit, day, cut, i);
		m->counts = i == revisions;
	}
}

static void make_documents(struct world *w, struct made_random *r)
{
	w->all = calloc((size_t)UNITS * DAYS * 2 * 3, sizeof *w->all);
	assert_non_null(w->all);
	for (unsigned u = 0; u < UNITS; u++) {
		(void)snprintf(w->units[u], sizeof w->units[u], "school-%u", u);
		for (int32_t d = 0; d < DAYS; d++) {
			if (made_below(r, 3) != 0)
				add(w, r, w->units[u], FIRST_DAY + d, REPORT_DAY);
			if (day_weekday(FIRST_DAY + d) == 0)
				add(w, r, w->units[u], FIRST_DAY + d,
				    REPORT_WEEK_SENSITIVE);
		}
	}
}

static void shuffle(struct world *w, struct made_random *r)
{
	for (size_t i = w->count; i > 1; i--) {
		size_t j = made_below(r, (uint32_t)i);
		struct made kept = w->all[i - 1];
		w->all[i - 1] = w->all[j];
		w->all[j] = kept;
	}
	for (size_t i = 0; i < w->count; i++) /* it points into itself */
		w->all[i].document.unit = w->all[i].unit;
}

/* Some come twice, some changed: the same, a conflict, an older one, a newer one; alone, and in
 * groups of an import. */
static void send_all(struct world *w, struct made_random *r)
{
	uint32_t in_group = 0;

	for (size_t i = 0; i < w->count; i++) {
		const struct made *m = &w->all[i];
		if (in_group == 0 && made_below(r, 6) == 0) {
			in_group = 1 + made_below(r, 60);
			assert_int_equal(store_begin(w->store), OK);
		}
		struct document put = made_put(m);
		enum document_result result;
		assert_int_equal(store_document_put(w->store, &put, &result), OK);
		assert_true(result == DOCUMENT_NEW || result == DOCUMENT_SUPERSEDED ||
		    result == DOCUMENT_OLDER);
		assert_true(!m->counts || result != DOCUMENT_OLDER);
		if (made_below(r, 8) == 0)
			made_store(w->store, m, DOCUMENT_SAME);
		if (made_below(r, 8) == 0) {
			put.sha256[5] ^= 1;
			assert_int_equal(store_document_put(w->store, &put, &result), OK);
			assert_int_equal(result, DOCUMENT_CONFLICT);
		}
		if (in_group > 0 && --in_group == 0)
			assert_int_equal(store_commit(w->store), OK);
	}
	if (in_group > 0)
		assert_int_equal(store_commit(w->store), OK);
}

static void begin_world(struct world *w, uint64_t seed)
{
	struct made_random r = {seed};

	*w = (struct world){.store = databases_open()};
	make_documents(w, &r);
	shuffle(w, &r);
	send_all(w, &r);
}

static void end_world(struct world *w)
{
	for (size_t i = 0; i < w->count; i++)
		made_deinit(&w->all[i]);
	free(w->all);
	store_close(w->store);
}

static bool is_in(const struct made *m, const char *unit, int32_t from, int32_t to)
{
	return m->counts && m->day >= from && m->day < to &&
	    (unit == NULL || strcmp(m->unit, unit) == 0);
}

static const char *tier_of(const struct report_record *r)
{
	return r->tier == NULL ? "all" : r->tier;
}

static uint64_t band_from(enum report_band band)
{
	static const uint64_t from[] = {0, 5, 10, 20, 50, 100, 250, 500};
	return from[band];
}

struct asked {
	const char *unit; /* NULL: all */
	int32_t from, to;
};

enum {
	CELLS = 64
};

/* All cells of what is asked, in no order. */
struct recounted {
	struct counts_cell cells[CELLS];
	size_t count;
};

static struct counts_cell *recounted_cell(
    struct recounted *r, const char *tier, const char *category)
{
	for (size_t i = 0; i < r->count; i++)
		if (strcmp(r->cells[i].tier, tier) == 0 &&
		    strcmp(r->cells[i].category, category) == 0)
			return &r->cells[i];
	assert_true(r->count < CELLS);
	r->cells[r->count] = (struct counts_cell){tier, category, 0, 0, 0, 0};
	return &r->cells[r->count++];
}

static void recount_cells(
    const struct world *w, const struct asked *a, struct recounted *out)
{
	out->count = 0;
	for (size_t i = 0; i < w->count; i++) {
		const struct report_document *d = &w->all[i].document;
		if (!is_in(&w->all[i], a->unit, a->from, a->to))
			continue;
		for (size_t k = 0; k < d->record_count; k++) {
			const struct report_record *one = &d->records[k];
			struct counts_cell *sum =
			    recounted_cell(out, tier_of(one), one->category);
			sum->attempts += one->attempts;
			sum->devices += band_from(one->band);
			sum->published += !one->below;
			sum->withheld += one->below;
		}
	}
}

static uint64_t recount_sum(
    const struct world *w, const struct asked *a, enum counts_sum which)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < w->count; i++) {
		const struct report_document *d = &w->all[i].document;
		if (!is_in(&w->all[i], a->unit, a->from, a->to))
			continue;
		bool daily = d->cut == REPORT_DAY;
		uint64_t oldest = d->feeds[0].age_hours;
		switch (which) {
		case SUM_DAYS:
			sum += daily;
			break;
		case SUM_WEEKS:
			sum += !daily;
			break;
		case SUM_PUBLISHED:
			sum += d->published_total;
			break;
		case SUM_UPTIME_S:
			sum += daily ? d->uptime_s : 0;
			break;
		case SUM_TRIAL_DAYS:
			sum += daily && !d->enforce;
			break;
		case SUM_STALE_DAYS:
			sum += daily && oldest > COUNTS_STALE_HOURS;
			break;
		case SUM_EMPTY_DAYS:
			sum += daily && d->categories[0].entries == 0;
			break;
		case SUM_FAILURE_DAYS:
			sum += daily && d->failure_count > 0;
			break;
		case SUM_QUERIES:
			sum += daily ? d->queries : 0;
			break;
		default:
			fail();
		}
	}
	return sum;
}

static void check_cells(const struct world *w, const struct asked *a,
    const struct counts_cell *cells, size_t count)
{
	struct recounted sums;

	recount_cells(w, a, &sums);
	assert_int_equal(count, sums.count);
	for (size_t i = 0; i < count; i++) {
		const struct counts_cell *sum =
		    recounted_cell(&sums, cells[i].tier, cells[i].category);
		assert_int_equal(cells[i].attempts, sum->attempts);
		assert_int_equal(cells[i].devices, sum->devices);
		assert_int_equal(cells[i].published, sum->published);
		assert_int_equal(cells[i].withheld, sum->withheld);
		if (i > 0)
			assert_true(strcmp(cells[i - 1].category, cells[i].category) <= 0);
	}
	assert_int_equal(count, sums.count); /* looking made no new one */
}

static void check_block(const struct world *w, const struct counts *c, size_t group,
    size_t period, const struct asked *a)
{
	static const enum counts_sum sums[] = {SUM_DAYS, SUM_WEEKS, SUM_PUBLISHED,
	    SUM_UPTIME_S, SUM_TRIAL_DAYS, SUM_STALE_DAYS, SUM_EMPTY_DAYS, SUM_FAILURE_DAYS,
	    SUM_QUERIES};
	const struct counts_cell *cells = NULL;

	size_t count = counts_cells(c, group, period, &cells);
	check_cells(w, a, cells, count);
	for (size_t i = 0; i < COUNT_OF(sums); i++)
		assert_int_equal(
		    counts_sum(c, group, period, sums[i]), recount_sum(w, a, sums[i]));
}

static void check_everybody(struct world *w, enum counts_by by, int32_t from, int32_t to)
{
	struct counts_query q = {COUNTS_EVERYBODY, from, to, by};
	struct counts *c = NULL;

	assert_int_equal(store_counts(w->store, &q, &c), OK);
	for (size_t p = 0; p < counts_periods(c); p++) {
		struct asked a = {NULL, 0, 0};
		counts_period(c, p, &a.from, &a.to);
		check_block(w, c, 0, p, &a);
	}
	struct asked whole = {NULL, from, to};
	check_block(w, c, COUNTS_TOTAL, COUNTS_TOTAL, &whole);
	assert_false(counts_incomplete(c));
	counts_free(c);
}

/* Each school a group, but one that is left out. */
static void check_groups(struct world *w, enum counts_by by, int32_t from, int32_t to)
{
	uint32_t group_of[UNITS + 1];
	uint32_t number = 0;
	struct counts *c = NULL;

	memset(group_of, 0xff, sizeof group_of);
	for (uint32_t u = 1; u < UNITS; u++) {
		assert_int_equal(store_unit_number(w->store, w->units[u], &number), OK);
		group_of[number] = u - 1;
	}
	struct counts_query q = {{group_of, UNITS + 1, UNITS - 1}, from, to, by};
	assert_int_equal(store_counts(w->store, &q, &c), OK);
	for (size_t p = 0; p < counts_periods(c); p++)
		for (size_t g = 0; g < UNITS - 1; g++) {
			struct asked a = {w->units[g + 1], 0, 0};
			counts_period(c, p, &a.from, &a.to);
			check_block(w, c, g, p, &a);
		}
	counts_free(c);
}

/* One school among many: the way of looking up. */
static void check_one(struct world *w, enum counts_by by, int32_t from, int32_t to)
{
	uint32_t group_of[200];
	uint32_t number = 0;
	struct counts *c = NULL;

	memset(group_of, 0xff, sizeof group_of);
	assert_int_equal(store_unit_number(w->store, w->units[2], &number), OK);
	group_of[number] = 0;
	struct counts_query q = {{group_of, 200, 1}, from, to, by};
	assert_int_equal(store_counts(w->store, &q, &c), OK);
	for (size_t p = 0; p < counts_periods(c); p++) {
		struct asked a = {w->units[2], 0, 0};
		counts_period(c, p, &a.from, &a.to);
		check_block(w, c, 0, p, &a);
	}
	counts_free(c);
}

/* All of them as one group: what a province's tree asks, with and without the last school. */
static void check_all_as_one(struct world *w, enum counts_by by, int32_t from, int32_t to)
{
	uint32_t group_of[UNITS + 1] = {COUNTS_SKIP};
	struct counts *c = NULL;

	for (size_t known = UNITS; known <= UNITS + 1; known++) {
		struct counts_query q = {{group_of, known, 1}, from, to, by};
		assert_int_equal(store_counts(w->store, &q, &c), OK);
		uint64_t days = 0;
		for (unsigned u = 0; u < UNITS; u++) {
			struct asked a = {w->units[u], from, to};
			uint32_t number = 0;
			assert_int_equal(
			    store_unit_number(w->store, w->units[u], &number), OK);
			days += number < known ? recount_sum(w, &a, SUM_DAYS) : 0;
		}
		assert_int_equal(counts_sum(c, 0, COUNTS_TOTAL, SUM_DAYS), days);
		counts_free(c);
	}
}

static void sums_are_those_of_the_newest_revisions(void **state)
{
	static const struct {
		int32_t from, to;
	} periods[] = {
	    {FIRST_DAY - 400, FIRST_DAY + DAYS + 400}, /* far beyond, both sides */
	    {FIRST_DAY, FIRST_DAY + DAYS},
	    {FIRST_DAY + 3, FIRST_DAY + 5}, /* within a half-month */
	    {FIRST_DAY + 4, FIRST_DAY + 47},
	    {20742, 20758}, /* 2026-10-16 to 2026-11-01: a half-month, exactly */
	    {20742, 20780}, {20730, 20773}, /* to 2026-11-16 */
	};
	(void)state;

	for (size_t s = 0; s < 2; s++) {
		struct world w;
		begin_world(&w, seeds[s]);
		for (size_t i = 0; i < COUNT_OF(periods); i++) {
			int32_t from = periods[i].from, to = periods[i].to;
			check_everybody(&w, COUNTS_BY_NOTHING, from, to);
			check_everybody(&w, COUNTS_BY_MONTH, from, to);
			check_groups(&w, COUNTS_BY_NOTHING, from, to);
			check_groups(&w, COUNTS_BY_MONTH, from, to);
			check_one(&w, COUNTS_BY_NOTHING, from, to);
			check_all_as_one(&w, COUNTS_BY_MONTH, from, to);
			if (to - from > 50)
				continue;
			check_everybody(&w, COUNTS_BY_DAY, from, to);
			check_groups(&w, COUNTS_BY_DAY, from, to);
			check_one(&w, COUNTS_BY_DAY, from, to);
		}
		if (store_check(w.store) != OK)
			fail_msg("%s", store_why(w.store));
		end_world(&w);
	}
}

/* ---- names ---- */

struct name_check {
	const struct world *w;
	struct asked asked;
	const char *category;
	uint64_t last;
	size_t rows;
};

static bool check_name(void *context, const struct counts_name *name)
{
	struct name_check *n = context;
	uint64_t devices = 0, days = 0, units = 0;

	for (unsigned u = 0; u < UNITS; u++) {
		uint64_t before = days;
		for (size_t i = 0; i < n->w->count; i++) {
			const struct report_document *d = &n->w->all[i].document;
			if (!is_in(
			        &n->w->all[i], n->w->units[u], n->asked.from, n->asked.to))
				continue;
			for (size_t k = 0; k < d->name_count; k++) {
				if (strcmp(d->names[k].name, name->name) != 0 ||
				    strcmp(d->names[k].category, name->category) != 0)
					continue;
				devices += band_from(d->names[k].band);
				days++;
			}
		}
		units += days > before;
	}
	assert_int_equal(name->device_days, devices);
	assert_int_equal(name->days, days);
	assert_int_equal(name->units, units);
	assert_true(n->category == NULL || strcmp(n->category, name->category) == 0);
	assert_true(n->rows == 0 || devices <= n->last);
	n->last = devices;
	n->rows++;
	return true;
}

static void names_are_those_met_most(void **state)
{
	static const struct asked asked[] = {
	    {NULL, FIRST_DAY, FIRST_DAY + DAYS}, {NULL, FIRST_DAY + 11, FIRST_DAY + 29}};
	struct world w;
	(void)state;

	begin_world(&w, seeds[1]);
	for (size_t i = 0; i < COUNT_OF(asked); i++)
		for (int only = 0; only < 2; only++) {
			struct name_check n = {
			    .w = &w, .asked = asked[i], .category = only ? "games" : NULL};
			struct counts_names_query q = {
			    COUNTS_EVERYBODY, asked[i].from, asked[i].to, n.category, 25};
			assert_int_equal(store_names(w.store, &q, check_name, &n), OK);
			assert_int_equal(n.rows, 25);
		}
	struct name_check none = {.w = &w, .asked = asked[0]};
	struct counts_names_query q = {
	    COUNTS_EVERYBODY, FIRST_DAY, FIRST_DAY + DAYS, "never_said", 25};
	assert_int_equal(store_names(w.store, &q, check_name, &none), OK);
	assert_int_equal(none.rows, 0);
	end_world(&w);
}

/* ---- coverage ---- */

static const struct made *last_daily(const struct world *w, const char *unit, int32_t as_of)
{
	const struct made *found = NULL;

	for (size_t i = 0; i < w->count; i++) {
		const struct made *m = &w->all[i];
		if (!is_in(m, unit, DAY_FIRST, as_of + 1) || m->document.cut != REPORT_DAY)
			continue;
		if (found == NULL || m->day > found->day)
			found = m;
	}
	return found;
}

static void check_coverage(
    const struct world *w, const struct coverage *c, int32_t as_of, uint32_t window)
{
	for (unsigned u = 0; u < UNITS; u++) {
		const struct made *last = last_daily(w, w->units[u], as_of);
		uint32_t number = 0;
		assert_int_equal(store_unit_number(w->store, w->units[u], &number), OK);
		const struct coverage_row *row = coverage_find(c, number);
		if (last == NULL) {
			assert_null(row);
			continue;
		}
		assert_non_null(row);
		struct asked a = {w->units[u], as_of + 1 - (int32_t)window, as_of + 1};
		assert_string_equal(row->unit, w->units[u]);
		assert_int_equal(row->last_day, last->day);
		assert_int_equal(row->days, recount_sum(w, &a, SUM_DAYS));
		assert_int_equal(row->received_s, (int64_t)last->day * 86400 + 90000);
		const struct coverage_state *s = row->state;
		assert_non_null(s);
		assert_int_equal(s->enforce, last->document.enforce);
		assert_int_equal(s->uptime_s, last->document.uptime_s);
		assert_int_equal(s->unfiltered_s, last->document.unfiltered_s);
		assert_string_equal(s->name, last->document.name);
		assert_string_equal(s->placement, last->document.placement);
		assert_int_equal(s->feed_count, 2);
		assert_string_equal(s->feeds[0].name, "ut1 gambling");
		assert_int_equal(s->feeds[0].age_hours, last->document.feeds[0].age_hours);
		assert_int_equal(s->empty_count, last->document.categories[0].entries == 0);
		assert_int_equal(s->failure_count, last->document.failure_count);
		assert_int_equal(s->tier_count, last->document.coverage_count);
	}
}

static void coverage_is_that_of_each_last_day(void **state)
{
	static const int32_t days[] = {FIRST_DAY - 1, FIRST_DAY, FIRST_DAY + 8,
	    FIRST_DAY + 40, FIRST_DAY + DAYS - 2, FIRST_DAY + DAYS + 30};
	struct coverage *c = NULL;
	struct world w;
	(void)state;

	begin_world(&w, seeds[2]);
	for (size_t i = 0; i < COUNT_OF(days); i++) {
		struct coverage_query q = {days[i], 30};
		assert_int_equal(store_coverage(w.store, &q, &c), OK);
		check_coverage(&w, c, days[i], 30);
		coverage_free(c);
	}
	struct coverage_query newest = {DAY_FOREVER, 7};
	int32_t last = DAY_FIRST;
	for (unsigned u = 0; u < UNITS; u++) {
		int32_t day = last_daily(&w, w.units[u], DAY_FOREVER - 1)->day;
		last = day > last ? day : last;
	}
	assert_int_equal(store_coverage(w.store, &newest, &c), OK);
	check_coverage(&w, c, last, 7);
	coverage_free(c);
	end_world(&w);
}

struct sent_check {
	const struct world *w;
	uint32_t number_of[UNITS];
	size_t rows;
};

static bool check_sent(void *context, const struct sent_days *unit)
{
	struct sent_check *s = context;
	const struct world *w = s->w;
	unsigned u = 0;

	while (u < UNITS && s->number_of[u] != unit->unit_number)
		u++;
	assert_true(u < UNITS);
	for (int32_t i = 0; i < 55; i++) {
		struct asked a = {w->units[u], FIRST_DAY + 5 + i, FIRST_DAY + 6 + i};
		assert_int_equal(
		    (unit->days[i / 8] >> i % 8) & 1, recount_sum(w, &a, SUM_DAYS));
	}
	struct asked all = {w->units[u], FIRST_DAY + 5, FIRST_DAY + 60};
	assert_int_equal(unit->count, recount_sum(w, &all, SUM_DAYS));
	s->rows++;
	return true;
}

static void sent_days_are_the_bits_of_daily_documents(void **state)
{
	struct world w;
	(void)state;

	begin_world(&w, seeds[0]);
	struct sent_check s = {.w = &w};
	for (unsigned u = 0; u < UNITS; u++)
		assert_int_equal(
		    store_unit_number(w.store, w.units[u], &s.number_of[u]), OK);
	assert_int_equal(
	    store_sent_days(w.store, FIRST_DAY + 5, FIRST_DAY + 60, check_sent, &s), OK);
	assert_int_equal(s.rows, UNITS);
	end_world(&w);
}

/* ---- export ---- */

struct exported {
	uint64_t attempts;
	uint64_t below;
	uint64_t rows;
	int32_t last_day;
};

static bool add_row(void *context, const struct published_row *row)
{
	struct exported *e = context;

	assert_true(row->day >= e->last_day);
	assert_int_equal(row->days, row->cut == REPORT_DAY ? 1 : 7);
	assert_true(!row->below || row->attempts == 0);
	e->last_day = row->day;
	e->attempts += row->attempts;
	e->below += row->below;
	e->rows++;
	return true;
}

static void every_published_cell_is_exported_once(void **state)
{
	struct published_query q = {COUNTS_EVERYBODY, FIRST_DAY + 2, FIRST_DAY + 33};
	struct exported e = {.last_day = DAY_NONE};
	uint64_t attempts = 0, below = 0, rows = 0;
	struct world w;
	(void)state;

	begin_world(&w, seeds[0]);
	for (size_t i = 0; i < w.count; i++) {
		const struct report_document *d = &w.all[i].document;
		for (size_t k = 0;
		     is_in(&w.all[i], NULL, q.from, q.to) && k < d->record_count; k++) {
			attempts += d->records[k].attempts;
			below += d->records[k].below;
			rows++;
		}
	}
	assert_int_equal(store_published(w.store, &q, add_row, &e), OK);
	assert_int_equal(e.attempts, attempts);
	assert_int_equal(e.below, below);
	assert_int_equal(e.rows, rows);
	end_world(&w);
}

/* ---- forgetting ---- */

static void sweep_all(struct store *store, int32_t day)
{
	struct retention keep = {day, DAY_NONE};
	bool more = true;

	for (unsigned steps = 0; more && steps < 1000; steps++)
		assert_int_equal(store_sweep(store, &keep, &more), OK);
	assert_false(more);
}

static void sweep_sums(struct store *store, int32_t day)
{
	struct retention keep = {day, day};
	bool more = true;

	for (unsigned steps = 0; more && steps < 1000; steps++)
		assert_int_equal(store_sweep(store, &keep, &more), OK);
}

static bool count_document(void *context, const struct document_about *about)
{
	size_t *count = context;
	assert_true(about->day >= 20758);
	(*count)++;
	return true;
}

static void old_documents_go_and_sums_stay(void **state)
{
	struct document_query all = {NULL, FIRST_DAY - 10, FIRST_DAY + DAYS, false};
	struct counts *c = NULL;
	size_t left = 0, expected = 0;
	struct world w;
	(void)state;

	begin_world(&w, seeds[1]);
	int32_t newest = DAY_NONE;
	int32_t last = DAY_NONE;
	for (size_t i = 0; i < w.count; i++)
		last = w.all[i].day > last ? w.all[i].day : last;
	assert_int_equal(store_newest_day(w.store, &newest), OK);
	assert_int_equal(newest, last);
	sweep_all(w.store, 20760); /* all of before 2026-11-01, that is 20758 */
	for (size_t i = 0; i < w.count; i++)
		expected += w.all[i].day >= 20758;
	assert_int_equal(store_document_list(w.store, &all, count_document, &left), OK);
	assert_int_equal(left, expected);
	check_everybody(&w, COUNTS_BY_NOTHING, FIRST_DAY - 8, FIRST_DAY + DAYS);
	check_everybody(&w, COUNTS_BY_MONTH, 20742, FIRST_DAY + DAYS);
	check_groups(&w, COUNTS_BY_MONTH, 20742, FIRST_DAY + DAYS);
	struct counts_query cut = {
	    COUNTS_EVERYBODY, FIRST_DAY + 3, 20790, COUNTS_BY_NOTHING};
	assert_int_equal(store_counts(w.store, &cut, &c), OK);
	assert_true(counts_incomplete(c));
	counts_free(c);
	for (size_t i = 0; i < w.count; i++)
		if (w.all[i].day < 20758) {
			struct document put = made_put(&w.all[i]);
			enum document_result result;
			assert_int_equal(
			    store_document_put(w.store, &put, &result), ERR_RANGE);
			break;
		}
	assert_int_equal(store_check(w.store), OK);
	struct counts_query all_days = {
	    COUNTS_EVERYBODY, 20742, FIRST_DAY + DAYS, COUNTS_BY_MONTH};
	sweep_sums(w.store, 20760);
	assert_int_equal(store_counts(w.store, &all_days, &c), OK);
	assert_true(counts_incomplete(c));
	assert_int_equal(counts_sum(c, 0, 0, SUM_DAYS), 0);
	counts_free(c);
	end_world(&w);
}

/* ---- backup ---- */

static void a_backup_restores_into_either_kind(void **state)
{
	char path[WHERE_BYTES], where[WHERE_BYTES];
	struct diag why = {0};
	struct store *other = NULL;
	struct world w;
	static unsigned made;
	(void)state;

	begin_world(&w, seeds[0]);
	(void)snprintf(path, sizeof path, "%s/backup-%u", databases_folder(), made);
	assert_int_equal(store_backup(w.store, path), OK);
	assert_int_equal(store_backup(w.store, path), ERR_EXISTS);
	assert_int_equal(store_restore(w.store, path), ERR_EXISTS);
	struct store *first = w.store;
	w.store = databases_open();
	if (store_restore(w.store, path) != OK)
		fail_msg("%s", store_why(w.store));
	check_groups(&w, COUNTS_BY_MONTH, FIRST_DAY, FIRST_DAY + DAYS);
	assert_int_equal(store_check(w.store), OK);
	(void)snprintf(
	    where, sizeof where, "sqlite:%s/restored-%u.db", databases_folder(), made++);
	assert_int_equal(store_open(&other, where, &why), OK);
	assert_int_equal(store_restore(other, path), OK);
	assert_int_equal(store_check(other), OK);
	made_store(other, &w.all[0], DOCUMENT_SAME);
	store_close(other);
	store_close(first);
	end_world(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sums_are_those_of_the_newest_revisions),
	    cmocka_unit_test(names_are_those_met_most),
	    cmocka_unit_test(coverage_is_that_of_each_last_day),
	    cmocka_unit_test(sent_days_are_the_bits_of_daily_documents),
	    cmocka_unit_test(every_published_cell_is_exported_once),
	    cmocka_unit_test(old_documents_go_and_sums_stay),
	    cmocka_unit_test(a_backup_restores_into_either_kind),
	};

	return databases_run(tests, COUNT_OF(tests));
}
