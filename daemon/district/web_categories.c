/* Categories by tier and time, beside the year before, for any unit and period. */
#include "district/web_pages.h"

#include <stdlib.h>

#include "district/format.h"
#include "district/web.h"
#include "district/web_categories.h"
#include "district/web_link.h"

enum {
	ROWS = 100
};

static void leave(struct categories_view *v)
{
	counts_free(v->now);
	counts_free(v->past);
	counts_free(v->children);
	counts_free(v->children_past);
	free(v->figures);
	free(v->figures_past);
	free(v->scratch);
	web_place_leave(&v->place);
}

static enum err read_both(struct call *c, const struct categories_view *v,
    struct counts_query *query, struct counts **now, struct counts **past)
{
	query->from = v->period.from;
	query->to = v->period.to;
	enum err rc = store_counts(c->store, query, now);
	query->from = v->before.from;
	query->to = v->before.to;
	return rc != OK ? rc : store_counts(c->store, query, past);
}

static enum err read_place(struct call *c, struct categories_view *v)
{
	struct counts_query query = {
	    .by = categories_are_by_day(v) ? COUNTS_BY_DAY : COUNTS_BY_MONTH};
	struct tree_groups groups;

	enum err rc = web_place_units(&v->place, &groups, &query.units);
	if (rc == OK)
		rc = read_both(c, v, &query, &v->now, &v->past);
	tree_groups_free(&groups);
	return rc;
}

/* Only the children on this part of the list are summed. */
static void keep_groups(struct tree_groups *groups, size_t skip)
{
	for (size_t i = 0; i < groups->unit_count; i++)
		if (groups->group_of[i] < skip || groups->group_of[i] >= skip + ROWS)
			groups->group_of[i] = COUNTS_SKIP;
}

static enum err read_children(struct call *c, struct categories_view *v)
{
	struct counts_query query = {.by = COUNTS_BY_NOTHING};
	struct tree_groups groups = TREE_GROUPS_NONE;
	uint32_t first, count;

	web_place_children(&v->place, &first, &count);
	if (count == 0)
		return OK;
	enum err rc =
	    tree_groups_children(v->place.tree, web_place_top(&v->place), &groups);
	if (rc == OK) {
		keep_groups(&groups, web_query_page(c) * ROWS);
		query.units = tree_units(&groups);
		rc = read_both(c, v, &query, &v->children, &v->children_past);
	}
	tree_groups_free(&groups);
	return rc;
}

static enum err make_figures(struct categories_view *v)
{
	v->figures = calloc(1, sizeof *v->figures);
	v->figures_past = calloc(1, sizeof *v->figures_past);
	v->scratch = calloc(2, sizeof *v->scratch);
	if (v->figures == NULL || v->figures_past == NULL || v->scratch == NULL)
		return ERR_MEMORY;
	figures_make(v->figures, v->now, COUNTS_TOTAL, COUNTS_TOTAL);
	figures_make(v->figures_past, v->past, COUNTS_TOTAL, COUNTS_TOTAL);
	return OK;
}

/* False: answered. The tree is that of the period's end: units merged since then are their successors'. */
static bool read_view(struct call *c, struct page *p, struct categories_view *v)
{
	int32_t today = web_today(c);

	*v = (struct categories_view){.now = NULL};
	v->wrong_period = !web_period_read(c, PRESET_30_DAYS, today, &v->period);
	v->category = web_query(c, "category");
	v->before = web_period_before(&v->period);
	int32_t last = v->period.to - 1;
	if (!web_place_find(c, p, last < today ? last : today, &v->place)) {
		leave(v);
		return false;
	}
	enum err rc = read_place(c, v);
	if (rc == OK)
		rc = read_children(c, v);
	if (rc == OK)
		rc = make_figures(v);
	if (rc == OK)
		return true;
	web_fail(c, p, rc);
	leave(v);
	return false;
}

/* ---- tables ---- */

static void put_change(
    struct page *p, const struct figure *now, const struct figure *before)
{
	char text[FORMAT_BYTES];

	format_change(
	    text, before == NULL ? 0 : before->attempts, now->attempts, p->language);
	page_cell_open(p, COLUMN_NUMBER);
	page_text(p, text);
	page_cell_close(p);
}

void categories_put_figure(struct page *p, const struct figure *figure)
{
	if (figure == NULL || (figure->published == 0 && figure->withheld == 0))
		page_cell_none(p, COLUMN_NUMBER, WORD_NONE);
	else
		page_cell_count(p, figure->attempts, figure->withheld);
}

static void put_row_end(
    struct page *p, const struct figure *now, const struct figure *before)
{
	categories_put_figure(p, now);
	categories_put_figure(p, before);
	put_change(p, now, before);
	page_row_close(p);
}

/* The same page with one category over time by level. */
static const char *link_category(
    struct call *c, const struct categories_view *v, const char *category)
{
	char from[DAY_TEXT_BYTES], to[DAY_TEXT_BYTES];
	const struct web_pair pairs[] = {{"from", from}, {"to", to},
	    {"unit", v->place.unit}, {"category", category}, {NULL, NULL}};

