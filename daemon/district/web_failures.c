/* What failed at schools, by kind and over time. */
#include "district/web_pages.h"

#include "district/format.h"
#include "district/web.h"
#include "district/web_link.h"
#include "district/web_period.h"

struct view {
	struct web_place place;
	struct web_period period;
	bool wrong_period;
	struct counts *counts;
};

static void leave(struct view *v)
{
	counts_free(v->counts);
	web_place_leave(&v->place);
}

static enum err read_counts(struct call *c, struct view *v)
{
	struct tree_groups groups;
	struct counts_query query = {.from = v->period.from, .to = v->period.to};

	query.by = v->period.to - v->period.from <= WEB_PERIOD_BY_DAY_MAX ? COUNTS_BY_DAY
	                                                                  : COUNTS_BY_MONTH;
	enum err rc = web_place_units(&v->place, &groups, &query.units);
	if (rc == OK)
		rc = store_counts(c->store, &query, &v->counts);
	tree_groups_free(&groups);
	return rc;
}

/* False: answered. */
static bool read_view(struct call *c, struct page *p, struct view *v)
{
	int32_t today = web_today(c);

	*v = (struct view){.place = {.node = TREE_NONE}};
	v->wrong_period = !web_period_read(c, PRESET_30_DAYS, today, &v->period);
	int32_t last = v->period.to - 1;
	if (web_place_find(c, p, last < today ? last : today, &v->place)) {
		enum err rc = read_counts(c, v);
		if (rc == OK)
			return true;
		web_fail(c, p, rc);
	}
	leave(v);
	return false;
}

static void put_kinds(struct page *p, const struct counts *counts)
{
	static const struct page_column columns[] = {{COLUMN_TEXT, WORD_FAILURE, NULL},
	    {COLUMN_NUMBER, WORD_FAILURE_COUNT, NULL},
	    {COLUMN_NUMBER, WORD_CATEGORY_DAYS, NULL}};
	const struct counts_failure *failures = NULL;
	size_t count = counts_failures(counts, COUNTS_TOTAL, COUNTS_TOTAL, &failures);

	if (count == 0) {
		page_paragraph(p, "note", WORD_FAILURE_NONE, NULL);
		return;
	}
	page_table_open(p,
	    &(struct page_table){.caption = word_of(WORD_FAILURE_TABLE, p->language),
	        .columns = columns,
	        .count = COUNT_OF(columns),
	        .id = "failures"});
	for (size_t i = 0; i < count; i++) {
		page_row_open(p);
		page_cell_head(
		    p, NULL, term_of(TERM_FAILURE, failures[i].type, p->language));
		page_cell_number(p, failures[i].count);
		page_cell_number(p, failures[i].days);
		page_row_close(p);
	}
	page_table_close(p);
}

static void put_hours(struct page *p, uint64_t seconds)
{
	char text[FORMAT_BYTES];

	format_duration(text, seconds, p->language);
	page_cell_open(p, COLUMN_NUMBER);
	page_text(p, seconds == 0 ? "0" : text);
	page_cell_close(p);
}

static void put_over_time(struct page *p, const struct view *v)
{
	bool by_day = v->period.to - v->period.from <= WEB_PERIOD_BY_DAY_MAX;
	const struct page_column columns[] = {
	    {COLUMN_TEXT, by_day ? WORD_DAY : WORD_MONTH, NULL},
	    {COLUMN_NUMBER, WORD_CATEGORY_DAYS, NULL},
	    {COLUMN_NUMBER, WORD_FAILURE_DAYS, NULL},
	    {COLUMN_NUMBER, WORD_FAILURE_STALE_DAYS, NULL},
	    {COLUMN_NUMBER, WORD_FAILURE_EMPTY_DAYS, NULL},
	    {COLUMN_NUMBER, WORD_FAILURE_UNFILTERED_DAYS, NULL},
	    {COLUMN_NUMBER, WORD_SCHOOL_UNFILTERED, NULL}};
	static const enum counts_sum shown[] = {SUM_DAYS, SUM_FAILURE_DAYS, SUM_STALE_DAYS,
	    SUM_EMPTY_DAYS, SUM_UNFILTERED_DAYS};

	page_heading(p, 2, NULL, WORD_CATEGORY_OVER_TIME);
	page_table_open(p,
	    &(struct page_table){.caption = word_of(WORD_FAILURE_OVER_TIME, p->language),
	        .columns = columns,
	        .count = COUNT_OF(columns),
	        .id = "over-time",
	        .chart = "lines"});
	for (size_t i = 0; i < counts_periods(v->counts); i++) {
		char label[FORMAT_BYTES];
		int32_t from, to;
		counts_period(v->counts, i, &from, &to);
		if (by_day)
			format_day(label, from, p->language);
		else
			format_month(label, from, p->language);
		page_row_open(p);
		page_cell_head(p, NULL, label);
		for (size_t k = 0; k < COUNT_OF(shown); k++)
			page_cell_number(
			    p, counts_sum(v->counts, COUNTS_TOTAL, i, shown[k]));
		put_hours(p, counts_sum(v->counts, COUNTS_TOTAL, i, SUM_UNFILTERED_S));
		page_row_close(p);
	}
	page_table_close(p);
}

void web_failures(struct call *c)
{
	struct page p;
	struct view v;

	if (!web_enter(c, SECTION_FAILURES, &p) || !read_view(c, &p, &v))
		return;
	const struct web_period_picker picker = {.path = "/failures",
	    .unit = v.place.unit,
	    .category = "",
	    .wrong = v.wrong_period};
	const struct web_pair errors[] = {
	    {"list", "errors"}, {"unit", v.place.unit}, {NULL, NULL}};
	const char *span[] = {v.place.name, web_period_text(c, &p, &v.period), NULL};

	page_open(&p, word_of(WORD_NAV_FAILURES, p.language));
	web_place_crumbs(c, &p, &v.place, "/failures", NULL);
	page_title(&p, word_of(WORD_NAV_FAILURES, p.language));
	web_period_put(c, &p, &v.period, &picker);
	page_paragraph(&p, NULL, WORD_SPAN, span);
	put_kinds(&p, v.counts);
	page_raw(&p, "<p>");
	page_link(&p, web_link(c, "/coverage", errors),
	    word_of(WORD_FAILURE_SCHOOLS, p.language));
	page_raw(&p, "</p>\n");
	put_over_time(&p, &v);
	web_finish(c, &p);
	leave(&v);
}
