/* The privacy floor of a day as properties, on random schools counted by brute force.
 *
 * (i)   no published number has fewer than min_devices contributors
 * (ii)  a device whose events all stay withheld changes no byte of the document
 * (iii) no combination of published numbers yields a withheld cell
 * and a correction shows nothing that was withheld. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "report/report.h"

enum {
	TIERS = 4,      /* the last is staff */
	CATEGORIES = 5, /* the fourth is silent, the last sensitive */
	SILENT = 3,
	SENSITIVE = 4,
	DEVICES = 48,
	CELLS = TIERS * CATEGORIES,
	K = 5
};

/* attempts of every device in every cell. */
struct world {
	uint8_t events[DEVICES][TIERS][CATEGORIES];
	uint32_t population[TIERS]; /* devices seen: apart, so that it can stay the same */
};

static uint64_t seed;

static unsigned roll(unsigned below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % below;
}

static void make_world(struct world *w)
{
	unsigned devices = 8 + roll(DEVICES - 8);
	unsigned density = 1 + roll(5);

	memset(w, 0, sizeof *w);
	for (unsigned d = 0; d < devices; d++) {
		unsigned tier = roll(TIERS);
		w->population[tier]++;
		for (unsigned c = 0; c < CATEGORIES; c++)
			if (roll(6) < density)
				w->events[d][tier][c] = (uint8_t)(1 + roll(20));
		/* Now and then a device is seen in a second tier. */
		if (roll(8) == 0)
			w->events[d][(tier + 1) % TIERS][roll(CATEGORIES)] = 1;
	}
	for (unsigned t = 0; t < TIERS; t++)
		w->population[t] += roll(3) * 5;
}

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

	for (unsigned t = 0; t < TIERS; t++)
		if (tiers >> t & 1)
			sum += w->population[t];
	return sum;
}

static const char *const tier_words[] = {"primary", "lower", "upper", "staff"};
static const char *const category_words[] = {"games", "dating", "piracy", "ads", "adult"};
static const char *const blocked[] = {"games", "dating", "piracy", "ads", "adult", NULL};
static const struct report_tier_policy policies[] = {{"primary", blocked, "strict"},
    {"lower", blocked, "moderate"}, {"upper", blocked, "off"}, {"staff", NULL, "off"}};

static const struct report_school school = {.unit = "u",
    .name = "s",
    .generator = "lachan",
    .tiers = policies,
    .tier_count = TIERS,
    .privacy = {.min_devices = K, .min_population = 8, .cap = 20}};

static struct tally_totals *totals_of(struct world *w)
{
	struct tally_totals *t = calloc(1, sizeof *t);
	assert_non_null(t);

	t->period = (struct tally_period){20261120, 1795107600, 1795194000, 420, 420};
	t->tier_count = TIERS;
	t->category_count = CATEGORIES;
	for (unsigned i = 0; i < TIERS; i++) {
		(void)snprintf(t->tiers[i].text, TALLY_LABEL_BYTES, "%s", tier_words[i]);
		t->tiers[i].flags = i < TIERS - 1 ? TALLY_PUPILS : 0;
		t->tier_devices[i] = w->population[i];
		for (unsigned c = 0; c < CATEGORIES; c++) {
			struct tally_selection one = {{0}};
			one.categories[i] = (uint64_t)1 << c;
			t->cells[i][c] = count(w, &one);
		}
	}
	for (unsigned c = 0; c < CATEGORIES; c++)
		(void)snprintf(
		    t->categories[c].text, TALLY_LABEL_BYTES, "%s", category_words[c]);
	t->categories[SILENT].flags = TALLY_SILENT;
	t->categories[SENSITIVE].flags = TALLY_SENSITIVE;
	return t;
}

static void make(
    struct report_document *out, struct world *w, const struct report_document *previous)
{
	struct report_counter counter = {w, count, population};
	struct tally_totals *totals = totals_of(w);

	assert_int_equal(report_make(out, &school, totals, &counter, previous), OK);
	free(totals);
}

static const struct report_record *find(
    const struct report_document *d, const char *tier, const char *category)
{
	for (size_t i = 0; i < d->record_count; i++)
		if (strcmp(d->records[i].tier, tier) == 0 &&
		    strcmp(d->records[i].category, category) == 0)
			return &d->records[i];
	return NULL;
}

/* The row a tier's cells stand in, or NULL when they are in no row. */
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

/* The published number that holds the events of a cell, by the contract's words and not
 * by our code: NULL when none does. */
