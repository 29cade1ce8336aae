/* One unit: where it belongs, how it stands, what it sent day by day, and the units below it. */
#include "district/web_pages.h"

#include <string.h>

#include "district/format.h"
#include "district/web.h"
#include "district/web_link.h"
#include "district/web_schools.h"

enum {
	WINDOW_DAYS = 30,
	ROWS = 100
};

struct view {
	struct web_place place;
	const struct tree_node *node;
	struct coverage *coverage;
	struct counts *days;
	int32_t today;
};

static void leave(struct view *v)
{
	counts_free(v->days);
	coverage_free(v->coverage);
	web_place_leave(&v->place);
}

static enum err read_days(struct call *c, struct view *v)
{
	struct tree_groups groups = TREE_GROUPS_NONE;

	enum err rc = tree_groups_subtree(v->place.tree, v->place.node, &groups);
	if (rc == OK) {
		const struct counts_query query = {.units = tree_units(&groups),
		    .from = v->today - WINDOW_DAYS,
		    .to = v->today,
		    .by = COUNTS_BY_DAY};
		rc = store_counts(c->store, &query, &v->days);
	}
	tree_groups_free(&groups);
	return rc;
}

/* False: answered. */
static bool read_view(struct call *c, struct page *p, struct view *v)
{
	*v = (struct view){.today = web_today(c), .place = {.node = TREE_NONE}};
	enum err rc = web_tree(c, v->today, &v->place.tree);
	if (rc == OK) {
		v->place.node = tree_find(v->place.tree, c->path_rest);
		if (v->place.node == TREE_NONE) {
			web_refuse(c, p, 404, WORD_MISSING_TITLE, WORD_MISSING_UNIT);
			leave(v);
			return false;
		}
		v->node = tree_node(v->place.tree, v->place.node);
		v->place.unit = v->node->unit;
		v->place.name = v->node->name;
		const struct coverage_query query = {
		    .as_of = v->today, .window_days = WINDOW_DAYS};
		rc = store_coverage(c->store, &query, &v->coverage);
	}
	if (rc == OK && v->node->sends)
		rc = read_days(c, v);
	if (rc == OK)
		return true;
	web_fail(c, p, rc);
	leave(v);
	return false;
}

/* ---- facts ---- */

static void fact(struct page *p, enum word word, const char *text)
{
	if (*text == 0)
		return;
	page_raw(p, "<dt>");
	page_word(p, word);
	page_raw(p, "</dt><dd>");
	page_text(p, text);
	page_raw(p, "</dd>\n");
}

static void fact_number(struct page *p, enum word word, uint64_t number)
{
	char text[FORMAT_BYTES];

	format_number(text, number, p->language);
	fact(p, word, number == 0 ? "" : text);
}

static void put_kinds(struct page *p, const char *kinds)
{
	struct slice rest = slice_of(kinds);
	char kind[64];
	const char *separator = "";

	if (*kinds == 0)
		return;
	page_raw(p, "<dt>");
	page_word(p, WORD_UNIT_KINDS);
	page_raw(p, "</dt><dd>");
	while (rest.ptr != NULL) {
		struct slice one = slice_cut(&rest, ',');
		size_t len = one.len < sizeof kind ? one.len : sizeof kind - 1;
		memcpy(kind, one.ptr, len);
		kind[len] = 0;
		page_raw(p, separator);
		page_text(p, term_of(TERM_TIER, kind, p->language));
		separator = ", ";
	}
	page_raw(p, "</dd>\n");
}

