/* Names that partners propose: listed, looked at, accepted or turned down by a person. What is accepted waits for the next
 * bundle (bundles.c). */
#include "district/web_pages.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "district/web.h"
#include "district/web_access.h"
#include "district/web_link.h"
#include "district/web_papers.h"

static const struct {
	const char *state;
	enum word word;
} states[] = {{"new", WORD_NOMINATION_NEW}, {"accepted", WORD_NOMINATION_ACCEPTED},
    {"rejected", WORD_NOMINATION_REJECTED}, {"published", WORD_NOMINATION_PUBLISHED}};

static const char *state_text(const struct page *p, const char *state)
{
	for (size_t i = 0; i < COUNT_OF(states); i++)
		if (strcmp(states[i].state, state) == 0)
			return word_of(states[i].word, p->language);
	return state;
}

static const char *link_of(struct call *c, const char *id)
{
	char path[PAPER_ID_BYTES + 16];

	(void)snprintf(path, sizeof path, "/nominations/%s", id);
	return web_link(c, path, NULL);
}

/* ---- the list ---- */

struct writing {
	struct call *c;
	struct page *p;
};

static void put_text_of(struct page *p, const json_t *body, const char *member)
{
	const char *text = json_string_value(json_object_get(body, member));

	page_cell_text(p, text == NULL ? "" : text);
}

static bool put_row(void *context, const struct paper *paper)
{
	struct writing *w = context;
	json_t *body = json_loadb((const char *)paper->body.ptr, paper->body.len, 0, NULL);

	page_row_open(w->p);
	page_cell_head(w->p, link_of(w->c, paper->id), paper->title);
	page_cell_text(w->p, term_of(TERM_CATEGORY, paper->category, w->p->language));
	put_text_of(w->p, body, "partner");
	page_cell_time(w->p, paper->made_s);
	page_cell_text(w->p, state_text(w->p, paper->state));
	page_cell_text(w->p, paper->changed_by);
	page_row_close(w->p);
	json_decref(body);
	return true;
}

static void put_choice(struct call *c, struct page *p, const char *chosen)
{
	page_raw(p, "<ul class=\"presets\">\n");
	for (size_t i = 0; i < COUNT_OF(states); i++) {
		const struct web_pair pairs[] = {{"state", states[i].state}, {NULL, NULL}};
		page_raw(p, "<li><a");
		page_attribute(p, "href", web_link(c, "/nominations", pairs));
		if (strcmp(states[i].state, chosen) == 0)
			page_raw(p, " aria-current=\"true\"");
		page_raw(p, ">");
		page_word(p, states[i].word);
		page_raw(p, "</a></li>\n");
	}
	page_raw(p, "</ul>\n");
}

static enum err put_list(struct call *c, struct page *p, const char *state)
{
	static const struct page_column columns[] = {{COLUMN_TEXT, WORD_NAME, NULL},
	    {COLUMN_TEXT, WORD_CATEGORY, NULL},
	    {COLUMN_TEXT, WORD_NOMINATION_PARTNER, NULL},
	    {COLUMN_TEXT, WORD_UNIT_RECEIVED, NULL}, {COLUMN_TEXT, WORD_STATE, NULL},
	    {COLUMN_TEXT, WORD_DECIDED_BY, NULL}};
	struct writing writing = {c, p};
	const struct web_paper_list list = {
	    .kind = PAPER_NOMINATION, .state = state, .row = put_row, .context = &writing};
	const struct web_pair pairs[] = {{"state", state}, {NULL, NULL}};
	size_t shown = 0, page = web_query_page(c);
	bool more = false;

	page_table_open(p,
	    &(struct page_table){.caption = word_of(WORD_NAV_NOMINATIONS, p->language),
	        .columns = columns,
	        .count = COUNT_OF(columns),
	        .id = "nominations"});
	enum err rc = web_paper_rows(c, &list, page, &shown, &more);
	page_table_close(p);
	if (shown == 0)
		page_paragraph(p, "note", WORD_EMPTY_LIST, NULL);
	web_paper_pager(p, web_link(c, "/nominations", pairs), page, more);
	return rc;
}

