#include "district/web_papers.h"

#include <stdio.h>
#include <string.h>

#include "district/audit_book.h"
#include "district/district.h"
#include "district/web.h"
#include "kit/log.h"

struct finding {
	struct call *c;
	struct paper *out;
	bool found, no_memory;
};

static const char *keep(struct finding *f, const char *text)
{
	const char *kept = arena_text(f->c->memory, slice_of(text));

	f->no_memory = f->no_memory || kept == NULL;
	return kept;
}

static bool copy_paper(void *context, const struct paper *paper)
{
	struct finding *f = context;

	*f->out = *paper;
	f->out->id = keep(f, paper->id);
	f->out->unit = keep(f, paper->unit);
	f->out->state = keep(f, paper->state);
	f->out->title = keep(f, paper->title);
	f->out->category = keep(f, paper->category);
	f->out->changed_by = keep(f, paper->changed_by);
	f->out->note = keep(f, paper->note);
	char *body = arena_text(f->c->memory, paper->body);
	f->no_memory = f->no_memory || body == NULL;
	f->out->body = (struct slice){(const uint8_t *)body, paper->body.len};
	f->found = true;
	return false;
}

static enum err read_paper(
    struct call *c, enum paper_kind kind, const char *id, struct paper *out)
{
	struct finding finding = {.c = c, .out = out};
	const struct paper_query query = {
	    .kind = kind, .id = id, .bodies = true, .limit = 1};

	if (*id == 0 || strlen(id) >= PAPER_ID_BYTES)
		return ERR_NOT_FOUND;
	enum err rc = store_paper_list(c->store, &query, copy_paper, &finding);
	if (rc != OK)
		return rc;
	if (finding.no_memory)
		return ERR_MEMORY;
	return finding.found ? OK : ERR_NOT_FOUND;
}

bool web_paper_find(struct call *c, struct page *p, enum paper_kind kind, struct paper *out)
{
	enum err rc = read_paper(c, kind, c->path_rest, out);

	if (rc == ERR_NOT_FOUND)
		web_refuse(c, p, 404, WORD_MISSING_TITLE, WORD_MISSING_ITEM);
	else if (rc != OK)
		web_fail(c, p, rc);
	return rc == OK;
}

void web_paper_fact(struct page *p, enum word word, const char *text)
{
	if (text == NULL || *text == 0)
		return;
	page_raw(p, "<dt>");
	page_word(p, word);
	page_raw(p, "</dt><dd>");
	page_text(p, text);
	page_raw(p, "</dd>\n");
}

void web_paper_form_open(
    struct page *p, const char *address, const struct paper *paper, enum word label)
{
	char version[24];

	(void)snprintf(version, sizeof version, "%llu", (unsigned long long)paper->version);
	page_post_open(p, address);
	page_hidden(p, "version", version);
	page_area(p,
	    &(struct page_field){.name = "note",
	        .label = label,
	        .max_length = WEB_NOTE_MAX,
	        .required = true});
}

struct counting {
	const struct web_paper_list *list;
	size_t count;
};

static bool count_paper(void *context, const struct paper *paper)
{
	struct counting *counting = context;

	if (counting->count++ == WEB_PAPERS_OF_PAGE)
		return false;
	return counting->list->row(counting->list->context, paper);
}

/* One more than is shown is asked for: whether there is one says whether there is a next page. */
enum err web_paper_rows(struct call *c, const struct web_paper_list *list, size_t page,
    size_t *shown, bool *more)
{
	struct counting counting = {.list = list};
	const struct paper_query query = {.kind = list->kind,
	    .state = list->state,
	    .bodies = true,
	    .skip = page * WEB_PAPERS_OF_PAGE,
	    .limit = WEB_PAPERS_OF_PAGE + 1};

	enum err rc = store_paper_list(c->store, &query, count_paper, &counting);
	*more = counting.count > WEB_PAPERS_OF_PAGE;
	*shown = *more ? WEB_PAPERS_OF_PAGE : counting.count;
	return rc;
}

static void put_link(struct page *p, const char *address, size_t number, enum word word)
{
	page_raw(p, "<a href=\"");
	page_text(p, address);
	buf_printf(
	    p->out, "%spage=%zu\">", strchr(address, '?') == NULL ? "?" : "&amp;", number);
	page_word(p, word);
	page_raw(p, "</a> ");
}

void web_paper_pager(struct page *p, const char *address, size_t page, bool more)
{
	if (page == 0 && !more)
		return;
	page_raw(p, "<nav class=\"pager\"");
	page_attribute(p, "aria-label", word_of(WORD_PAGER, p->language));
	page_raw(p, ">");
	if (page > 0)
		put_link(p, address, page, WORD_PAGER_BEFORE);
	if (more)
		put_link(p, address, page + 2, WORD_PAGER_AFTER);
	page_raw(p, "</nav>\n");
}

/* ---- deciding ---- */

static void record(
    struct call *c, const struct page *p, const struct web_decision *decision)
{
	const struct audit_entry entry = {.actor = p->user == NULL ? "demo" : p->user,
	    .action = decision->action,
	    .name = decision->name,
	    .scope = "all",
	    .detail = decision->id};
	struct diag why = {.text = ""};
	char text[DIAG_LINE_BYTES];

	enum err rc = audit_book_write(c->district->state_dir, c->now.wall_s, &entry, &why);
	if (rc == OK)
		return;
	diag_describe(text, sizeof text, &why);
	log_error(
	    "web", "the record cannot be written: %s", text[0] != 0 ? text : err_text(rc));
}

/* False: answered. */
static bool write_decision(
    struct call *c, struct page *p, const struct web_decision *decision, const char *note)
{
	uint64_t version = 0;
	const char *seen = call_form(c, "version");

	if (seen == NULL || !slice_to_u64(slice_of(seen), INT64_MAX, &version) ||
	    version == 0) {
		web_refuse(c, p, 403, WORD_REFUSED_TITLE, WORD_REFUSED_FORM);
		return false;
	}
	const struct paper_change change = {.kind = decision->kind,
	    .id = decision->id,
	    .version = version,
	    .state = decision->state,
	    .by = p->user == NULL ? "demo" : p->user,
	    .note = note,
	    .now_s = c->now.wall_s};
	enum err rc = store_paper_change(c->store, &change);
	if (rc == OK)
		return true;
	if (rc == ERR_NOT_FOUND)
		web_refuse(c, p, 404, WORD_MISSING_TITLE, WORD_MISSING_ITEM);
	else if (rc == ERR_EXISTS)
		web_refuse(c, p, 409, WORD_WRONG_TITLE, WORD_DECIDED_MEANWHILE);
	else if (rc == ERR_RANGE || rc == ERR_FORMAT)
		web_refuse(c, p, 422, WORD_WRONG_TITLE, WORD_DECIDED_TOO_LONG);
	else
		web_fail(c, p, rc);
	return false;
}

bool web_paper_decide(struct call *c, struct page *p, const struct web_decision *decision)
{
	const char *note = call_form(c, "note");

	note = note == NULL ? "" : note;
	if (decision->wants_reason && slice_trim(slice_of(note)).len == 0) {
		web_refuse(c, p, 422, WORD_WRONG_TITLE, WORD_DECIDED_WITHOUT_REASON);
		return false;
	}
	if (strlen(note) >= STORE_TEXT_BYTES) {
		web_refuse(c, p, 422, WORD_WRONG_TITLE, WORD_DECIDED_TOO_LONG);
		return false;
	}
	if (!write_decision(c, p, decision, note))
		return false;
	record(c, p, decision);
	return true;
}