static const struct report_record *published_in(
    const struct report_document *d, unsigned tier, unsigned category)
{
	const char *row = row_of(d, tier);

	if (row == NULL || category == SENSITIVE)
		return NULL;
	const struct report_record *r = find(d, row, category_words[category]);
	if (r != NULL && !r->below)
		return r;
	r = find(d, "all", category_words[category]);
	if (r != NULL)
		return r;
	return category == SILENT ? NULL : find(d, "all", "other");
}

static void check_contributors(const struct report_document *d, struct world *w)
{
	for (size_t i = 0; i < d->record_count; i++) {
		const struct report_record *r = &d->records[i];
		struct tally_selection in = {{0}};
		for (unsigned t = 0; t < TIERS; t++)
			for (unsigned c = 0; c < CATEGORIES; c++)
				if (published_in(d, t, c) == r)
					in.categories[t] |= (uint64_t)1 << c;
		struct tally_cell cell = count(w, &in);
		if (r->below) {
			assert_int_equal(r->attempts, 0);
			continue;
		}
		assert_true(cell.attempts == 0 || cell.devices >= K);
		assert_int_equal(r->attempts, report_round_attempts(cell.attempts));
		assert_int_equal(r->band, report_band_of(cell.devices));
	}
}

static void check_total(const struct report_document *d)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < d->record_count; i++)
		if (strcmp(d->records[i].category, category_words[SILENT]) != 0)
			sum += d->records[i].attempts;
	assert_int_equal(d->published_total, sum);
}

static void no_number_has_fewer_than_k_contributors(void **state)
{
	(void)state;
	for (seed = 1; seed < 4000; seed++) {
		uint64_t keep = seed;
		struct world w;
		struct report_document d;
		struct diag why;
		make_world(&w);
		make(&d, &w, NULL);
		check_contributors(&d, &w);
		check_total(&d);
		assert_int_equal(report_validate(&d, NULL, &why), REPORT_FINE);
		report_document_deinit(&d);
		seed = keep;
	}
}

/* ---- (ii) ---- */

static bool stays_withheld(const struct report_document *with,
    const struct report_document *without, struct world *w, unsigned device)
{
	for (unsigned t = 0; t < TIERS; t++)
		for (unsigned c = 0; c < CATEGORIES; c++) {
			if (w->events[device][t][c] == 0)
				continue;
			if (published_in(with, t, c) != NULL ||
			    published_in(without, t, c) != NULL)
				return false;
			/* Not empty both times; a sensitive cell may be. */
			const char *row = row_of(with, t);
			bool others = row == NULL || c == SENSITIVE;
			for (unsigned d = 0; d < DEVICES; d++)
				for (unsigned u = 0; u < TIERS && row != NULL; u++)
					if (d != device && row_of(with, u) != NULL &&
					    strcmp(row_of(with, u), row) == 0 &&
					    w->events[d][u][c] > 0)
						others = true;
			if (!others)
				return false;
		}
	return true;
}

static void assert_same_records(
    const struct report_document *a, const struct report_document *b)
{
	struct buf x = BUF_INIT(REPORT_MAX_BYTES);
	struct buf y = BUF_INIT(REPORT_MAX_BYTES);

	assert_int_equal(report_encode(a, &x), OK);
	assert_int_equal(report_encode(b, &y), OK);
	const char *from_x = strstr(buf_cstr(&x), "\"records\"");
	const char *from_y = strstr(buf_cstr(&y), "\"records\"");
	assert_string_equal(from_x, from_y);
	buf_deinit(&x);
	buf_deinit(&y);
}

/* Nor any other byte: who was there stays the same in both. */
static void assert_same_bytes(
    const struct report_document *a, const struct report_document *b)
{
	struct buf x = BUF_INIT(REPORT_MAX_BYTES);
	struct buf y = BUF_INIT(REPORT_MAX_BYTES);

	assert_int_equal(report_encode(a, &x), OK);
	assert_int_equal(report_encode(b, &y), OK);
	assert_string_equal(buf_cstr(&x), buf_cstr(&y));
	buf_deinit(&x);
	buf_deinit(&y);
}

static void a_device_below_the_floor_changes_no_byte(void **state)
{
	unsigned compared = 0;
	(void)state;

	for (uint64_t world = 1; world < 400; world++) {
		struct world w;
		struct report_document with;
		seed = world;
		make_world(&w);
		make(&with, &w, NULL);
		for (unsigned device = 0; device < DEVICES; device++) {
			struct world fewer = w;
			struct report_document without;
			memset(fewer.events[device], 0, sizeof fewer.events[device]);
			if (memcmp(&fewer, &w, sizeof w) == 0)
				continue;
			make(&without, &fewer, NULL);
			if (stays_withheld(&with, &without, &w, device)) {
				assert_same_bytes(&with, &without);
				compared++;
			}
			report_document_deinit(&without);
		}
		report_document_deinit(&with);
	}
	assert_true(compared > 200);
}