static void put_facts(struct page *p, const struct view *v)
{
	page_raw(p, "<dl class=\"facts\">\n");
	fact(p, WORD_UNIT_ID, v->node->unit);
	fact(p, WORD_UNIT_CODE, v->node->code);
	fact(p, WORD_UNIT_LEVEL, term_of(TERM_LEVEL, v->node->level, p->language));
	put_kinds(p, v->node->kinds);
	if (!v->node->sends || v->node->schools > 1)
		fact_number(p, WORD_UNIT_SCHOOLS, v->node->schools);
	fact_number(p, WORD_UNIT_PUPILS, v->node->pupils);
	/* A telephone number of a person at the school: for who works with the school. */
	if ((p->sections & (1U << SECTION_NOMINATIONS | 1U << SECTION_FAILURES)) != 0)
		fact(p, WORD_UNIT_CONTACT, v->node->contact);
	page_raw(p, "</dl>\n");
}

static void put_links(struct call *c, struct page *p, const struct view *v)
{
	const struct web_pair pairs[] = {{"unit", v->node->unit}, {NULL, NULL}};

	page_raw(p, "<ul class=\"presets\">\n<li>");
	page_link(p, web_link(c, "/categories", pairs),
	    word_of(WORD_NAV_CATEGORIES, p->language));
	page_raw(p, "</li>\n");
	if (v->node->child_count > 0) {
		page_raw(p, "<li>");
		page_link(
		    p, web_link(c, "/", pairs), word_of(WORD_NAV_COVERAGE, p->language));
		page_raw(p, "</li>\n");
	}
	if ((p->sections & 1U << SECTION_NAMES) != 0) {
		page_raw(p, "<li>");
		page_link(
		    p, web_link(c, "/names", pairs), word_of(WORD_NAV_NAMES, p->language));
		page_raw(p, "</li>\n");
	}
	if ((p->sections & 1U << SECTION_FAILURES) != 0) {
		page_raw(p, "<li>");
		page_link(p, web_link(c, "/failures", pairs),
		    word_of(WORD_NAV_FAILURES, p->language));
		page_raw(p, "</li>\n");
	}
	page_raw(p, "</ul>\n");
}

/* ---- what a school said last ---- */

static void put_feeds(struct page *p, const struct coverage_state *state)
{
	static const struct page_column columns[] = {{COLUMN_TEXT, WORD_UNIT_FEED, NULL},
	    {COLUMN_NUMBER, WORD_UNIT_FEED_ENTRIES, NULL},
	    {COLUMN_NUMBER, WORD_UNIT_FEED_AGE, NULL}};

	if (state->feed_count == 0)
		return;
	page_table_open(p,
	    &(struct page_table){.caption = word_of(WORD_UNIT_FEEDS, p->language),
	        .columns = columns,
	        .count = COUNT_OF(columns)});
	for (size_t i = 0; i < state->feed_count; i++) {
		char age[FORMAT_BYTES];
		format_duration(age, state->feeds[i].age_hours * 3600, p->language);
		page_row_open(p);
		page_cell_head(p, NULL, state->feeds[i].name);
		page_cell_number(p, state->feeds[i].entries);
		page_cell_open(p, COLUMN_NUMBER);
		page_text(p, age);
		page_cell_close(p);
		page_row_close(p);
	}
	page_table_close(p);
}

static void put_warnings(struct page *p, const struct coverage_state *state)
{
	for (size_t i = 0; i < state->empty_count; i++) {
		const char *values[] = {
		    term_of(TERM_CATEGORY, state->empty[i], p->language), NULL};
		page_paragraph(p, "warn", WORD_UNIT_EMPTY, values);
	}
	for (size_t i = 0; i < state->failure_count; i++) {
		char number[FORMAT_BYTES];
		const char *values[] = {
		    term_of(TERM_FAILURE, state->failures[i].type, p->language), number,
		    NULL};
		format_number(number, state->failures[i].count, p->language);
		page_paragraph(p, "warn", WORD_UNIT_FAILURE, values);
	}
	if (state->shared_source)
		page_paragraph(p, "note", WORD_UNIT_SHARED, NULL);
	if (state->partial)
		page_paragraph(p, "note", WORD_BOARD_PARTIAL_HELP, NULL);
}

