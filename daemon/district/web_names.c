/* The names of public lists that schools met most. */
#include "district/web_pages.h"

#include <string.h>

#include "district/web.h"
#include "district/web_link.h"
#include "district/web_period.h"

enum {
	NAMES = 100
};

struct view {
	struct web_place place;
	struct web_period period;
	bool wrong_period;
	const char *category; /* "" all */
};

struct writing {
	struct page *p;
	size_t count;
};

static bool put_name(void *context, const struct counts_name *name)
{
	struct writing *w = context;

	page_row_open(w->p);
	page_cell_head(
	    w->p, NULL, name->name); /* never a link: nobody opens it by a slip */
	page_cell_text(w->p, term_of(TERM_CATEGORY, name->category, w->p->language));
	page_cell_number(w->p, name->units);
	page_cell_number(w->p, name->days);
	page_cell_open(w->p, COLUMN_NUMBER);
	page_count(w->p, name->device_days, true);
	page_cell_close(w->p);
	page_row_close(w->p);
	w->count++;
	return true;
}

static enum err put_names(struct call *c, struct page *p, const struct view *v)
{
	static const struct page_column columns[] = {{COLUMN_TEXT, WORD_NAME, NULL},
	    {COLUMN_TEXT, WORD_CATEGORY, NULL}, {COLUMN_NUMBER, WORD_UNIT_SCHOOLS, NULL},
	    {COLUMN_NUMBER, WORD_CATEGORY_DAYS, NULL},
	    {COLUMN_NUMBER, WORD_NAME_DEVICES, NULL}};
	struct tree_groups groups;
	struct counts_names_query query = {.from = v->period.from,
	    .to = v->period.to,
	    .category = *v->category == 0 ? NULL : v->category,
	    .limit = NAMES};
	struct writing writing = {.p = p};
	enum err rc = web_place_units(&v->place, &groups, &query.units);

	page_table_open(p,
	    &(struct page_table){.caption = word_of(WORD_NAME_TABLE, p->language),
	        .columns = columns,
	        .count = COUNT_OF(columns),
	        .id = "names"});
	if (rc == OK)
		rc = store_names(c->store, &query, put_name, &writing);
	page_table_close(p);
	if (writing.count == 0)
		page_paragraph(p, "note", WORD_EMPTY_PERIOD, NULL);
	tree_groups_free(&groups);
	return rc;
}

/* Only categories whose names may be published: neither sensitive nor silent. */
static void put_category_choice(struct page *p, const struct view *v)
{
	struct page_option options[64] = {{"", word_of(WORD_NAME_ALL, p->language)}};
	char from[DAY_TEXT_BYTES], to[DAY_TEXT_BYTES];
	size_t count = 1, terms;
	const struct term *all = terms_all(&terms);

	for (size_t i = 0; i < terms && count < COUNT_OF(options); i++)
		if (all[i].kind == TERM_CATEGORY && !category_is_sensitive(all[i].id) &&
		    !category_is_silent(all[i].id) && strcmp(all[i].id, "other") != 0)
			options[count++] =
			    (struct page_option){all[i].id, all[i].text[p->language]};
	day_write(from, v->period.from);
	day_write(to, v->period.to - 1);
	page_get_open(p, "/names");
	page_hidden(p, "from", from);
	page_hidden(p, "to", to);
	if (*v->place.unit != 0)
		page_hidden(p, "unit", v->place.unit);
	page_select(p, "category", WORD_CATEGORY, options, count, v->category);
	page_button(p, NULL, NULL, WORD_SHOW);
	page_form_close(p);
}

void web_names(struct call *c)
{
	struct page p;
	struct view v = {.place = {.node = TREE_NONE}};

	if (!web_enter(c, SECTION_NAMES, &p))
		return;
	int32_t today = web_today(c);
	v.wrong_period = !web_period_read(c, PRESET_30_DAYS, today, &v.period);
	v.category = web_query(c, "category");
	if (!web_place_find(
	        c, &p, v.period.to - 1 < today ? v.period.to - 1 : today, &v.place)) {
		web_place_leave(&v.place);
		return;
	}
	const struct web_period_picker picker = {.path = "/names",
	    .unit = v.place.unit,
	    .category = v.category,
	    .wrong = v.wrong_period};
	const char *span[] = {v.place.name, web_period_text(c, &p, &v.period), NULL};
	page_open(&p, word_of(WORD_NAV_NAMES, p.language));
	web_place_crumbs(c, &p, &v.place, "/names", NULL);
	page_title(&p, word_of(WORD_NAV_NAMES, p.language));
	page_paragraph(&p, "note", WORD_NAME_NOTE, NULL);
	web_period_put(c, &p, &v.period, &picker);
	put_category_choice(&p, &v);
	page_paragraph(&p, NULL, WORD_SPAN, span);
	enum err rc = put_names(c, &p, &v);
	if (rc == OK)
		web_finish(c, &p);
	else
		web_fail(c, &p, rc);
	web_place_leave(&v.place);
}