/* ---- (iii) ---- */

enum {
	PRIME = 1000003
};

static int64_t inverse(int64_t a)
{
	int64_t result = 1;

	for (int64_t e = PRIME - 2; e > 0; e >>= 1, a = a * a % PRIME)
		if (e & 1)
			result = result * a % PRIME;
	return result;
}

/* Whether `target` is a linear combination of the rows; the rows are brought to echelon
 * form as they come in. */
struct span {
	int64_t rows[CELLS * 2][CELLS];
	size_t count;
};

static bool reduce(const struct span *span, int64_t v[CELLS])
{
	for (size_t r = 0; r < span->count; r++) {
		size_t lead = 0;
		while (span->rows[r][lead] == 0)
			lead++;
		int64_t factor = v[lead];
		for (size_t i = 0; i < CELLS; i++)
			v[i] = ((v[i] - factor * span->rows[r][i]) % PRIME + PRIME) % PRIME;
	}
	for (size_t i = 0; i < CELLS; i++)
		if (v[i] != 0)
			return false;
	return true;
}

static void span_add(struct span *span, const int64_t v[CELLS])
{
	int64_t rest[CELLS];
	size_t lead = 0;

	memcpy(rest, v, sizeof rest);
	if (reduce(span, rest))
		return;
	while (rest[lead] == 0)
		lead++;
	int64_t factor = inverse(rest[lead]);
	for (size_t i = 0; i < CELLS; i++)
		span->rows[span->count][i] = rest[i] * factor % PRIME;
	span->count++;
}

/* All that a reader is told: each published number as a sum of cells (the total is a sum
 * of these), and every cell that was written as 0. */
static void learn(struct span *span, const struct report_document *d)
{
	for (size_t i = 0; i < d->record_count; i++) {
		int64_t row[CELLS] = {0};
		bool any = false;
		if (d->records[i].below)
			continue;
		for (unsigned t = 0; t < TIERS; t++)
			for (unsigned c = 0; c < CATEGORIES; c++)
				if (published_in(d, t, c) == &d->records[i]) {
					row[t * CATEGORIES + c] = 1;
					any = true;
				}
		if (any)
			span_add(span, row);
	}
}

static void no_combination_of_numbers_yields_a_withheld_cell(void **state)
{
	unsigned pools = 0;
	(void)state;

	for (uint64_t world = 1; world < 4000; world++) {
		struct world w;
		struct report_document d;
		struct span span = {.count = 0};
		seed = world;
		make_world(&w);
		make(&d, &w, NULL);
		learn(&span, &d);
		for (unsigned c = 0; c < CATEGORIES; c++)
			for (unsigned t = 0; t < TIERS; t++) {
				const char *row = row_of(&d, t);
				const struct report_record *r =
				    row == NULL ? NULL : find(&d, row, category_words[c]);
				if (row == NULL || r == NULL || !r->below)
					continue;
				/* The whole row's cell: `merged` is several tiers. */
				int64_t target[CELLS] = {0};
				for (unsigned u = 0; u < TIERS; u++)
					if (row_of(&d, u) != NULL &&
					    strcmp(row_of(&d, u), row) == 0)
						target[u * CATEGORIES + c] = 1;
				assert_false(reduce(&span, target));
				pools += published_in(&d, t, c) != NULL;
			}
		report_document_deinit(&d);
	}
	assert_true(pools > 500);
}

/* ---- corrections ---- */

static void a_correction_shows_nothing_that_was_withheld(void **state)
{
	(void)state;
	for (uint64_t world = 1; world < 2000; world++) {
		struct world w;
		struct report_document first;
		struct report_document second;
		seed = world;
		make_world(&w);
		make(&first, &w, NULL);
		for (unsigned n = 0; n < 10; n++)
			w.events[roll(DEVICES)][roll(TIERS)][roll(CATEGORIES)] =
			    (uint8_t)roll(20);
		w.population[roll(TIERS)] += roll(10);
		make(&second, &w, &first);
		assert_int_equal(second.revision, 2);
		assert_string_not_equal(first.report_id, second.report_id);
		assert_int_equal(second.name_count, 0);
		for (size_t i = 0; i < second.record_count; i++) {
			const struct report_record *r = &second.records[i];
			const struct report_record *before =
			    find(&first, r->tier, r->category);
			if (before != NULL && before->below)
				assert_true(r->below);
			/* No pool that was not there: it would be what has changed. */
			if (strcmp(r->tier, "all") == 0)
				assert_non_null(before);
		}
		for (unsigned t = 0; t < TIERS; t++)
			if (row_of(&first, t) == NULL)
				assert_null(row_of(&second, t));
		report_document_deinit(&first);
		report_document_deinit(&second);
	}
}

