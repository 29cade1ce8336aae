/* Quick reports of schools, for the roles that may read them. No page counts them: a 1 is a child. */
#include "district/web_pages.h"

#include <stdio.h>
#include <string.h>

#include "district/format.h"
#include "district/web.h"
#include "district/web_link.h"
#include "district/web_papers.h"
#include "report/quick.h"

struct writing {
	struct call *c;
	struct page *p;
	const struct tree *tree;
};

static const char *link_of(struct call *c, const char *id)
{
	char path[PAPER_ID_BYTES + 20];

	(void)snprintf(path, sizeof path, "/quick-reports/%s", id);
	return web_link(c, path, NULL);
}

static const char *unit_name(const struct tree *tree, const char *unit)
{
	uint32_t node = tree_find(tree, unit);

	return node == TREE_NONE ? unit : tree_node(tree, node)->name;
}

static enum word state_word(const char *state)
{
	return strcmp(state, "new") == 0 ? WORD_QUICK_NEW : WORD_QUICK_HANDLED;
}

static bool put_row(void *context, const struct paper *paper)
{
	struct writing *w = context;
	char day[FORMAT_BYTES];

	format_day(day, paper->day, w->p->language);
	page_row_open(w->p);
	page_cell_head(w->p, link_of(w->c, paper->id),
	    term_of(TERM_INCIDENT, paper->category, w->p->language));
	page_cell_text(w->p, day);
	page_cell_link(
	    w->p, web_unit_link(w->c, paper->unit), unit_name(w->tree, paper->unit));
	page_cell_time(w->p, paper->made_s);
	page_cell_text(w->p, word_of(state_word(paper->state), w->p->language));
	page_row_close(w->p);
	return true;
}

static enum err put_list(struct call *c, struct page *p, const struct tree *tree)
{
	static const struct page_column columns[] = {{COLUMN_TEXT, WORD_QUICK_KIND, NULL},
	    {COLUMN_TEXT, WORD_QUICK_DAY, NULL}, {COLUMN_TEXT, WORD_SCHOOL, NULL},
	    {COLUMN_TEXT, WORD_UNIT_RECEIVED, NULL}, {COLUMN_TEXT, WORD_STATE, NULL}};
	struct writing writing = {c, p, tree};
	const struct web_paper_list list = {
	    .kind = PAPER_QUICK_REPORT, .row = put_row, .context = &writing};
	size_t shown = 0, page = web_query_page(c);
	bool more = false;

	page_table_open(p,
	    &(struct page_table){.caption = word_of(WORD_NAV_QUICK_REPORTS, p->language),
	        .columns = columns,
	        .count = COUNT_OF(columns),
	        .id = "quick-reports"});
	enum err rc = web_paper_rows(c, &list, page, &shown, &more);
	page_table_close(p);
	if (shown == 0)
		page_paragraph(p, "note", WORD_EMPTY_LIST, NULL);
	web_paper_pager(p, "/quick-reports", page, more);
	return rc;
}

void web_quick_reports(struct call *c)
{
	struct tree *tree = NULL;
	struct page p;

	if (!web_enter(c, SECTION_QUICK_REPORTS, &p))
		return;
	enum err rc = web_tree(c, DAY_FOREVER, &tree);
	if (rc != OK) {
		web_fail(c, &p, rc);
		return;
	}
	web_open(&p, WORD_NAV_QUICK_REPORTS);
	page_paragraph(&p, "note", WORD_QUICK_NOTE, NULL);
	rc = put_list(c, &p, tree);
	if (rc == OK)
		web_finish(c, &p);
	else
		web_fail(c, &p, rc);
	tree_release(tree);
}

/* ---- one ---- */

static enum err put_report(struct page *p, const struct paper *paper, const char *school)
{
	struct report_quick quick;
	struct diag why = {.text = ""};
	char day[FORMAT_BYTES], received[FORMAT_BYTES];

	enum err rc = report_quick_decode(&quick, paper->body, &why);
	if (rc != OK)
		return rc;
	format_day(day, paper->day, p->language);
	format_time(received, paper->made_s, p->offset_s, p->language);
	page_raw(p, "<dl class=\"facts\">\n");
	web_paper_fact(p, WORD_SCHOOL, school);
	web_paper_fact(p, WORD_QUICK_TIER, term_of(TERM_TIER, quick.tier, p->language));
	web_paper_fact(p, WORD_QUICK_DAY, day);
	web_paper_fact(p, WORD_QUICK_MEASURES, quick.measures);
	web_paper_fact(p, WORD_QUICK_REFERRED, quick.referred_to);
	web_paper_fact(p, WORD_QUICK_DECIDED_BY, quick.decided_by);
	web_paper_fact(p, WORD_UNIT_RECEIVED, received);
	web_paper_fact(p, WORD_STATE, word_of(state_word(paper->state), p->language));
	web_paper_fact(p, WORD_QUICK_HANDLED_BY, paper->changed_by);
	web_paper_fact(p, WORD_QUICK_HANDLED_NOTE, paper->note);
	page_raw(p, "</dl>\n");
	report_quick_deinit(&quick);
	return OK;
}

static void put_form(struct call *c, struct page *p, const struct paper *paper)
{
	page_heading(p, 2, NULL, WORD_QUICK_HANDLE);
	web_paper_form_open(p, link_of(c, paper->id), paper, WORD_QUICK_HANDLED_NOTE);
	page_paragraph(p, "note", WORD_QUICK_HANDLE_HELP, NULL);
	page_button(p, NULL, NULL, WORD_QUICK_HANDLE);
	page_form_close(p);
}

void web_quick_report(struct call *c)
{
	struct tree *tree = NULL;
	struct paper paper;
	struct page p;

	if (!web_enter(c, SECTION_QUICK_REPORTS, &p) ||
	    !web_paper_find(c, &p, PAPER_QUICK_REPORT, &paper))
		return;
	const char *kind = term_of(TERM_INCIDENT, paper.category, p.language);
	page_open(&p, kind);
	page_crumbs_open(&p);
	page_crumb(&p, "/quick-reports", word_of(WORD_NAV_QUICK_REPORTS, p.language));
	page_crumb(&p, NULL, kind);
	page_crumbs_close(&p);
	page_title(&p, kind);
	page_paragraph(&p, "note", WORD_QUICK_NOTE, NULL);
	enum err rc = web_tree(c, DAY_FOREVER, &tree);
	if (rc == OK)
		rc = put_report(&p, &paper, unit_name(tree, paper.unit));
	if (rc == OK && strcmp(paper.state, "new") == 0 && web_may_change(&p))
		put_form(c, &p, &paper);
	if (rc == OK)
		web_finish(c, &p);
	else
		web_fail(c, &p, rc);
	if (tree != NULL)
		tree_release(tree);
}

void web_quick_report_handle(struct call *c)
{
	struct paper paper;
	struct page p;

	if (!web_enter_to_change(c, SECTION_QUICK_REPORTS, &p) ||
	    !web_paper_find(c, &p, PAPER_QUICK_REPORT, &paper))
		return;
	const struct web_decision decision = {.kind = PAPER_QUICK_REPORT,
	    .id = paper.id,
	    .state = "handled",
	    .action = "quick-report-handled",
	    .wants_reason = true};
	if (web_paper_decide(c, &p, &decision))
		call_redirect(c, link_of(c, paper.id));
}
