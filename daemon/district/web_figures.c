#include "district/web_figures.h"

#include <string.h>

#include "district/words.h"

static void add(struct figure *to, const struct counts_cell *cell)
{
	to->attempts += cell->attempts;
	to->withheld += cell->withheld;
	to->published += cell->published;
}

/* The place of a word in terms.def; behind all when it is not ours. */
static size_t rank(enum term_kind kind, const char *id)
{
	size_t count;
	const struct term *all = terms_all(&count);

	for (size_t i = 0; i < count; i++)
		if (all[i].kind == kind && strcmp(all[i].id, id) == 0)
			return i;
	return count;
}

static bool stands_before(enum term_kind kind, const char *a, const char *b)
{
	size_t of_a = rank(kind, a), of_b = rank(kind, b);

	return of_a != of_b ? of_a < of_b : strcmp(a, b) < 0;
}

static void note_tier(struct figures *f, const char *tier)
{
	size_t at = f->tier_count;

	for (size_t i = 0; i < f->tier_count; i++)
		if (strcmp(f->tiers[i], tier) == 0)
			return;
	if (at == FIGURES_TIERS)
		return;
	for (; at > 0 && stands_before(TERM_TIER, tier, f->tiers[at - 1]); at--)
		f->tiers[at] = f->tiers[at - 1];
	f->tiers[at] = tier;
	f->tier_count++;
}

/* Cells come by category, so that a new one has no row yet. */
static struct figures_row *row_for(struct figures *f, const char *category)
{
	for (size_t i = 0; i < f->row_count; i++)
		if (strcmp(f->rows[i].category, category) == 0)
			return &f->rows[i];
	if (f->row_count == FIGURES_CATEGORIES)
		return &f->rows[FIGURES_CATEGORIES - 1];
	size_t at = f->row_count++;
	for (; at > 0 && stands_before(TERM_CATEGORY, category, f->rows[at - 1].category);
	     at--)
		f->rows[at] = f->rows[at - 1];
	f->rows[at] = (struct figures_row){.category = category,
	    .sensitive = category_is_sensitive(category),
	    .silent = category_is_silent(category)};
	return &f->rows[at];
}

/* A tier beyond FIGURES_TIERS counts with the last one. */
static size_t tier_place(const struct figures *f, const char *tier)
{
	for (size_t i = 0; i < f->tier_count; i++)
		if (strcmp(f->tiers[i], tier) == 0)
			return i;
	return f->tier_count - 1;
}

void figures_make(
    struct figures *out, const struct counts *counts, size_t group, size_t period)
{
	const struct counts_cell *cells = NULL;
	size_t count = counts_cells(counts, group, period, &cells);

	*out = (struct figures){.tier_count = 0};
	for (size_t i = 0; i < count; i++)
		if (!category_is_sensitive(cells[i].category))
			note_tier(out, cells[i].tier);
	for (size_t i = 0; i < count; i++) {
		struct figures_row *row = row_for(out, cells[i].category);
		add(&row->sum, &cells[i]);
		if (row->sensitive) {
			add(&out->sensitive, &cells[i]);
			continue;
		}
		add(&row->of[tier_place(out, cells[i].tier)], &cells[i]);
		if (!row->silent)
			add(&out->total, &cells[i]);
	}
}

const struct figures_row *figures_find(const struct figures *figures, const char *category)
{
	for (size_t i = 0; i < figures->row_count; i++)
		if (strcmp(figures->rows[i].category, category) == 0)
			return &figures->rows[i];
	return NULL;
}