static void put_state(struct page *p, const struct coverage_row *row)
{
	const struct coverage_state *state = row->state;
	char day[FORMAT_BYTES], received[FORMAT_BYTES], uptime[FORMAT_BYTES];

	format_day(day, row->last_day, p->language);
	format_time(received, row->received_s, p->offset_s, p->language);
	page_raw(p, "<dl class=\"facts\">\n");
	fact(p, WORD_SCHOOL_LAST_DAY, day);
	fact(p, WORD_UNIT_RECEIVED, received);
	if (state != NULL) {
		format_duration(uptime, state->uptime_s, p->language);
		fact(p, WORD_SCHOOL_MODE,
		    word_of(state->enforce ? WORD_SCHOOL_ENFORCES : WORD_SCHOOL_TRIAL,
		        p->language));
		fact(p, WORD_UNIT_UPTIME, uptime);
		fact_number(p, WORD_UNIT_QUERIES, state->queries);
		fact(p, WORD_UNIT_PLACEMENT,
		    term_of(TERM_PLACEMENT, state->placement, p->language));
		fact(p, WORD_UNIT_PROGRAM, state->generator);
		fact(p, WORD_UNIT_POLICY, state->policy_sha256);
	}
	page_raw(p, "</dl>\n");
	if (state == NULL)
		return;
	put_warnings(p, state);
	put_feeds(p, state);
}

/* ---- day by day ---- */

static void put_day(struct page *p, const struct counts *days, size_t period)
{
	char day[FORMAT_BYTES], time[FORMAT_BYTES];
	int32_t from, to;

	counts_period(days, period, &from, &to);
	format_day(day, from, p->language);
	page_row_open(p);
	page_cell_head(p, NULL, day);
	if (counts_sum(days, 0, period, SUM_DAYS) == 0) {
		for (unsigned i = 0; i < 4; i++)
			page_cell_none(p, COLUMN_NUMBER, WORD_UNIT_NO_DAY);
		page_row_close(p);
		return;
	}
	format_duration(time, counts_sum(days, 0, period, SUM_UPTIME_S), p->language);
	page_cell_open(p, COLUMN_NUMBER);
	page_text(p, time);
	page_cell_close(p);
	page_cell_number(p, counts_sum(days, 0, period, SUM_QUERIES));
	page_cell_number(p, counts_sum(days, 0, period, SUM_PUBLISHED));
	format_duration(time, counts_sum(days, 0, period, SUM_UNFILTERED_S), p->language);
	page_cell_open(p, COLUMN_NUMBER);
	page_text(p, counts_sum(days, 0, period, SUM_UNFILTERED_S) == 0 ? "0" : time);
	page_cell_close(p);
	page_row_close(p);
}

static void put_days(struct page *p, const struct counts *days)
{
	static const struct page_column columns[] = {{COLUMN_TEXT, WORD_DAY, NULL},
	    {COLUMN_NUMBER, WORD_UNIT_UPTIME, NULL},
	    {COLUMN_NUMBER, WORD_UNIT_QUERIES, NULL},
	    {COLUMN_NUMBER, WORD_CATEGORY_TOTAL, NULL},
	    {COLUMN_NUMBER, WORD_SCHOOL_UNFILTERED, NULL}};

	page_heading(p, 2, NULL, WORD_BOARD_BY_DAY);
	page_paragraph(p, "note", WORD_UNIT_DAYS_NOTE, NULL);
	page_table_open(p,
	    &(struct page_table){.caption = word_of(WORD_UNIT_DAYS, p->language),
	        .columns = columns,
	        .count = COUNT_OF(columns),
	        .id = "days",
	        .chart = "lines"});
	for (size_t i = 0; i < counts_periods(days); i++)
		put_day(p, days, i);
	page_table_close(p);
}

/* ---- below ---- */

