/* The first page: who is connected, and what is wrong with whom. Every number leads to its list. */
#include "district/web_pages.h"

#include <stdio.h>
#include <string.h>

#include "district/calendar.h"
#include "district/format.h"
#include "district/reports_due.h"
#include "district/web.h"
#include "district/web_board.h"
#include "district/web_link.h"
#include "district/web_schools.h"

enum {
	WINDOW_DAYS = 30,
	ROWS = 100,
	LATELY_DAYS = 7
};

static const struct {
	enum word word, help;
	bool bad;
} lists[BOARD_LISTS] = {
    [BOARD_SCHOOLS] = {WORD_BOARD_SCHOOLS, WORD_BOARD_SCHOOLS_HELP, false},
    [BOARD_CONNECTED] = {WORD_BOARD_CONNECTED, WORD_BOARD_CONNECTED_HELP, false},
    [BOARD_NEVER] = {WORD_BOARD_NEVER, WORD_BOARD_NEVER_HELP, true},
    [BOARD_SILENT] = {WORD_BOARD_SILENT, WORD_BOARD_SILENT_HELP, true},
    [BOARD_STALE] = {WORD_BOARD_STALE, WORD_BOARD_STALE_HELP, true},
    [BOARD_EMPTY] = {WORD_BOARD_EMPTY, WORD_BOARD_EMPTY_HELP, true},
    [BOARD_TRIAL] = {WORD_BOARD_TRIAL, WORD_BOARD_TRIAL_HELP, false},
    [BOARD_UNFILTERED] = {WORD_BOARD_UNFILTERED, WORD_BOARD_UNFILTERED_HELP, true},
    [BOARD_ERRORS] = {WORD_BOARD_ERRORS, WORD_BOARD_ERRORS_HELP, true},
    [BOARD_SHARED] = {WORD_BOARD_SHARED, WORD_BOARD_SHARED_HELP, false},
    [BOARD_PARTIAL] = {WORD_BOARD_PARTIAL, WORD_BOARD_PARTIAL_HELP, false},
};

/* What both pages are made of. */
struct view {
	struct web_place place;
	struct coverage *coverage;
	struct board board;
	int32_t today;
};

static void leave(struct view *v)
{
	board_deinit(&v->board);
	coverage_free(v->coverage);
	web_place_leave(&v->place);
}

/* False: answered. */
static bool read_view(struct call *c, struct page *p, struct view *v)
{
	*v = (struct view){.today = web_today(c), .board = BOARD_NONE};
	if (!web_place_find(c, p, v->today, &v->place)) {
		leave(v);
		return false;
	}
	const struct coverage_query query = {.as_of = v->today, .window_days = WINDOW_DAYS};
	enum err rc = store_coverage(c->store, &query, &v->coverage);
	if (rc == OK)
		rc = board_init(&v->board, v->place.tree, v->coverage, c->config, v->today);
	if (rc == OK)
		return true;
	web_fail(c, p, rc);
	leave(v);
	return false;
}

static const char *list_link(struct call *c, enum board_list list, const char *unit)
{
	const struct web_pair pairs[] = {
	    {"list", board_word(list)}, {"unit", unit}, {NULL, NULL}};

	return web_link(c, "/coverage", pairs);
}

static void put_share(struct page *p, uint32_t part, uint32_t whole)
{
	char text[FORMAT_BYTES];

	format_percent(text, part, whole, p->language);
	page_text(p, text);
}

static void put_count(
    struct call *c, struct page *p, const struct view *v, enum board_list list)
{
	const uint32_t *sums = board_sums(&v->board, v->place.node);
	uint32_t whole =
	    sums[list == BOARD_CONNECTED || list == BOARD_NEVER ? BOARD_SCHOOLS
	                                                        : BOARD_CONNECTED];

	page_raw(p, lists[list].bad && sums[list] > 0 ? "<li class=\"bad\"><a" : "<li><a");
	page_attribute(p, "href", list_link(c, list, v->place.unit));
	if (strcmp(c->path, "/coverage") == 0 &&
	    strcmp(web_query(c, "list"), board_word(list)) == 0)
		page_raw(p, " aria-current=\"true\"");
	page_raw(p, "><span>");
	page_word(p, lists[list].word);
	page_raw(p, "</span><strong>");
	page_number(p, sums[list]);
	page_raw(p, "</strong><small>");
	if (list != BOARD_SCHOOLS)
		put_share(p, sums[list], whole);
	page_raw(p, "</small></a></li>\n");
}

static void put_counts(struct call *c, struct page *p, const struct view *v)
{
	page_raw(p, "<ul class=\"counts\">\n");
	for (unsigned i = 0; i < BOARD_LISTS; i++)
		put_count(c, p, v, (enum board_list)i);
	page_raw(p, "</ul>\n");
}