static void the_same_counts_corrected_are_the_same_records(void **state)
{
	(void)state;
	for (uint64_t world = 1; world < 500; world++) {
		struct world w;
		struct report_document first;
		struct report_document second;
		seed = world;
		make_world(&w);
		make(&first, &w, NULL);
		make(&second, &w, &first);
		assert_same_records(&first, &second);
		report_document_deinit(&first);
		report_document_deinit(&second);
	}
}

/* ---- what stands where ---- */

static void set(
    struct world *w, unsigned tier, unsigned category, unsigned from, unsigned n)
{
	for (unsigned d = from; d < from + n; d++)
		w->events[d][tier][category] = 2;
}

static void each_event_is_in_the_finest_cell_that_passes(void **state)
{
	struct world w;
	struct report_document d;
	(void)state;

	memset(&w, 0, sizeof w);
	for (unsigned t = 0; t < TIERS; t++)
		w.population[t] = 20;
	set(&w, 0, 0, 0, 10); /* games: primary passes */
	set(&w, 1, 0, 10, 4); /* lower and upper pass together */
	set(&w, 2, 0, 14, 3);
	set(&w, 0, 1, 20, 3); /* dating and piracy only in `other` */
	set(&w, 1, 2, 23, 4);
	set(&w, 0, 4, 0, 30); /* adult: not in a daily document */
	set(&w, 3, 0, 40, 8); /* staff: not in the summary */
	make(&d, &w, NULL);
	assert_int_equal(find(&d, "primary", "games")->attempts, 20);
	assert_true(find(&d, "lower", "games")->below);
	assert_int_equal(find(&d, "all", "games")->attempts, 15); /* 14 */
	assert_true(find(&d, "primary", "dating")->below);
	assert_null(find(&d, "all", "dating"));
	assert_int_equal(find(&d, "all", "other")->attempts, 15); /* 6 + 8 */
	assert_int_equal(find(&d, "lower", "dating")->attempts, 0);
	assert_false(find(&d, "lower", "dating")->below);
	assert_null(find(&d, "primary", "adult"));
	assert_null(find(&d, "staff", "games"));
	assert_int_equal(d.published_total, 20 + 15 + 15);
	report_document_deinit(&d);
}

static void one_withheld_cell_is_never_pooled_alone(void **state)
{
	struct world w;
	struct report_document d;
	(void)state;

	memset(&w, 0, sizeof w);
	w.population[0] = 20;
	set(&w, 0, 0, 0, 4);
	make(&d, &w, NULL);
	assert_true(find(&d, "primary", "games")->below);
	assert_null(find(&d, "all", "games"));
	assert_null(find(&d, "all", "other"));
	report_document_deinit(&d);
}

static void small_tiers_are_merged_or_not_shown(void **state)
{
	struct world w;
	struct report_document d;
	(void)state;

	memset(&w, 0, sizeof w);
	w.population[0] = 7;
	w.population[1] = 3;
	set(&w, 0, 0, 0, 4);
	set(&w, 1, 0, 4, 3);
	make(&d, &w, NULL);
	assert_int_equal(d.coverage_count, 1);
	assert_string_equal(d.coverage[0].tier, "merged");
	assert_int_equal(find(&d, "merged", "games")->attempts, 15);
	report_document_deinit(&d);
	w.population[1] = 0;
	set(&w, 1, 0, 4, 0);
	make(&d, &w, NULL);
	assert_int_equal(d.coverage_count, 0);
	assert_int_equal(d.record_count, 0);
	report_document_deinit(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(no_number_has_fewer_than_k_contributors),
	    cmocka_unit_test(a_device_below_the_floor_changes_no_byte),
	    cmocka_unit_test(no_combination_of_numbers_yields_a_withheld_cell),
	    cmocka_unit_test(a_correction_shows_nothing_that_was_withheld),
	    cmocka_unit_test(the_same_counts_corrected_are_the_same_records),
	    cmocka_unit_test(each_event_is_in_the_finest_cell_that_passes),
	    cmocka_unit_test(one_withheld_cell_is_never_pooled_alone),
	    cmocka_unit_test(small_tiers_are_merged_or_not_shown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
