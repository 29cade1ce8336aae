#include "district/web_schools.h"

#include "district/format.h"
#include "district/web_link.h"

/* In words, so that no colour has to say it. */
static void put_troubles(struct page *p, const struct coverage_state *state)
{
	const char *separator = "";

	for (size_t i = 0; i < state->failure_count; i++) {
		page_raw(p, separator);
		page_text(p, term_of(TERM_FAILURE, state->failures[i].type, p->language));
		separator = ", ";
	}
	for (size_t i = 0; i < state->empty_count; i++) {
		const char *values[] = {
		    term_of(TERM_CATEGORY, state->empty[i], p->language), NULL};
		page_raw(p, separator);
		page_say(p, WORD_SCHOOL_EMPTY, values);
		separator = ", ";
	}
	if (*separator == 0)
		page_raw(p, "–");
}

static void put_age(struct page *p, const struct coverage_state *state)
{
	char text[FORMAT_BYTES];

	if (state->feed_count == 0) {
		page_cell_none(p, COLUMN_NUMBER, WORD_UNKNOWN);
		return;
	}
	format_duration(text, state->oldest_feed_hours * 3600, p->language);
	page_cell_open(p, COLUMN_NUMBER);
	page_text(p, text);
	page_cell_close(p);
}

static void put_unfiltered(struct page *p, const struct coverage_state *state)
{
	char text[FORMAT_BYTES];

	format_duration(text, state->unfiltered_s, p->language);
	page_cell_open(p, COLUMN_NUMBER);
	page_text(p, state->unfiltered_s == 0 ? "0" : text);
	page_cell_close(p);
}

static void put_state(struct page *p, const struct coverage_state *state)
{
	if (state == NULL) {
		page_cell_none(p, COLUMN_TEXT, WORD_UNKNOWN);
		page_cell_none(p, COLUMN_NUMBER, WORD_UNKNOWN);
		page_cell_none(p, COLUMN_NUMBER, WORD_UNKNOWN);
		page_cell_none(p, COLUMN_TEXT, WORD_UNKNOWN);
		return;
	}
	page_cell_text(p,
	    word_of(
	        state->enforce ? WORD_SCHOOL_ENFORCES : WORD_SCHOOL_TRIAL, p->language));
	put_age(p, state);
	put_unfiltered(p, state);
	page_cell_open(p, COLUMN_TEXT);
	put_troubles(p, state);
	page_cell_close(p);
}

static const char *parent_name(const struct tree *tree, const struct tree_node *node)
{
	return node->parent == TREE_NONE ? "" : tree_node(tree, node->parent)->name;
}

static void put_row(struct call *c, struct page *p, const struct web_schools *schools,
    const struct tree_node *node)
{
	const struct coverage_row *row = coverage_find(schools->coverage, node->number);

	page_row_open(p);
	page_cell_head(p, web_unit_link(c, node->unit), node->name);
	page_cell_text(p, parent_name(schools->tree, node));
	if (row == NULL) {
		page_cell_none(p, COLUMN_TEXT, WORD_SCHOOL_NEVER);
		page_cell_number(p, 0);
	} else {
		page_cell_day(p, row->last_day);
		page_cell_number(p, row->days);
	}
	put_state(p, row == NULL ? NULL : row->state);
	page_row_close(p);
}

void web_schools_put(struct call *c, struct page *p, const struct web_schools *schools)
{
	static const struct page_column columns[] = {{COLUMN_TEXT, WORD_SCHOOL, NULL},
	    {COLUMN_TEXT, WORD_SCHOOL_PARENT, NULL},
	    {COLUMN_TEXT, WORD_SCHOOL_LAST_DAY, NULL},
	    {COLUMN_NUMBER, WORD_SCHOOL_DAYS, NULL}, {COLUMN_TEXT, WORD_SCHOOL_MODE, NULL},
	    {COLUMN_NUMBER, WORD_SCHOOL_LIST_AGE, NULL},
	    {COLUMN_NUMBER, WORD_SCHOOL_UNFILTERED, NULL},
	    {COLUMN_TEXT, WORD_SCHOOL_TROUBLES, NULL}};
	const struct page_table table = {.caption = schools->caption,
	    .columns = columns,
	    .count = COUNT_OF(columns),
	    .id = "schools"};

	if (schools->count == 0) {
		page_paragraph(p, "note", WORD_EMPTY_LIST, NULL);
		return;
	}
	page_table_open(p, &table);
	for (size_t i = 0; i < schools->count; i++)
		put_row(c, p, schools, tree_node(schools->tree, schools->nodes[i]));
	page_table_close(p);
}
