/* The privacy floor over many documents: several days, their corrections and their week, on
 * random schools counted by brute force.
 *
 * (i)   a school below the floor writes the same bytes whoever comes and whatever they do
 * (ii)  an event moves one published number at most, in days and week together
 * (iii) no combination of all published numbers of days, corrections and week yields a cell
 *       that was withheld, in any version, nor the difference of two versions of it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "report/report.h"

enum {
	DAYS = 3,
	TIERS = 3,      /* the last is staff */
	CATEGORIES = 6, /* ads is silent; adult, drugs and self_harm are sensitive */
	SILENT = 2,
	SENSITIVE = 3, /* from here on */
	DEVICES = 40,
	CELLS = TIERS * CATEGORIES,
	VERSIONS = 2, /* what was counted first, and what came on top */
	UNKNOWNS = DAYS * VERSIONS * CELLS,
	K = 5,
	POPULATION = 8
};

/* attempts of every device in every cell of one day. */
struct world {
	uint8_t events[DEVICES][TIERS][CATEGORIES];
	bool present[DEVICES][TIERS];
};

static uint64_t seed;

static unsigned roll(unsigned below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % below;
}

static void make_world(struct world *w)
{
	unsigned devices = 10 + roll(DEVICES - 10);
	unsigned density = 1 + roll(4);

	memset(w, 0, sizeof *w);
	for (unsigned d = 0; d < devices; d++) {
		unsigned tier = roll(TIERS);
		w->present[d][tier] = true;
		for (unsigned c = 0; c < CATEGORIES; c++)
			if (roll(7) < density)
				w->events[d][tier][c] = (uint8_t)(1 + roll(20));
	}
}

/* Late counts: some cells of some devices become more. */
static void add_late(struct world *w)
{
	for (unsigned n = 0; n < 6; n++) {
		unsigned d = roll(DEVICES);
		unsigned t = roll(TIERS);
		uint8_t *cell = &w->events[d][t][roll(CATEGORIES)];
		w->present[d][t] = true;
		*cell = (uint8_t)(*cell + 1 + roll(12));
	}
}

/* ---- brute force ---- */

static struct tally_cell count(void *context, const struct tally_selection *which)
{
	const struct world *w = context;
	struct tally_cell cell = {0, 0};

	for (unsigned d = 0; d < DEVICES; d++) {
		uint32_t mine = 0;
		for (unsigned t = 0; t < TIERS; t++)
			for (unsigned c = 0; c < CATEGORIES; c++)
				if (which->categories[t] >> c & 1)
					mine += w->events[d][t][c];
		cell.attempts += mine;
		cell.devices += mine > 0;
	}
	return cell;
}

static uint32_t population(void *context, uint32_t tiers)
{
	const struct world *w = context;
	uint32_t sum = 0;

	for (unsigned d = 0; d < DEVICES; d++) {
		bool there = false;
		for (unsigned t = 0; t < TIERS; t++)
			there = there || ((tiers >> t & 1) != 0 && w->present[d][t]);
		sum += there;
	}
	return sum;
}

static const char *const tier_words[] = {"primary", "lower", "staff"};
static const char *const words[] = {
    "games", "piracy", "ads", "adult", "drugs", "self_harm"};
static const char *const blocked[] = {
    "games", "piracy", "ads", "adult", "drugs", "self_harm", NULL};
static const struct report_tier_policy policies[] = {
    {"primary", blocked, "strict"}, {"lower", blocked, "moderate"}};
static const struct report_school school = {.unit = "u",
    .name = "s",
    .generator = "lachan",
    .names = true,
    .top_names = 20,
    .tiers = policies,
    .tier_count = 2,
    .privacy = {.min_devices = K, .min_population = POPULATION, .cap = 20}};

static struct tally_selection pupils_of(unsigned category)
{
	struct tally_selection which = {{0}};

	for (unsigned t = 0; t < TIERS - 1; t++)
		which.categories[t] = (uint64_t)1 << category;
	return which;
}