	day_write(from, v->period.from);
	day_write(to, v->period.to - 1);
	return web_link(c, "/categories", pairs);
}

static void put_main_row(
    struct call *c, struct page *p, const struct categories_view *v, size_t at)
{
	const struct figures *f = v->figures;
	const struct figures_row *row = &f->rows[at];
	const struct figures_row *before = figures_find(v->figures_past, row->category);

	page_row_open(p);
	page_cell_head(p, link_category(c, v, row->category),
	    term_of(TERM_CATEGORY, row->category, p->language));
	for (size_t i = 0; i < f->tier_count; i++)
		categories_put_figure(p, &row->of[i]);
	put_row_end(p, &row->sum, before == NULL ? NULL : &before->sum);
}

static void put_sum_row(struct page *p, const struct figures *f, const struct figures *past)
{
	page_raw(p, "<tr class=\"sum\">");
	page_cell_head(p, NULL, word_of(WORD_CATEGORY_TOTAL, p->language));
	for (size_t i = 0; i < f->tier_count; i++) {
		struct figure sum = {0};
		for (size_t k = 0; k < f->row_count; k++) {
			if (f->rows[k].sensitive || f->rows[k].silent)
				continue;
			sum.attempts += f->rows[k].of[i].attempts;
			sum.withheld += f->rows[k].of[i].withheld;
			sum.published += f->rows[k].of[i].published;
		}
		categories_put_figure(p, &sum);
	}
	put_row_end(p, &f->total, &past->total);
}

static void put_main(struct call *c, struct page *p, const struct categories_view *v)
{
	struct page_column columns[FIGURES_TIERS + 4] = {
	    {COLUMN_TEXT, WORD_CATEGORY, NULL}};
	const struct figures *f = v->figures;
	size_t count = 1;

	for (size_t i = 0; i < f->tier_count; i++)
		columns[count++] = (struct page_column){COLUMN_NUMBER, WORD_TOTAL,
		    term_of(TERM_TIER, f->tiers[i], p->language)};
	columns[count++] =
	    (struct page_column){COLUMN_NUMBER, WORD_CATEGORY_ALL_LEVELS, NULL};
	columns[count++] =
	    (struct page_column){COLUMN_NUMBER, WORD_CATEGORY_YEAR_BEFORE, NULL};
	columns[count++] = (struct page_column){COLUMN_NUMBER, WORD_CATEGORY_CHANGE, NULL};
	page_table_open(p,
	    &(struct page_table){.caption = word_of(WORD_CATEGORY_TABLE, p->language),
	        .columns = columns,
	        .count = count,
	        .id = "by-level"});
	for (size_t i = 0; i < f->row_count; i++)
		if (!f->rows[i].sensitive && !f->rows[i].silent)
			put_main_row(c, p, v, i);
	put_sum_row(p, f, v->figures_past);
	for (size_t i = 0; i < f->row_count; i++)
		if (f->rows[i].silent)
			put_main_row(c, p, v, i);
	page_table_close(p);
}

static void put_sensitive(struct page *p, const struct categories_view *v)
{
	static const struct page_column columns[] = {{COLUMN_TEXT, WORD_CATEGORY, NULL},
	    {COLUMN_NUMBER, WORD_CATEGORY_ALL_LEVELS, NULL},
	    {COLUMN_NUMBER, WORD_CATEGORY_YEAR_BEFORE, NULL},
	    {COLUMN_NUMBER, WORD_CATEGORY_CHANGE, NULL}};
	const struct figures *f = v->figures;
	bool any = false;

	for (size_t i = 0; i < f->row_count; i++)
		any = any || f->rows[i].sensitive;
	if (!any)
		return;
	page_heading(p, 2, NULL, WORD_CATEGORY_SENSITIVE);
	page_paragraph(p, "note", WORD_CATEGORY_SENSITIVE_NOTE, NULL);
	page_table_open(p,
	    &(struct page_table){
	        .caption = word_of(WORD_CATEGORY_SENSITIVE_TABLE, p->language),
	        .columns = columns,
	        .count = COUNT_OF(columns),
	        .id = "sensitive"});
	for (size_t i = 0; i < f->row_count; i++) {
		const struct figures_row *row = &f->rows[i];
		const struct figures_row *before =
		    figures_find(v->figures_past, row->category);
		if (!row->sensitive)
			continue;
		page_row_open(p);
		page_cell_head(p, NULL, term_of(TERM_CATEGORY, row->category, p->language));
		put_row_end(p, &row->sum, before == NULL ? NULL : &before->sum);
	}
	page_table_close(p);
}

/* ---- the units below ---- */

static void sum_cells(const struct counts *counts, size_t group, struct figure *out)
{
	const struct counts_cell *cells = NULL;
	size_t count = counts_cells(counts, group, COUNTS_TOTAL, &cells);

	*out = (struct figure){0};
	for (size_t i = 0; i < count; i++) {
		if (category_is_sensitive(cells[i].category) ||
		    category_is_silent(cells[i].category))
			continue;
		out->attempts += cells[i].attempts;
		out->withheld += cells[i].withheld;
		out->published += cells[i].published;
	}
}

