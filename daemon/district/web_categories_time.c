/* Categories over time: the largest ones, or one by its tiers; the total of the year before beside them. */
#include "district/web_categories.h"

#include <string.h>

#include "district/format.h"
#include "district/web.h"

enum {
	LINES = 6, /* of the chart; a table of twenty columns is read by nobody */
	COLUMNS = FIGURES_TIERS + 3
};

struct lines {
	const struct figures_row *one; /* a category by tiers; NULL: `largest` */
	const struct figures_row *largest[LINES];
	size_t count;
};

/* The rows with most attempts, largest first. */
static void pick_largest(const struct figures *f, struct lines *out)
{
	for (size_t i = 0; i < f->row_count; i++) {
		const struct figures_row *row = &f->rows[i];
		if (row->sensitive || row->silent || row->sum.attempts == 0)
			continue;
		size_t at = out->count < LINES ? out->count++ : LINES;
		for (; at > 0 && out->largest[at - 1]->sum.attempts < row->sum.attempts;
		     at--)
			if (at < LINES)
				out->largest[at] = out->largest[at - 1];
		if (at < LINES)
			out->largest[at] = row;
	}
}

static struct lines pick(const struct categories_view *v)
{
	struct lines lines = {.one = NULL};

	if (*v->category != 0)
		lines.one = figures_find(v->figures, v->category);
	if (lines.one != NULL && lines.one->sensitive)
		lines.one = NULL; /* weekly, and without tiers */
	if (lines.one == NULL)
		pick_largest(v->figures, &lines);
	return lines;
}

static const struct figure *sum_of(const struct figures *f, const struct lines *lines)
{
	if (lines->one == NULL)
		return &f->total;
	const struct figures_row *row = figures_find(f, lines->one->category);
	return row == NULL ? NULL : &row->sum;
}

/* A tier's place among the tiers of one period, which may lack some. */
static const struct figure *tier_of(
    const struct figures *f, const struct figures_row *row, const char *tier)
{
	for (size_t i = 0; row != NULL && i < f->tier_count; i++)
		if (strcmp(f->tiers[i], tier) == 0)
			return &row->of[i];
	return NULL;
}

static void put_lines(
    struct page *p, const struct categories_view *v, const struct lines *lines)
{
	const struct figures *f = &v->scratch[0];

	if (lines->one != NULL) {
		const struct figures_row *row = figures_find(f, lines->one->category);
		for (size_t i = 0; i < v->figures->tier_count; i++)
			categories_put_figure(p, tier_of(f, row, v->figures->tiers[i]));
		return;
	}
	for (size_t i = 0; i < lines->count; i++) {
		const struct figures_row *row =
		    figures_find(f, lines->largest[i]->category);
		categories_put_figure(p, row == NULL ? NULL : &row->sum);
	}
}

static void put_row(struct page *p, const struct categories_view *v, size_t period,
    const struct lines *lines)
{
	char label[FORMAT_BYTES];
	int32_t from, to;

	counts_period(v->now, period, &from, &to);
	figures_make(&v->scratch[0], v->now, COUNTS_TOTAL, period);
	if (categories_are_by_day(v))
		format_day(label, from, p->language);
	else
		format_month(label, from, p->language);
	page_row_open(p);
	page_cell_head(p, NULL, label);
	categories_put_figure(p, sum_of(&v->scratch[0], lines));
	if (period < counts_periods(v->past)) {
		figures_make(&v->scratch[1], v->past, COUNTS_TOTAL, period);
		categories_put_figure(p, sum_of(&v->scratch[1], lines));
	} else {
		categories_put_figure(p, NULL);
	}
	put_lines(p, v, lines);
	page_row_close(p);
}

static size_t make_columns(struct page_column *columns, const struct page *p,
    const struct categories_view *v, const struct lines *lines)
{
	size_t count = 0;

	columns[count++] = (struct page_column){
	    COLUMN_TEXT, categories_are_by_day(v) ? WORD_DAY : WORD_MONTH, NULL};
	columns[count++] = (struct page_column){COLUMN_NUMBER, WORD_TOTAL, NULL};
	columns[count++] =
	    (struct page_column){COLUMN_NUMBER, WORD_CATEGORY_YEAR_BEFORE, NULL};
	if (lines->one != NULL)
		for (size_t i = 0; i < v->figures->tier_count; i++)
			columns[count++] = (struct page_column){COLUMN_NUMBER, WORD_TOTAL,
			    term_of(TERM_TIER, v->figures->tiers[i], p->language)};
	for (size_t i = 0; i < lines->count; i++)
		columns[count++] = (struct page_column){COLUMN_NUMBER, WORD_TOTAL,
		    term_of(TERM_CATEGORY, lines->largest[i]->category, p->language)};
	return count;
}

static void put_choice(struct call *c, struct page *p, const struct categories_view *v)
{
	struct page_option options[FIGURES_CATEGORIES + 1] = {
	    {"", word_of(WORD_CATEGORY_LARGEST, p->language)}};
	char from[DAY_TEXT_BYTES], to[DAY_TEXT_BYTES];
	size_t count = 1;

	for (size_t i = 0; i < v->figures->row_count; i++) {
		const char *id = v->figures->rows[i].category;
		if (!v->figures->rows[i].sensitive)
			options[count++] = (struct page_option){
			    id, term_of(TERM_CATEGORY, id, p->language)};
	}
	day_write(from, v->period.from);
	day_write(to, v->period.to - 1);
	page_get_open(p, c->path);
	page_hidden(p, "from", from);
	page_hidden(p, "to", to);
	if (*v->place.unit != 0)
		page_hidden(p, "unit", v->place.unit);
	page_select(p, "category", WORD_CATEGORY, options, count, v->category);
	page_button(p, NULL, NULL, WORD_SHOW);
	page_form_close(p);
}

void categories_put_over_time(
    struct call *c, struct page *p, const struct categories_view *v)
{
	const struct lines lines = pick(v);
	struct page_column columns[COLUMNS + LINES];
	size_t count = make_columns(columns, p, v, &lines);

	page_heading(p, 2, "time", WORD_CATEGORY_OVER_TIME);
	put_choice(c, p, v);
	page_table_open(p,
	    &(struct page_table){
	        .caption = word_of(categories_are_by_day(v) ? WORD_CATEGORY_BY_DAY
	                                                    : WORD_CATEGORY_BY_MONTH,
	            p->language),
	        .columns = columns,
	        .count = count,
	        .id = "over-time",
	        .chart = "lines"});
	for (size_t i = 0; i < counts_periods(v->now); i++)
		put_row(p, v, i, &lines);
	page_table_close(p);
}