static void count_sensitive(struct tally_totals *t, struct world *w)
{
	struct tally_selection low = {{0}};

	for (unsigned c = 0; c < CATEGORIES; c++) {
		struct tally_selection one = pupils_of(c);
		t->category_devices[c] = count(w, &one).devices;
		if (c < SENSITIVE || t->category_devices[c] >= K)
			continue;
		t->low_categories |= (uint64_t)1 << c;
		for (unsigned tier = 0; tier < TIERS; tier++)
			low.categories[tier] |= one.categories[tier];
	}
	t->low_devices = count(w, &low).devices;
}

/* The day number `day` of the week of Monday 16 November 2026. */
static struct tally_totals *totals_of(struct world *w, unsigned day)
{
	struct tally_totals *t = calloc(1, sizeof *t);
	int64_t start = 1794762000 + (int64_t)day * 86400;

	assert_non_null(t);
	t->period = (struct tally_period){20261116 + day, start, start + 86400, 420, 420};
	t->tier_count = TIERS;
	t->category_count = CATEGORIES;
	t->uptime_s = 3600;
	for (unsigned i = 0; i < TIERS; i++) {
		(void)snprintf(t->tiers[i].text, TALLY_LABEL_BYTES, "%s", tier_words[i]);
		t->tiers[i].flags = i < TIERS - 1 ? TALLY_PUPILS : 0;
		t->tier_devices[i] = population(w, 1u << i);
		for (unsigned c = 0; c < CATEGORIES; c++) {
			struct tally_selection one = {{0}};
			one.categories[i] = (uint64_t)1 << c;
			t->cells[i][c] = count(w, &one);
		}
	}
	for (unsigned c = 0; c < CATEGORIES; c++) {
		(void)snprintf(t->categories[c].text, TALLY_LABEL_BYTES, "%s", words[c]);
		t->categories[c].flags = c == SILENT ? TALLY_SILENT
		    : c >= SENSITIVE                 ? TALLY_SENSITIVE
		                                     : 0;
	}
	count_sensitive(t, w);
	return t;
}

static void make_day(struct report_document *out, struct world *w, unsigned day,
    const struct report_document *previous)
{
	struct report_counter counter = {w, count, population};
	struct tally_totals *totals = totals_of(w, day);
	struct diag why;

	totals->queries = 1000 + 37 * population(w, UINT32_MAX);
	assert_int_equal(report_make(out, &school, totals, &counter, previous), OK);
	assert_int_equal(report_validate(out, NULL, &why), REPORT_FINE);
	free(totals);
}

static void make_week(struct report_document *out, struct world *worlds,
    const struct report_document *previous)
{
	struct tally_totals *days[DAYS];
	const struct tally_totals *borrowed[DAYS];
	struct report_week week = {
	    .period = {20261116, 1794762000, 1795366800, 420, 420}, .day_count = DAYS};
	struct diag why;

	for (unsigned i = 0; i < DAYS; i++)
		borrowed[i] = days[i] = totals_of(&worlds[i], i);
	week.days = borrowed;
	assert_int_equal(report_make_week(out, &school, &week, previous), OK);
	assert_int_equal(report_validate(out, NULL, &why), REPORT_FINE);
	for (unsigned i = 0; i < DAYS; i++)
		free(days[i]);
}

/* ---- what stands where, by the contract's words and not by our code ---- */

static const struct report_record *find(
    const struct report_document *d, const char *tier, const char *category)
{
	for (size_t i = 0; i < d->record_count; i++) {
		const struct report_record *r = &d->records[i];
		if ((tier == NULL || strcmp(r->tier, tier) == 0) &&
		    strcmp(r->category, category) == 0)
			return r;
	}
	return NULL;
}

static const char *row_of(const struct report_document *d, unsigned tier)
{
	bool alone = false;
	bool merged = false;

	if (tier == TIERS - 1)
		return NULL;
	for (size_t i = 0; i < d->coverage_count; i++) {
		alone = alone || strcmp(d->coverage[i].tier, tier_words[tier]) == 0;
		merged = merged || strcmp(d->coverage[i].tier, "merged") == 0;
	}
	return alone ? tier_words[tier] : merged ? "merged" : NULL;
}