static void put_child(struct call *c, struct page *p, const struct categories_view *v,
    uint32_t first, size_t at)
{
	const struct tree_node *node = tree_node(v->place.tree, first + (uint32_t)at);
	const char *query = web_period_query(c, &v->period);
	struct figure now, before;
	struct buf href = BUF_INIT(1024);

	sum_cells(v->children, at, &now);
	sum_cells(v->children_past, at, &before);
	const struct web_pair pairs[] = {{"unit", node->unit}, {NULL, NULL}};
	buf_text(&href, web_link(c, "/categories", pairs));
	buf_text(&href, "&");
	buf_text(&href, query + 1);
	page_row_open(p);
	page_cell_head(p, buf_cstr(&href), node->name);
	page_cell_number(p, node->schools);
	page_cell_number(p, counts_sum(v->children, at, COUNTS_TOTAL, SUM_DAYS));
	put_row_end(p, &now, &before);
	buf_deinit(&href);
}

static void put_children(struct call *c, struct page *p, const struct categories_view *v)
{
	static const struct page_column columns[] = {{COLUMN_TEXT, WORD_UNIT, NULL},
	    {COLUMN_NUMBER, WORD_UNIT_SCHOOLS, NULL},
	    {COLUMN_NUMBER, WORD_CATEGORY_DAYS, NULL},
	    {COLUMN_NUMBER, WORD_CATEGORY_TOTAL, NULL},
	    {COLUMN_NUMBER, WORD_CATEGORY_YEAR_BEFORE, NULL},
	    {COLUMN_NUMBER, WORD_CATEGORY_CHANGE, NULL}};
	size_t skip = web_query_page(c) * ROWS;
	struct buf address = BUF_INIT(1024);
	uint32_t first, count;

	web_place_children(&v->place, &first, &count);
	if (count == 0)
		return;
	size_t shown = skip < count ? count - skip : 0;
	shown = shown > ROWS ? ROWS : shown;
	page_heading(p, 2, NULL, WORD_UNIT_CHILDREN);
	page_table_open(p,
	    &(struct page_table){.caption = word_of(WORD_CATEGORY_BY_UNIT, p->language),
	        .columns = columns,
	        .count = COUNT_OF(columns),
	        .id = "by-unit"});
	for (size_t i = 0; i < shown; i++)
		put_child(c, p, v, first, skip + i);
	page_table_close(p);
	buf_text(&address, "/categories");
	buf_text(&address, web_period_query(c, &v->period));
	if (*v->place.unit != 0) {
		buf_text(&address, "&unit=");
		call_encode(&address, v->place.unit);
	}
	page_pager(p, buf_cstr(&address), skip, shown, count, ROWS);
	buf_deinit(&address);
}

static void put_export(struct call *c, struct page *p, const struct categories_view *v)
{
	char from[DAY_TEXT_BYTES], to[DAY_TEXT_BYTES];
	const struct web_pair pairs[] = {
	    {"from", from}, {"to", to}, {"unit", v->place.unit}, {NULL, NULL}};

	day_write(from, v->period.from);
	day_write(to, v->period.to - 1);
	page_raw(p, "<p>");
	page_link(p, web_link(c, "/v1/export.csv", pairs),
	    word_of(WORD_CATEGORY_EXPORT, p->language));
	page_raw(p, "</p>\n");
}

void web_categories(struct call *c)
{
	struct page p;
	struct categories_view v;

	if (!web_enter(c, SECTION_CATEGORIES, &p) || !read_view(c, &p, &v))
		return;
	const struct web_period_picker picker = {.path = "/categories",
	    .unit = v.place.unit,
	    .category = v.category,
	    .wrong = v.wrong_period};
	const char *span[] = {v.place.name, web_period_text(c, &p, &v.period),
	    web_period_text(c, &p, &v.before), NULL};
	page_open(&p, word_of(WORD_NAV_CATEGORIES, p.language));
	web_place_crumbs(c, &p, &v.place, "/categories", NULL);
	page_title(&p, word_of(WORD_NAV_CATEGORIES, p.language));
	web_period_put(c, &p, &v.period, &picker);
	page_paragraph(&p, NULL, WORD_CATEGORY_SPAN, span);
	if (counts_incomplete(v.now) || counts_incomplete(v.past))
		page_paragraph(&p, "note", WORD_CATEGORY_INCOMPLETE, NULL);
	if (v.figures->row_count == 0) {
		page_paragraph(&p, "note", WORD_EMPTY_PERIOD, NULL);
	} else {
		page_paragraph(&p, "note", WORD_AT_LEAST_NOTE, NULL);
		put_main(c, &p, &v);
		put_sensitive(&p, &v);
		categories_put_over_time(c, &p, &v);
	}
	put_children(c, &p, &v);
	put_export(c, &p, &v);
	web_finish(c, &p);
	leave(&v);
}
