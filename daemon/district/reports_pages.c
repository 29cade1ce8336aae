/* The list of reports, and each report as a page, CSV or JSON. */
#include "district/reports_pages.h"

#include <stdio.h>
#include <string.h>

#include "base/html.h"
#include "district/format.h"
#include "district/reports_asking.h"
#include "district/web_access.h"
#include "district/web_link.h"

enum form {
	FORM_PAGE,
	FORM_CSV,
	FORM_JSON
};

/* ---- the list ---- */

static void put_due(struct call *c, struct page *p)
{
	struct reports_due next = reports_next_due(c->config, period_day_of(web_today(c)));
	char from[16];
	char to[16];
	char due[16];
	char days[16];
	const char *const values[] = {from, to, due, days, NULL};

	if (next.days < 0)
		return;
	yearbook_day_text(from, next.period.from);
	yearbook_day_text(to, next.period.to);
	yearbook_day_text(due, next.due);
	(void)snprintf(days, sizeof days, "%d", (int)next.days);
	page_paragraph(p, next.days <= REPORTS_REMIND_DAYS ? "warning" : "note",
	    next.days == 0 ? WORD_REPORTS_DUE_TODAY : WORD_REPORTS_DUE, values);
}

static void put_row(struct call *c, struct page *p, const struct reports_asking *asking)
{
	page_row_open(p);
	page_cell_head(p, reports_link(c, "", asking), reports_asking_title(c, p, asking));
	page_cell_day(p, period_day_number(asking->period.from));
	page_cell_day(p, period_day_number(asking->period.to));
	page_cell_link(p, reports_link(c, ".csv", asking), "CSV");
	page_cell_link(p, reports_link(c, ".json", asking), "JSON");
	if (web_may_change(p))
		page_cell_link(p, reports_entry_link(c, asking),
		    word_of(WORD_REPORTS_ENTRIES, p->language));
	page_row_close(p);
}

/* This period and the one before it, of each kind. */
static void put_kind(struct call *c, struct page *p, enum period_kind kind, uint32_t half)
{
	const struct period_dates dates = reports_dates(c->config);
	struct reports_asking asking = {
	    .today = period_day_of(web_today(c)), .unit = web_query(c, "unit")};
	struct period_wish wish = {.kind = kind, .half = half, .today = asking.today};

	for (int i = 0; i < 2; i++) {
		if (!period_find(&asking.period, &dates, &wish))
			return;
		wish.year = asking.period.year - 1;
		if (asking.period.from <= asking.today)
			put_row(c, p, &asking);
	}
}

static void put_list(struct call *c, struct page *p)
{
	static const struct page_column columns[] = {{COLUMN_TEXT, WORD_NAV_REPORTS, NULL},
	    {COLUMN_TEXT, WORD_PERIOD_FROM, NULL}, {COLUMN_TEXT, WORD_PERIOD_TO, NULL},
	    {COLUMN_TEXT, WORD_NONE, "CSV"}, {COLUMN_TEXT, WORD_NONE, "JSON"},
	    {COLUMN_TEXT, WORD_REPORTS_ENTRIES, NULL}};

	page_table_open(p,
	    &(struct page_table){.caption = word_of(WORD_NAV_REPORTS, p->language),
	        .columns = columns,
	        .count = COUNT_OF(columns) - (web_may_change(p) ? 0 : 1),
	        .id = "reports"});
	put_kind(c, p, PERIOD_ANNUAL, 0);
	put_kind(c, p, PERIOD_SCHOOL_YEAR, 0);
	put_kind(c, p, PERIOD_HALF_YEAR, 1);
	put_kind(c, p, PERIOD_HALF_YEAR, 2);
	page_table_close(p);
}

static void put_field(
    struct page *p, const char *name, enum word label, const char *type, const char *value)
{
	page_field(p,
	    &(struct page_field){.name = name,
	        .label = label,
	        .type = type,
	        .value = value,
	        .max_length = strcmp(type, "date") == 0 ? 0 : 64});
}