static const struct report_record *shown(const struct report_record *r)
{
	return r != NULL && !r->below ? r : NULL;
}

static const struct report_record *published_in(
    const struct report_document *d, unsigned tier, unsigned category)
{
	const char *row = row_of(d, tier);

	if (row == NULL || category >= SENSITIVE)
		return NULL;
	const struct report_record *r = shown(find(d, row, words[category]));
	if (r != NULL)
		return r;
	r = find(d, "all", words[category]);
	if (r != NULL)
		return r;
	return category == SILENT ? NULL : find(d, "all", "other");
}

static const struct report_record *published_weekly(
    const struct report_document *week, unsigned tier, unsigned category)
{
	if (tier == TIERS - 1 || category < SENSITIVE)
		return NULL;
	const struct report_record *r = shown(find(week, NULL, words[category]));
	return r != NULL ? r : shown(find(week, NULL, "sensitive_other"));
}

/* ---- (i) ---- */

static void encode(const struct report_document *d, struct buf *out)
{
	assert_int_equal(report_encode(d, out), OK);
}

static void below_the_floor_nobody_changes_a_byte(void **state)
{
	(void)state;
	for (uint64_t world = 1; world < 500; world++) {
		struct world w = {.present = {{false}}};
		struct buf first = BUF_INIT(REPORT_MAX_BYTES);
		seed = world;
		/* One device more or less, up to one fewer than the floor asks for. */
		for (unsigned d = 0; d < POPULATION - 1; d++) {
			struct report_document document;
			struct buf bytes = BUF_INIT(REPORT_MAX_BYTES);
			unsigned tier = roll(TIERS);
			make_day(&document, &w, 0, NULL);
			encode(&document, d == 0 ? &first : &bytes);
			if (d > 0)
				assert_true(
				    slice_equal(buf_slice(&first), buf_slice(&bytes)));
			report_document_deinit(&document);
			buf_deinit(&bytes);
			w.present[d][tier] = true;
			for (unsigned c = 0; c < CATEGORIES; c++)
				w.events[d][tier][c] = (uint8_t)roll(21);
		}
		buf_deinit(&first);
	}
}

static void a_week_below_the_floor_is_the_same_for_everybody(void **state)
{
	(void)state;
	for (uint64_t world = 1; world < 300; world++) {
		struct world worlds[DAYS];
		struct report_document before;
		struct report_document after;
		struct buf x = BUF_INIT(REPORT_MAX_BYTES);
		struct buf y = BUF_INIT(REPORT_MAX_BYTES);
		seed = world;
		memset(worlds, 0, sizeof worlds);
		make_week(&before, worlds, NULL);
		for (unsigned day = 0; day < DAYS; day++)
			for (unsigned d = 0; d < K - 1; d++) {
				unsigned tier = roll(TIERS);
				worlds[day].present[d][tier] = true;
				for (unsigned c = 0; c < CATEGORIES; c++)
					worlds[day].events[d][tier][c] = (uint8_t)roll(21);
			}
		/* Many others who met nothing sensitive. */
		for (unsigned day = 0; day < DAYS; day++)
			for (unsigned d = K; d < DEVICES; d++)
				worlds[day].present[d][0] = true;
		make_week(&after, worlds, NULL);
		encode(&before, &x);
		encode(&after, &y);
		assert_true(slice_equal(buf_slice(&x), buf_slice(&y)));
		report_document_deinit(&before);
		report_document_deinit(&after);
		buf_deinit(&x);
		buf_deinit(&y);
	}
}

/* ---- (ii) ---- */

static unsigned moved(const struct report_document *a, const struct report_document *b)
{
	unsigned n = 0;

	assert_int_equal(a->record_count, b->record_count);
	for (size_t i = 0; i < a->record_count; i++)
		n += a->records[i].attempts != b->records[i].attempts;
	return n;
}