/* ---- the units below ---- */

static void put_linked_count(
    struct call *c, struct page *p, uint32_t count, enum board_list list, const char *unit)
{
	char text[FORMAT_BYTES];

	format_number(text, count, p->language);
	buf_printf(p->out, "<td class=\"number\" data-v=\"%u\">", count);
	if (count == 0)
		page_text(p, text);
	else
		page_link(p, list_link(c, list, unit), text);
	page_cell_close(p);
}

static void put_unit_row(
    struct call *c, struct page *p, const struct view *v, const struct tree_node *node)
{
	static const enum board_list shown[] = {BOARD_NEVER, BOARD_SILENT, BOARD_STALE,
	    BOARD_EMPTY, BOARD_TRIAL, BOARD_UNFILTERED, BOARD_ERRORS};
	const uint32_t *sums =
	    board_sums(&v->board, tree_find_number(v->place.tree, node->number));

	page_row_open(p);
	page_cell_head(p, web_unit_link(c, node->unit), node->name);
	put_linked_count(c, p, sums[BOARD_SCHOOLS], BOARD_SCHOOLS, node->unit);
	put_linked_count(c, p, sums[BOARD_CONNECTED], BOARD_CONNECTED, node->unit);
	page_cell_open(p, COLUMN_NUMBER);
	put_share(p, sums[BOARD_CONNECTED], sums[BOARD_SCHOOLS]);
	page_cell_close(p);
	for (size_t i = 0; i < COUNT_OF(shown); i++)
		put_linked_count(c, p, sums[shown[i]], shown[i], node->unit);
	page_row_close(p);
}

static void put_units(struct call *c, struct page *p, const struct view *v)
{
	static const struct page_column columns[] = {{COLUMN_TEXT, WORD_UNIT, NULL},
	    {COLUMN_NUMBER, WORD_BOARD_SCHOOLS, NULL},
	    {COLUMN_NUMBER, WORD_BOARD_CONNECTED, NULL},
	    {COLUMN_NUMBER, WORD_BOARD_SHARE, NULL},
	    {COLUMN_NUMBER, WORD_BOARD_NEVER, NULL},
	    {COLUMN_NUMBER, WORD_BOARD_SILENT, NULL},
	    {COLUMN_NUMBER, WORD_BOARD_STALE, NULL},
	    {COLUMN_NUMBER, WORD_BOARD_EMPTY, NULL},
	    {COLUMN_NUMBER, WORD_BOARD_TRIAL, NULL},
	    {COLUMN_NUMBER, WORD_BOARD_UNFILTERED, NULL},
	    {COLUMN_NUMBER, WORD_BOARD_ERRORS, NULL}};
	const struct page_table table = {
	    .caption = word_of(WORD_BOARD_BY_UNIT, p->language),
	    .columns = columns,
	    .count = COUNT_OF(columns),
	    .id = "units"};
	const struct web_pair pairs[] = {{"unit", v->place.unit}, {NULL, NULL}};
	size_t skip = web_query_page(c) * ROWS;
	uint32_t first, count;

	web_place_children(&v->place, &first, &count);
	if (count == 0)
		return;
	page_table_open(p, &table);
	size_t shown = skip < count ? count - skip : 0;
	shown = shown > ROWS ? ROWS : shown;
	for (size_t i = 0; i < shown; i++)
		put_unit_row(
		    c, p, v, tree_node(v->place.tree, first + (uint32_t)(skip + i)));
	page_table_close(p);
	page_pager(p, web_link(c, "/", pairs), skip, shown, count, ROWS);
}

/* ---- day by day ---- */

/* Nobody is missing on a Sunday. */
static void put_missing(struct call *c, struct page *p, int32_t day, uint64_t missing)
{
	if (calendar_is_due(c->config, day))
		page_cell_number(p, missing);
	else
		page_cell_none(p, COLUMN_NUMBER, WORD_BOARD_NOT_DUE);
}

static void put_days(
    struct call *c, struct page *p, const struct counts *counts, uint32_t schools)
{
	static const struct page_column columns[] = {{COLUMN_TEXT, WORD_DAY, NULL},
	    {COLUMN_NUMBER, WORD_BOARD_SENT, NULL},
	    {COLUMN_NUMBER, WORD_BOARD_NOT_SENT, NULL}};
	const struct page_table table = {.caption = word_of(WORD_BOARD_BY_DAY, p->language),
	    .columns = columns,
	    .count = COUNT_OF(columns),
	    .chart = "lines"};