/* Any kind of any year of any unit, or any days. */
static void put_choice(struct call *c, struct page *p)
{
	const struct page_option kinds[] = {
	    {"annual", word_of(WORD_REPORTS_ANNUAL, p->language)},
	    {"school-year", word_of(WORD_REPORTS_SCHOOL_YEAR, p->language)},
	    {"half-year", word_of(WORD_REPORTS_HALF_YEAR, p->language)}};

	page_get_open(p, "/reports/choose");
	page_select(p, "kind", WORD_REPORTS_KIND, kinds, COUNT_OF(kinds), "annual");
	put_field(p, "year", WORD_REPORTS_YEAR, "text", "");
	put_field(p, "half", WORD_REPORTS_HALF, "text", "");
	put_field(p, "unit", WORD_REPORTS_UNIT, "text", web_query(c, "unit"));
	page_button(p, NULL, NULL, WORD_SHOW);
	page_form_close(p);
	page_heading(p, 2, NULL, WORD_PERIOD_ANY);
	page_get_open(p, "/reports/period");
	put_field(p, "from", WORD_PERIOD_FROM, "date", web_query(c, "from"));
	put_field(p, "to", WORD_PERIOD_TO, "date", web_query(c, "to"));
	put_field(p, "unit", WORD_REPORTS_UNIT, "text", web_query(c, "unit"));
	page_button(p, NULL, NULL, WORD_SHOW);
	page_form_close(p);
}

void reports_page_index(struct call *c)
{
	struct page p;

	if (!web_enter(c, SECTION_REPORTS, &p))
		return;
	web_open(&p, WORD_NAV_REPORTS);
	put_due(c, &p);
	page_paragraph(&p, NULL, WORD_REPORTS_INTRO, NULL);
	put_list(c, &p);
	put_choice(c, &p);
	web_finish(c, &p);
}

/* ---- one report ---- */

static void put_link(struct buf *out, const char *href, const char *text)
{
	buf_text(out, "<a href=\"");
	html_escape(out, slice_of(href));
	buf_text(out, "\">");
	html_escape(out, slice_of(text));
	buf_text(out, "</a> ");
}

/* The same address in another language; every link of a report has a query. */
static void put_language(
    struct call *c, const struct reports_asking *asking, struct buf *out, const char *code)
{
	const char *link = reports_link(c, "", asking);
	struct buf href = BUF_INIT(4096);

	buf_printf(&href, "%s%clang=%s", link, strchr(link, '?') != NULL ? '&' : '?', code);
	put_link(out, buf_cstr(&href), strcmp(code, "vi") == 0 ? "Tiếng Việt" : "English");
	buf_deinit(&href);
}

static void write_tools(struct call *c, const struct page *p,
    const struct reports_asking *asking, struct buf *out)
{
	put_link(out, "/reports", word_of(WORD_REPORTS_BACK, p->language));
	put_link(out, reports_link(c, ".csv", asking), "CSV");
	put_link(out, reports_link(c, ".json", asking), "JSON");
	if (web_may_change(p))
		put_link(out, reports_entry_link(c, asking),
		    word_of(WORD_REPORTS_ENTRIES, p->language));
	put_language(c, asking, out, p->language == LANGUAGE_EN ? "vi" : "en");
	html_escape(out, slice_of(word_of(WORD_REPORTS_PRINT, p->language)));
}

static enum err write_page(struct call *c, const struct page *p,
    const struct reports_asking *asking, const struct yearbook *book)
{
	struct buf tools = BUF_INIT(16 * 1024);

	write_tools(c, p, asking, &tools);
	enum err rc = buf_status(&tools);
	if (rc == OK)
		rc = yearbook_html(book, YEARBOOK_STYLE_LINKED, "/reports/report.css",
		    buf_cstr(&tools), &c->out);
	buf_deinit(&tools);
	return rc;
}

/* What a browser calls the file: "report-annual-20251216-20261215.csv". */
static void name_file(
    struct call *c, const struct reports_asking *asking, const char *ending)
{
	char value[128];