/* Nothing but attempts changes: the device met that cell before. */
static void an_event_moves_one_number_at_most(void **state)
{
	unsigned once = 0;
	unsigned never = 0;

	(void)state;
	for (uint64_t world = 1; world < 150; world++) {
		struct world worlds[DAYS];
		struct report_document day;
		struct report_document week;
		seed = world;
		for (unsigned i = 0; i < DAYS; i++)
			make_world(&worlds[i]);
		make_day(&day, &worlds[0], 0, NULL);
		make_week(&week, worlds, NULL);
		for (unsigned n = 0; n < CELLS * 6; n++) {
			struct report_document day_after;
			struct report_document week_after;
			uint8_t *cell =
			    &worlds[0].events[roll(DEVICES)][roll(TIERS)][roll(CATEGORIES)];
			uint8_t before = *cell;
			if (before == 0)
				continue;
			/* From 1,000 on rounding could hide it; sums here stay below. */
			*cell = (uint8_t)(before + 20);
			make_day(&day_after, &worlds[0], 0, NULL);
			make_week(&week_after, worlds, NULL);
			unsigned numbers =
			    moved(&day, &day_after) + moved(&week, &week_after);
			assert_true(numbers <= 1);
			once += numbers;
			never += numbers == 0;
			*cell = before;
			report_document_deinit(&day_after);
			report_document_deinit(&week_after);
		}
		report_document_deinit(&day);
		report_document_deinit(&week);
	}
	assert_true(once > 300 && never > 300);
}

/* ---- (iii) ---- */

enum {
	PRIME = 1000003
};

struct vector {
	int64_t of[UNKNOWNS];
};

static size_t unknown(unsigned day, unsigned version, unsigned tier, unsigned category)
{
	return ((day * VERSIONS + version) * TIERS + tier) * CATEGORIES + category;
}

static int64_t inverse(int64_t a)
{
	int64_t result = 1;

	for (int64_t e = PRIME - 2; e > 0; e >>= 1, a = a * a % PRIME)
		if (e & 1)
			result = result * a % PRIME;
	return result;
}

/* The rows are brought to echelon form as they come in; `lead` is each one's first. */
struct span {
	struct vector rows[UNKNOWNS];
	size_t lead[UNKNOWNS];
	size_t count;
};

static bool reduce(const struct span *span, struct vector *v)
{
	for (size_t r = 0; r < span->count; r++) {
		int64_t factor = v->of[span->lead[r]];
		for (size_t i = 0; i < UNKNOWNS && factor != 0; i++)
			v->of[i] =
			    ((v->of[i] - factor * span->rows[r].of[i]) % PRIME + PRIME) %
			    PRIME;
	}
	for (size_t i = 0; i < UNKNOWNS; i++)
		if (v->of[i] != 0)
			return false;
	return true;
}

static void span_add(struct span *span, struct vector v)
{
	size_t lead = 0;

	if (reduce(span, &v))
		return;
	while (v.of[lead] == 0)
		lead++;
	int64_t factor = inverse(v.of[lead]);
	for (size_t i = 0; i < UNKNOWNS; i++)
		span->rows[span->count].of[i] = v.of[i] * factor % PRIME;
	span->lead[span->count++] = lead;
}

/* The cell as of `version`: what was counted first, and for 1 what came on top, too. */
static void add_cell(
    struct vector *v, unsigned day, unsigned version, unsigned tier, unsigned category)
{
	for (unsigned i = 0; i <= version; i++)
		v->of[unknown(day, i, tier, category)] = 1;
}

static void learn_day(
    struct span *span, const struct report_document *d, unsigned day, unsigned version)
{
	for (size_t i = 0; i < d->record_count; i++) {
		struct vector row = {{0}};
		bool any = false;
		for (unsigned t = 0; t < TIERS; t++)
			for (unsigned c = 0; c < CATEGORIES; c++)
				if (published_in(d, t, c) == &d->records[i]) {
					add_cell(&row, day, version, t, c);
					any = true;
				}
		if (any && !d->records[i].below)
			span_add(span, row);
	}
}

/* Which days count in the week: those with enough pupils. */
static bool is_populated(struct world *w)
{
	uint64_t pupils = 0;

	for (unsigned t = 0; t < TIERS - 1; t++)
		pupils += population(w, 1u << t);
	return pupils >= POPULATION;
}

