/* The privacy floor of a day. For each category that is not sensitive:
 *
 *   1  tier x category        every row's cell with min_devices devices or more
 *   2  all x category         the cells withheld in 1, pooled
 *   3  all x other            the cells withheld in 1 and 2, pooled over categories
 *
 * each pool only of two or more cells that are not empty, and only with min_devices
 * distinct devices. So every event is in one published number at most, and no published
 * number is another one plus a withheld cell: there is nothing to subtract.
 *
 * A correction keeps the members of every pool: were a cell to change its pool, the
 * difference of the two revisions would show it. */
#include <string.h>

#include "report/internal.h"

struct report_privacy report_privacy_applied(const struct report_privacy *asked)
{
	struct report_privacy p = *asked;

	if (p.min_devices < REPORT_FLOOR_DEVICES)
		p.min_devices = REPORT_FLOOR_DEVICES;
	if (p.min_population < p.min_devices)
		p.min_population = p.min_devices;
	return p;
}

static bool text_equal(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

const struct report_record *report_find(
    const struct report_document *document, const char *tier, const char *category)
{
	for (size_t i = 0; i < document->record_count; i++) {
		const struct report_record *r = &document->records[i];
		if (text_equal(r->tier, tier) && text_equal(r->category, category))
			return r;
	}
	return NULL;
}

struct report_record report_record_of(
    const char *tier, const char *category, struct tally_cell cell)
{
	return (struct report_record){.tier = tier,
	    .category = category,
	    .attempts = report_round_attempts(cell.attempts),
	    .band = report_band_of(cell.devices)};
}

/* ---- rows ---- */

static bool covered_before(const struct report_document *previous, const char *tier)
{
	for (size_t i = 0; i < previous->coverage_count; i++)
		if (strcmp(previous->coverage[i].tier, tier) == 0)
			return true;
	return false;
}

/* A correction shows no row that was not shown. */
static void add_row(struct floor_day *day, const char *tier, uint32_t tiers, uint32_t pop)
{
	if (pop < day->privacy.min_population ||
	    (day->previous != NULL && !covered_before(day->previous, tier)))
		return;
	day->rows[day->row_count++] = (struct floor_row){tier, tiers, pop};
}

/* `merged` means the tiers that are not shown alone; in a correction only if these are
 * the same tiers as before. */
static bool same_rows_as_before(const struct floor_day *day)
{
	size_t tiers_before = 0;

	if (day->previous == NULL)
		return true;
	for (size_t i = 0; i < day->previous->coverage_count; i++)
		if (strcmp(day->previous->coverage[i].tier, REPORT_MERGED) != 0)
			tiers_before++;
	return tiers_before == day->row_count;
}

static void note_asked(struct floor_day *day)
{
	const struct report_school *school = day->school;
	const struct tally_totals *totals = day->totals;

	for (size_t i = 0; i < school->tier_count; i++)
		for (size_t t = 0; t < totals->tier_count; t++) {
			if (strcmp(school->tiers[i].tier, totals->tiers[t].text) != 0 ||
			    school->tiers[i].block == NULL)
				continue;
			for (size_t c = 0; c < totals->category_count; c++)
				for (const char *const *b = school->tiers[i].block;
				     *b != NULL; b++)
					if (strcmp(*b, totals->categories[c].text) == 0)
						day->asked[t] |= (uint64_t)1 << c;
		}
}

void floor_begin(struct floor_day *day)
{
	const struct tally_totals *totals = day->totals;
	uint32_t small = 0;

	day->privacy = report_privacy_applied(&day->school->privacy);
	day->row_count = 0;
	memset(day->asked, 0, sizeof day->asked);
	note_asked(day);
	for (size_t t = 0; t < totals->tier_count; t++) {
		uint32_t pop = totals->tier_devices[t];
		if (!day->school->all_tiers && (totals->tiers[t].flags & TALLY_PUPILS) == 0)
			continue;
		if (pop >= day->privacy.min_population)
			add_row(day, totals->tiers[t].text, 1u << t, pop);
		else if (pop > 0)
			small |= 1u << t;
	}
	if (small != 0 && same_rows_as_before(day))
		add_row(day, REPORT_MERGED, small,
		    day->counter->population(day->counter->context, small));
}

/* ---- cells ---- */

static void select_row(
    struct tally_selection *which, const struct floor_row *row, size_t category)
{
	for (size_t t = 0; t < TALLY_TIERS; t++)
		if (row->tiers >> t & 1)
			which->categories[t] |= (uint64_t)1 << category;
}

static struct tally_cell row_cell(
    const struct floor_day *day, const struct floor_row *row, size_t category)
{
	struct tally_selection which = {{0}};

	for (size_t t = 0; t < TALLY_TIERS; t++)
		if (row->tiers == 1u << t)
			return day->totals->cells[t][category];
	select_row(&which, row, category);
	return day->counter->count(day->counter->context, &which);
}

static bool is_asked(
    const struct floor_day *day, const struct floor_row *row, size_t category)
{
	for (size_t t = 0; t < TALLY_TIERS; t++)
		if ((row->tiers >> t & 1) != 0 && (day->asked[t] >> category & 1) != 0)
			return true;
	return false;
}

enum fate {
	FATE_ABSENT,  /* nothing to say: not blocked there, never met */
	FATE_SHOWN,   /* a number, 0 included */
	FATE_POOLED,  /* withheld; a member of the pools */
	FATE_WITHHELD /* withheld from pools too: a correction must not move it */
};

static enum fate judge(const struct floor_day *day, const struct floor_row *row,
    size_t category, struct tally_cell cell)
{
	const char *word = day->totals->categories[category].text;
	bool empty = cell.attempts == 0 && cell.devices == 0;
	bool passes = empty || cell.devices >= day->privacy.min_devices;

	if (empty && !is_asked(day, row, category))
		return FATE_ABSENT;
	if (day->previous == NULL)
		return passes ? FATE_SHOWN : FATE_POOLED;
	const struct report_record *before = report_find(day->previous, row->tier, word);
	if (before != NULL && before->below)
		return FATE_POOLED;
	/* Absent before means 0 before. */
	return passes ? FATE_SHOWN : FATE_WITHHELD;
}

/* Withheld cells on their way to one number. */
struct pool {
	struct tally_selection which;
	size_t cells; /* that are not empty */
};

static void pool_add(struct pool *pool, const struct pool *more)
{
	for (size_t t = 0; t < TALLY_TIERS; t++)
		pool->which.categories[t] |= more->which.categories[t];
	pool->cells += more->cells;
}

/* True when the pool may be shown, with its counts in *cell. */
static bool pool_passes(const struct floor_day *day, const struct pool *pool,
    const char *category, struct tally_cell *cell)
{
	if (pool->cells < 2)
		return false;
	if (day->previous != NULL) {
		const struct report_record *before =
		    report_find(day->previous, REPORT_ALL, category);
		if (before == NULL || before->below)
			return false;
	}
	*cell = day->counter->count(day->counter->context, &pool->which);
	return cell->devices >= day->privacy.min_devices;
}

/* Whether withheld cells of this category may go on to `other`. In a correction not
 * when they had a pool of their own. */
static bool may_join_other(const struct floor_day *day, size_t category)
{
	const struct tally_label *label = &day->totals->categories[category];

	/* Kept apart, so that the total can leave them out. */
	if (label->flags & TALLY_SILENT)
		return false;
	return day->previous == NULL ||
	    report_find(day->previous, REPORT_ALL, label->text) == NULL;
}

struct table {
	struct report_record *records;
	size_t count;
	uint64_t total;
};

static void table_add(struct table *table, struct report_record record, unsigned flags)
{
	table->records[table->count++] = record;
	if (!record.below && (flags & TALLY_SILENT) == 0)
		table->total += record.attempts;
}

/* The cells of one category, row by row; what is withheld goes to *pool. */
static void show_cells(
    const struct floor_day *day, size_t category, struct table *table, struct pool *pool)
{
	const struct tally_label *label = &day->totals->categories[category];

	for (size_t i = 0; i < day->row_count; i++) {
		const struct floor_row *row = &day->rows[i];
		struct tally_cell cell = row_cell(day, row, category);
		enum fate fate = judge(day, row, category, cell);
		if (fate == FATE_ABSENT)
			continue;
		struct report_record record =
		    report_record_of(row->tier, label->text, cell);
		if (fate != FATE_SHOWN)
			record = (struct report_record){
			    .tier = row->tier, .category = label->text, .below = true};
		table_add(table, record, label->flags);
		if (fate == FATE_POOLED) {
			select_row(&pool->which, row, category);
			pool->cells += cell.attempts > 0;
		}
	}
}

size_t floor_records(
    const struct floor_day *day, struct report_record *records, uint64_t *total)
{
	struct table table = {records, 0, 0};
	struct pool other = {.cells = 0};
	struct tally_cell cell;

	for (size_t c = 0; c < day->totals->category_count; c++) {
		const struct tally_label *label = &day->totals->categories[c];
		struct pool pool = {.cells = 0};
		if (label->flags & TALLY_SENSITIVE)
			continue;
		show_cells(day, c, &table, &pool);
		if (pool_passes(day, &pool, label->text, &cell))
			table_add(&table, report_record_of(REPORT_ALL, label->text, cell),
			    label->flags);
		else if (may_join_other(day, c))
			pool_add(&other, &pool);
	}
	if (pool_passes(day, &other, REPORT_OTHER, &cell))
		table_add(&table, report_record_of(REPORT_ALL, REPORT_OTHER, cell), 0);
	*total = table.total;
	return table.count;
}
