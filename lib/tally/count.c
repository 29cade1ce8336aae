/* Counting the rows. A row is one device in one cell, so attempts and devices of a cell
 * are sums over its rows; for a union of cells, a device counts at the first of its rows
 * that belongs to it. */
#include <string.h>

#include "tally/internal.h"

/* Which rows belong to a union. */
struct filter {
	uint64_t categories[TALLY_TIERS];
	uint32_t seen_tiers;
};

static bool filter_takes(const struct filter *filter, const struct row *row)
{
	unsigned category = row_category(row);
	unsigned tier = row_tier(row);

	if (category < TALLY_CATEGORIES)
		return (filter->categories[tier] >> category & 1) != 0;
	return category == ROW_SEEN && (filter->seen_tiers >> tier & 1) != 0;
}

/* Whether no row before `at` is of the same device and in the union. */
static bool is_first(const struct run *run, uint32_t at, const struct filter *filter)
{
	uint32_t mask = run->head->fixed.rows - 1;
	uint64_t tag = row_tag(&run->rows[at]);

	for (uint32_t i = run_home(run, tag); i != at; i = (i + 1) & mask)
		if (row_tag(&run->rows[i]) == tag && filter_takes(filter, &run->rows[i]))
			return false;
	return true;
}

static struct tally_cell count_union(const struct run *run, const struct filter *filter)
{
	struct tally_cell cell = {0, 0};
	struct kinds kinds = {{0}};

	for (uint32_t i = 0; i < run->head->fixed.rows; i++) {
		const struct row *row = &run->rows[i];
		if (!row_used(row) || !filter_takes(filter, row))
			continue;
		cell.attempts += row_attempts(row);
		if (is_first(run, i, filter))
			kinds.by[row_kind(row)]++;
	}
	cell.devices = kinds_devices(&kinds);
	return cell;
}

/* Devices of each category in each tier, by kind. Of three passes only one kind is in
 * hand at a time, so that no large table is needed. */
static void count_kind(const struct run *run, enum tally_device_kind kind,
    uint32_t counts[TALLY_TIERS][ROW_CATEGORIES])
{
	memset(counts, 0, sizeof(uint32_t[TALLY_TIERS][ROW_CATEGORIES]));
	for (uint32_t i = 0; i < run->head->fixed.rows; i++) {
		const struct row *row = &run->rows[i];
		if (row_used(row) && row_kind(row) == kind)
			counts[row_tier(row)][row_category(row)]++;
	}
}

static void count_cells(const struct run *run, struct tally_totals *out)
{
	static const enum tally_device_kind kinds[] = {
	    TALLY_DEVICE_IPV4, TALLY_DEVICE_IPV6, TALLY_DEVICE_MAC};
	uint32_t counts[TALLY_TIERS][ROW_CATEGORIES];

	for (size_t k = 0; k < COUNT_OF(kinds); k++) {
		count_kind(run, kinds[k], counts);
		bool adds = kinds[k] == TALLY_DEVICE_MAC;
		for (size_t t = 0; t < TALLY_TIERS; t++)
			for (size_t c = 0; c < ROW_CATEGORIES; c++) {
				uint32_t *devices = c < TALLY_CATEGORIES
				    ? &out->cells[t][c].devices
				    : c == ROW_SEEN ? &out->tier_devices[t]
				                    : &out->tier_default_devices[t];
				if (adds)
					*devices += counts[t][c];
				else if (counts[t][c] > *devices)
					*devices = counts[t][c];
			}
	}
	for (uint32_t i = 0; i < run->head->fixed.rows; i++) {
		const struct row *row = &run->rows[i];
		if (row_used(row) && row_category(row) < TALLY_CATEGORIES)
			out->cells[row_tier(row)][row_category(row)].attempts +=
			    row_attempts(row);
	}
}

static bool is_pupils(const struct tally_totals *totals, size_t tier)
{
	return (totals->tiers[tier].flags & TALLY_PUPILS) != 0;
}