	(void)snprintf(value, sizeof value,
	    "attachment; filename=\"report-%s-%08u-%08u.%s\"",
	    period_kind_word(asking->period.kind), asking->period.from, asking->period.to,
	    ending);
	call_set_header(c, "Content-Disposition", value);
}

static enum err write_report(struct call *c, const struct page *p,
    const struct reports_asking *asking, const struct yearbook *book, enum form form)
{
	enum err rc = OK;

	switch (form) {
	case FORM_CSV:
		rc = yearbook_csv(book, &c->out);
		break;
	case FORM_JSON:
		rc = yearbook_json(book, &c->out);
		break;
	case FORM_PAGE:
		rc = write_page(c, p, asking, book);
		break;
	}
	if (rc != OK)
		return rc;
	if (form != FORM_PAGE)
		name_file(c, asking, form == FORM_CSV ? "csv" : "json");
	call_reply(c, 200,
	    form == FORM_CSV        ? "text/csv; charset=utf-8"
	        : form == FORM_JSON ? "application/json"
	                            : "text/html; charset=utf-8");
	return OK;
}

static void make_report(
    struct call *c, struct page *p, const struct reports_asking *asking, enum form form)
{
	struct reports_request request = {.config = c->config,
	    .store = c->store,
	    .top = TREE_NONE,
	    .period = asking->period,
	    .today = asking->today,
	    .language = reports_language(p)};
	struct yearbook book;

	enum err rc =
	    web_tree(c, reports_tree_day(&asking->period, asking->today), &request.tree);
	if (rc != OK) {
		web_fail(c, p, rc);
		return;
	}
	if (*asking->unit != 0)
		request.top = tree_find(request.tree, asking->unit);
	if (*asking->unit != 0 && request.top == TREE_NONE) {
		web_refuse(c, p, 404, WORD_MISSING_TITLE, WORD_MISSING_UNIT);
	} else {
		yearbook_init(&book, request.language);
		rc = reports_make(&request, &book);
		if (rc == OK)
			rc = write_report(c, p, asking, &book, form);
		if (rc != OK)
			web_fail(c, p, rc);
		yearbook_deinit(&book);
	}
	tree_release(request.tree);
}

/* "annual.csv" to its kind and form; false for what is none of ours. */
static bool read_path(struct call *c, const char **kind, enum form *form)
{
	static const struct {
		const char *ending;
		enum form form;
	} forms[] = {{".csv", FORM_CSV}, {".json", FORM_JSON}, {"", FORM_PAGE}};
	static const char *const kinds[] = {
	    "annual", "school-year", "half-year", "period", "choose"};
	char word[32];

	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		for (size_t k = 0; k < COUNT_OF(forms); k++) {
			(void)snprintf(
			    word, sizeof word, "%s%s", kinds[i], forms[k].ending);
			if (strcmp(word, c->path_rest) != 0)
				continue;
			*kind = strcmp(kinds[i], "choose") == 0 ? web_query(c, "kind")
			                                        : kinds[i];
			*form = forms[k].form;
			return true;
		}
	}
	return false;
}

void reports_page(struct call *c)
{
	struct reports_asking asking;
	const char *kind = "";
	enum form form = FORM_PAGE;
	struct page p;

	if (strcmp(c->path_rest, "report.css") == 0) { /* no secret: before any sign-in */
		buf_text(&c->out, yearbook_stylesheet());
		call_set_header(c, "Cache-Control", "max-age=3600");
		call_reply(c, 200, "text/css; charset=utf-8");
		return;
	}
	if (!web_enter(c, SECTION_REPORTS, &p))
		return;
	if (!read_path(c, &kind, &form))
		web_refuse(c, &p, 404, WORD_MISSING_TITLE, WORD_MISSING_ITEM);
	else if (!reports_asking_query(c, kind, &asking))
		web_refuse(c, &p, 400, WORD_WRONG_TITLE, WORD_REPORTS_WRONG);
	else
		make_report(c, &p, &asking, form);
}