	page_table_open(p, &table);
	for (size_t i = 0; i < counts_periods(counts); i++) {
		char day[FORMAT_BYTES];
		int32_t from, to;
		uint64_t sent = counts_sum(counts, 0, i, SUM_DAYS);
		counts_period(counts, i, &from, &to);
		format_day(day, from, p->language);
		page_row_open(p);
		page_cell_head(p, NULL, day);
		page_cell_number(p, sent);
		put_missing(c, p, from, sent < schools ? schools - sent : 0);
		page_row_close(p);
	}
	page_table_close(p);
}

static void put_lately(struct page *p, const struct counts *counts)
{
	uint64_t seconds = 0, days = 0;
	char time[FORMAT_BYTES], number[FORMAT_BYTES];
	const char *values[] = {number, time, NULL};
	size_t periods = counts_periods(counts);

	for (size_t i = periods > LATELY_DAYS ? periods - LATELY_DAYS : 0; i < periods;
	     i++) {
		seconds += counts_sum(counts, 0, i, SUM_UNFILTERED_S);
		days += counts_sum(counts, 0, i, SUM_UNFILTERED_DAYS);
	}
	if (seconds == 0)
		return;
	format_number(number, days, p->language);
	format_duration(time, seconds, p->language);
	page_paragraph(p, NULL, WORD_BOARD_UNFILTERED_TIME, values);
}

static enum err read_days(struct call *c, const struct view *v, struct counts **out)
{
	struct tree_groups groups;
	struct counts_query query = {
	    .from = v->today - WINDOW_DAYS, .to = v->today, .by = COUNTS_BY_DAY};

	enum err rc = web_place_units(&v->place, &groups, &query.units);
	if (rc == OK)
		rc = store_counts(c->store, &query, out);
	tree_groups_free(&groups);
	return rc;
}

/* A month ahead, where people look anyway. */
static void put_report_due(struct call *c, struct page *p, int32_t today)
{
	struct reports_due next = reports_next_due(c->config, period_day_of(today));
	char from[16], to[16], due[16], days[16];
	const char *const values[] = {from, to, due, days, NULL};

	if (next.days < 0 || next.days > REPORTS_REMIND_DAYS)
		return;
	yearbook_day_text(from, next.period.from);
	yearbook_day_text(to, next.period.to);
	yearbook_day_text(due, next.due);
	(void)snprintf(days, sizeof days, "%d", (int)next.days);
	page_raw(p, "<p class=\"note\"><a href=\"/reports\">");
	page_say(p, next.days == 0 ? WORD_REPORTS_DUE_TODAY : WORD_REPORTS_DUE, values);
	page_raw(p, "</a></p>\n");
}

void web_first(struct call *c)
{
	struct counts *counts = NULL;
	struct page p;
	struct view v;

	if (!web_enter(c, SECTION_COVERAGE, &p) || !read_view(c, &p, &v))
		return;
	enum err rc = read_days(c, &v, &counts);
	if (rc != OK) {
		web_fail(c, &p, rc);
		leave(&v);
		return;
	}
	page_open(&p, word_of(WORD_NAV_COVERAGE, p.language));
	web_place_crumbs(c, &p, &v.place, "/", NULL);
	page_title(&p, word_of(WORD_NAV_COVERAGE, p.language));
	put_report_due(c, &p, v.today);
	put_counts(c, &p, &v);
	put_lately(&p, counts);
	put_units(c, &p, &v);
	put_days(c, &p, counts, board_sums(&v.board, v.place.node)[BOARD_SCHOOLS]);
	web_finish(c, &p);
	counts_free(counts);
	leave(&v);
}

/* ---- the lists ---- */

void web_coverage_list(struct call *c)
{
	enum board_list list = BOARD_SCHOOLS;
	uint32_t nodes[ROWS];
	struct page p;
	struct view v;

	if (!web_enter(c, SECTION_COVERAGE, &p) || !read_view(c, &p, &v))
		return;
	(void)board_list_of(web_query(c, "list"), &list);
	size_t skip = web_query_page(c) * ROWS;
	size_t all = board_pick(&v.board, list, v.place.node, nodes, skip, ROWS);
	size_t shown = all > skip ? all - skip : 0;
	shown = shown > ROWS ? ROWS : shown;

	const struct web_pair keep[] = {{"list", board_word(list)}, {NULL, NULL}};
	page_open(&p, word_of(lists[list].word, p.language));
	web_place_crumbs(c, &p, &v.place, "/coverage", keep);
	page_title(&p, word_of(lists[list].word, p.language));
	page_paragraph(&p, NULL, lists[list].help, NULL);
	put_counts(c, &p, &v);
	web_schools_put(c, &p,
	    &(struct web_schools){.tree = v.place.tree,
	        .coverage = v.coverage,
	        .caption = word_of(lists[list].word, p.language),
	        .nodes = nodes,
	        .count = shown});
	page_pager(&p, list_link(c, list, v.place.unit), skip, shown, all, ROWS);
	web_finish(c, &p);
	leave(&v);
}