void web_nominations(struct call *c)
{
	const char *state = web_query(c, "state");
	struct page p;

	if (!web_enter(c, SECTION_NOMINATIONS, &p))
		return;
	if (*state == 0)
		state = "new";
	web_open(&p, WORD_NAV_NOMINATIONS);
	page_paragraph(&p, "note", WORD_NOMINATION_NOTE, NULL);
	put_choice(c, &p, state);
	enum err rc = put_list(c, &p, state);
	if (rc == OK)
		web_finish(c, &p);
	else
		web_fail(c, &p, rc);
}

/* ---- one ---- */

/* Addresses as text: whoever opens one does it on purpose, and not from here. */
static void put_evidence(struct page *p, const json_t *body)
{
	const json_t *list = json_object_get(body, "evidence");

	for (size_t i = 0; i < json_array_size(list); i++)
		web_paper_fact(p, WORD_NOMINATION_EVIDENCE,
		    json_string_value(json_array_get(list, i)));
}

static void put_paper(struct page *p, const struct paper *paper)
{
	json_t *body = json_loadb((const char *)paper->body.ptr, paper->body.len, 0, NULL);

	page_raw(p, "<dl class=\"facts\">\n");
	web_paper_fact(
	    p, WORD_CATEGORY, term_of(TERM_CATEGORY, paper->category, p->language));
	web_paper_fact(p, WORD_NOMINATION_PARTNER,
	    json_string_value(json_object_get(body, "partner")));
	put_evidence(p, body);
	web_paper_fact(
	    p, WORD_NOMINATION_SAYS, json_string_value(json_object_get(body, "note")));
	web_paper_fact(p, WORD_STATE, state_text(p, paper->state));
	web_paper_fact(p, WORD_DECIDED_BY, paper->changed_by);
	web_paper_fact(p, WORD_DECIDED_REASON, paper->note);
	page_raw(p, "<dt>");
	page_word(p, WORD_UNIT_RECEIVED);
	page_raw(p, "</dt><dd>");
	page_time(p, paper->made_s);
	page_raw(p, "</dd>\n</dl>\n");
	json_decref(body);
}

static void put_form(struct call *c, struct page *p, const struct paper *paper)
{
	page_heading(p, 2, NULL, WORD_NOMINATION_DECIDE);
	web_paper_form_open(p, link_of(c, paper->id), paper, WORD_DECIDED_REASON);
	page_button(p, "decision", "accepted", WORD_NOMINATION_ACCEPT);
	page_raw(p, " ");
	page_button(p, "decision", "rejected", WORD_NOMINATION_REJECT);
	page_form_close(p);
}

static bool is_open(const struct paper *paper)
{
	return strcmp(paper->state, "new") == 0 || strcmp(paper->state, "accepted") == 0 ||
	    strcmp(paper->state, "rejected") == 0;
}

void web_nomination(struct call *c)
{
	struct paper paper;
	struct page p;

	if (!web_enter(c, SECTION_NOMINATIONS, &p) ||
	    !web_paper_find(c, &p, PAPER_NOMINATION, &paper))
		return;
	page_open(&p, paper.title);
	page_crumbs_open(&p);
	page_crumb(&p, "/nominations", word_of(WORD_NAV_NOMINATIONS, p.language));
	page_crumb(&p, NULL, paper.title);
	page_crumbs_close(&p);
	page_title(&p, paper.title);
	put_paper(&p, &paper);
	if (is_open(&paper) && web_may_change(&p))
		put_form(c, &p, &paper);
	web_finish(c, &p);
}

void web_nomination_decide(struct call *c)
{
	const char *wanted = call_form(c, "decision");
	struct paper paper;
	struct page p;

	if (!web_enter_to_change(c, SECTION_NOMINATIONS, &p) ||
	    !web_paper_find(c, &p, PAPER_NOMINATION, &paper))
		return;
	bool accept = wanted != NULL && strcmp(wanted, "accepted") == 0;
	if (!is_open(&paper) ||
	    (!accept && (wanted == NULL || strcmp(wanted, "rejected") != 0))) {
		web_refuse(c, &p, 422, WORD_WRONG_TITLE, WORD_REFUSED_FORM);
		return;
	}
	const struct web_decision decision = {.kind = PAPER_NOMINATION,
	    .id = paper.id,
	    .state = accept ? "accepted" : "rejected",
	    .action = accept ? "nomination-accepted" : "nomination-rejected",
	    .name = paper.title,
	    .wants_reason = true};
	if (web_paper_decide(c, &p, &decision))
		call_redirect(c, link_of(c, paper.id));
}