static void learn_week(struct span *span, const struct report_document *week,
    struct world *worlds, unsigned version)
{
	for (size_t i = 0; i < week->record_count; i++) {
		struct vector row = {{0}};
		bool any = false;
		for (unsigned day = 0; day < DAYS; day++)
			for (unsigned t = 0; t < TIERS; t++)
				for (unsigned c = 0; c < CATEGORIES; c++)
					if (is_populated(&worlds[day]) &&
					    published_weekly(week, t, c) ==
					        &week->records[i]) {
						add_cell(&row, day, version, t, c);
						any = true;
					}
		if (any)
			span_add(span, row);
	}
}

/* A row's cell in `d`, if that withheld it. */
static bool withheld(struct vector *out, const struct report_document *d, unsigned place[4])
{
	const unsigned tier = place[2];
	const unsigned category = place[3];
	const char *row = row_of(d, tier);

	memset(out, 0, sizeof *out);
	if (category >= SENSITIVE) {
		if (tier == TIERS - 1)
			return false;
		add_cell(out, place[0], place[1], tier, category);
		return true; /* of one tier and day it is always */
	}
	const struct report_record *r = row == NULL ? NULL : find(d, row, words[category]);
	if (r == NULL || !r->below)
		return false;
	for (unsigned t = 0; t < TIERS; t++)
		if (row_of(d, t) != NULL && strcmp(row_of(d, t), row) == 0)
			add_cell(out, place[0], place[1], t, category);
	return true;
}

static unsigned assert_nothing_is_isolated(
    const struct span *span, struct report_document days[DAYS][VERSIONS])
{
	unsigned cells = 0;

	for (unsigned n = 0; n < DAYS * VERSIONS * CELLS; n++) {
		unsigned place[4] = {n / (VERSIONS * CELLS), n / CELLS % VERSIONS,
		    n / CATEGORIES % TIERS, n % CATEGORIES};
		struct vector first;
		struct vector change;
		if (!withheld(&first, &days[place[0]][place[1]], place))
			continue;
		change = first;
		assert_false(reduce(span, &first));
		cells++;
		/* What came on top, alone. */
		for (unsigned i = 0; i < CELLS; i++)
			change.of[(place[0] * VERSIONS) * CELLS + i] = 0;
		if (place[1] == 1)
			assert_false(reduce(span, &change));
	}
	return cells;
}

static void days_corrections_and_week_together_yield_no_withheld_cell(void **state)
{
	static struct span span;
	unsigned cells = 0;

	(void)state;
	for (uint64_t world = 1; world < 250; world++) {
		struct world worlds[DAYS];
		struct report_document days[DAYS][VERSIONS];
		struct report_document weeks[VERSIONS];
		seed = world;
		span.count = 0;
		for (unsigned i = 0; i < DAYS; i++)
			make_world(&worlds[i]);
		make_week(&weeks[0], worlds, NULL);
		learn_week(&span, &weeks[0], worlds, 0);
		for (unsigned i = 0; i < DAYS; i++) {
			make_day(&days[i][0], &worlds[i], i, NULL);
			learn_day(&span, &days[i][0], i, 0);
			add_late(&worlds[i]);
			make_day(&days[i][1], &worlds[i], i, &days[i][0]);
			learn_day(&span, &days[i][1], i, 1);
		}
		make_week(&weeks[1], worlds, &weeks[0]);
		learn_week(&span, &weeks[1], worlds, 1);
		cells += assert_nothing_is_isolated(&span, days);
		for (unsigned i = 0; i < DAYS * VERSIONS; i++)
			report_document_deinit(&days[i / VERSIONS][i % VERSIONS]);
		report_document_deinit(&weeks[0]);
		report_document_deinit(&weeks[1]);
	}
	assert_true(cells > 3000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(below_the_floor_nobody_changes_a_byte),
	    cmocka_unit_test(a_week_below_the_floor_is_the_same_for_everybody),
	    cmocka_unit_test(an_event_moves_one_number_at_most),
	    cmocka_unit_test(days_corrections_and_week_together_yield_no_withheld_cell),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