static void filter_pupils(
    struct filter *filter, const struct tally_totals *totals, uint64_t categories)
{
	memset(filter, 0, sizeof *filter);
	for (size_t t = 0; t < totals->tier_count; t++)
		if (is_pupils(totals, t))
			filter->categories[t] = categories;
}

/* Sensitive categories that few devices met: their union, for the weekly pool. */
static void count_low(const struct run *run, uint32_t min_devices, struct tally_totals *out)
{
	struct filter filter;
	uint64_t low = 0;

	for (size_t c = 0; c < out->category_count; c++) {
		uint32_t devices = out->category_devices[c];
		if (out->categories[c].flags & TALLY_SENSITIVE && devices > 0 &&
		    devices < min_devices)
			low |= (uint64_t)1 << c;
	}
	filter_pupils(&filter, out, low);
	out->low_categories = low;
	out->low_devices = count_union(run, &filter).devices;
}

static bool is_met(const struct tally_totals *totals, size_t category)
{
	for (size_t t = 0; t < totals->tier_count; t++)
		if (totals->cells[t][category].devices > 0)
			return true;
	return false;
}

void count_live(const struct tally *t, struct tally_totals *out)
{
	struct filter filter;

	count_cells(&t->run, out);
	for (size_t c = 0; c < out->category_count; c++) {
		if (!is_met(out, c))
			continue;
		filter_pupils(&filter, out, (uint64_t)1 << c);
		out->category_devices[c] = count_union(&t->run, &filter).devices;
	}
	count_low(&t->run, t->limits.min_devices, out);
}

/* The devices of one category over the selected tiers are at least those of its largest
 * cell, and all of them when every pupils' tier that met it is selected. */
static uint32_t base_category(
    const struct tally_totals *totals, const struct tally_selection *which, size_t c)
{
	uint32_t most = 0;
	bool all = true;

	for (size_t t = 0; t < totals->tier_count; t++) {
		uint32_t devices = totals->cells[t][c].devices;
		bool selected = (which->categories[t] >> c & 1) != 0;
		if (selected && devices > most)
			most = devices;
		if (!selected && devices > 0 && is_pupils(totals, t))
			all = false;
	}
	return all && most > 0 && totals->category_devices[c] > most
	    ? totals->category_devices[c]
	    : most;
}

struct tally_cell tally_totals_count(
    const struct tally_totals *totals, const struct tally_selection *which)
{
	struct tally_cell sum = {0, 0};

	for (size_t c = 0; c < totals->category_count; c++) {
		for (size_t t = 0; t < totals->tier_count; t++)
			if (which->categories[t] >> c & 1)
				sum.attempts += totals->cells[t][c].attempts;
		uint32_t devices = base_category(totals, which, c);
		if (devices > sum.devices)
			sum.devices = devices;
	}
	return sum;
}

struct tally_cell tally_count(const struct tally *t, const struct tally_selection *which)
{
	struct filter filter = {.seen_tiers = 0};

	memcpy(filter.categories, which->categories, sizeof filter.categories);
	struct tally_cell live = count_union(&t->run, &filter);
	struct tally_cell base = tally_totals_count(t->base, which);
	return (struct tally_cell){live.attempts + base.attempts,
	    live.devices > base.devices ? live.devices : base.devices};
}

uint32_t tally_totals_population(const struct tally_totals *totals, uint32_t tiers)
{
	uint32_t most = 0;

	for (size_t tier = 0; tier < totals->tier_count; tier++)
		if ((tiers >> tier & 1) != 0 && totals->tier_devices[tier] > most)
			most = totals->tier_devices[tier];
	return most;
}

uint32_t tally_population(const struct tally *t, uint32_t tiers)
{
	struct filter filter = {.seen_tiers = tiers};
	uint32_t live = count_union(&t->run, &filter).devices;
	uint32_t base = tally_totals_population(t->base, tiers);

	return live > base ? live : base;
}