static void put_units_below(struct call *c, struct page *p, const struct view *v,
    const uint32_t *nodes, size_t count)
{
	static const struct page_column columns[] = {{COLUMN_TEXT, WORD_UNIT, NULL},
	    {COLUMN_TEXT, WORD_UNIT_LEVEL, NULL}, {COLUMN_NUMBER, WORD_UNIT_SCHOOLS, NULL}};

	page_table_open(p,
	    &(struct page_table){.caption = word_of(WORD_UNIT_CHILDREN, p->language),
	        .columns = columns,
	        .count = COUNT_OF(columns),
	        .id = "below"});
	for (size_t i = 0; i < count; i++) {
		const struct tree_node *node = tree_node(v->place.tree, nodes[i]);
		page_row_open(p);
		page_cell_head(p, web_unit_link(c, node->unit), node->name);
		page_cell_text(p, term_of(TERM_LEVEL, node->level, p->language));
		page_cell_number(p, node->schools);
		page_row_close(p);
	}
	page_table_close(p);
}

static void put_below(struct call *c, struct page *p, const struct view *v)
{
	uint32_t nodes[ROWS];
	size_t skip = web_query_page(c) * ROWS, all = v->node->child_count;
	size_t shown = skip < all ? all - skip : 0;
	bool schools = true;

	if (all == 0)
		return;
	shown = shown > ROWS ? ROWS : shown;
	for (size_t i = 0; i < shown; i++) {
		nodes[i] = v->node->child_first + (uint32_t)(skip + i);
		schools = schools && tree_node(v->place.tree, nodes[i])->sends;
	}
	page_heading(p, 2, NULL, WORD_UNIT_CHILDREN);
	if (schools)
		web_schools_put(c, p,
		    &(struct web_schools){.tree = v->place.tree,
		        .coverage = v->coverage,
		        .caption = word_of(WORD_UNIT_CHILDREN, p->language),
		        .nodes = nodes,
		        .count = shown});
	else
		put_units_below(c, p, v, nodes, shown);
	page_pager(p, web_unit_link(c, v->node->unit), skip, shown, all, ROWS);
}

static void put_school(struct page *p, const struct view *v)
{
	const struct coverage_row *row = coverage_find(v->coverage, v->node->number);

	page_heading(p, 2, NULL, WORD_UNIT_STATE);
	if (row == NULL) {
		page_paragraph(p, "warn", WORD_UNIT_NEVER, NULL);
		return;
	}
	put_state(p, row);
	put_days(p, v->days);
}

/* Crumbs lead from page to page of units. */
static void put_crumbs(struct call *c, struct page *p, const struct view *v)
{
	uint32_t nodes[16];
	size_t count = tree_path(v->place.tree, v->place.node, nodes, COUNT_OF(nodes));

	count = count > COUNT_OF(nodes) ? COUNT_OF(nodes) : count;
	page_crumbs_open(p);
	page_crumb(p, "/", word_of(WORD_UNIT_WHOLE, p->language));
	for (size_t i = 0; i < count; i++) {
		const struct tree_node *node = tree_node(v->place.tree, nodes[i]);
		page_crumb(
		    p, i + 1 == count ? NULL : web_unit_link(c, node->unit), node->name);
	}
	page_crumbs_close(p);
}

void web_unit(struct call *c)
{
	struct page p;
	struct view v;

	if (!web_enter(c, SECTION_UNITS, &p) || !read_view(c, &p, &v))
		return;
	page_open(&p, v.node->name);
	put_crumbs(c, &p, &v);
	page_title(&p, v.node->name);
	if (strcmp(v.node->unit, c->path_rest) != 0) {
		const char *values[] = {v.node->name, NULL};
		page_paragraph(&p, "note", WORD_UNIT_MERGED, values);
	}
	put_facts(&p, &v);
	put_links(c, &p, &v);
	if (v.node->sends)
		put_school(&p, &v);
	put_below(c, &p, &v);
	web_finish(c, &p);
	leave(&v);
}
