/* Units by name, with or without accents, or by their code. */
#include "district/web_pages.h"

#include "district/format.h"
#include "district/web.h"
#include "district/web_link.h"

enum {
	FOUND_MAX = 1000, /* beyond, people say more of the name */
	ROWS = 100,
	TEXT_MAX = 200
};

static void put_form(struct page *p, const char *text)
{
	page_get_open(p, "/search");
	page_field(p,
	    &(struct page_field){.name = "q",
	        .label = WORD_SEARCH_FIELD,
	        .type = "search",
	        .value = text,
	        .max_length = TEXT_MAX});
	page_button(p, NULL, NULL, WORD_SEARCH_BUTTON);
	page_form_close(p);
}

static void put_row(struct call *c, struct page *p, const struct tree *tree, uint32_t at)
{
	const struct tree_node *node = tree_node(tree, at);
	const struct tree_node *parent =
	    node->parent == TREE_NONE ? NULL : tree_node(tree, node->parent);

	page_row_open(p);
	page_cell_head(p, web_unit_link(c, node->unit), node->name);
	page_cell_text(p, node->unit);
	page_cell_text(p, node->code);
	page_cell_text(p, term_of(TERM_LEVEL, node->level, p->language));
	page_cell_link(p, parent == NULL ? NULL : web_unit_link(c, parent->unit),
	    parent == NULL ? "" : parent->name);
	page_cell_number(p, node->schools);
	page_row_close(p);
}

static void put_rows(struct call *c, struct page *p, const struct tree *tree,
    const uint32_t *nodes, size_t count)
{
	static const struct page_column columns[] = {{COLUMN_TEXT, WORD_UNIT, NULL},
	    {COLUMN_TEXT, WORD_UNIT_ID, NULL}, {COLUMN_TEXT, WORD_UNIT_CODE, NULL},
	    {COLUMN_TEXT, WORD_UNIT_LEVEL, NULL}, {COLUMN_TEXT, WORD_SCHOOL_PARENT, NULL},
	    {COLUMN_NUMBER, WORD_UNIT_SCHOOLS, NULL}};

	page_table_open(p,
	    &(struct page_table){.caption = word_of(WORD_NAV_UNITS, p->language),
	        .columns = columns,
	        .count = COUNT_OF(columns),
	        .id = "found"});
	for (size_t i = 0; i < count; i++)
		put_row(c, p, tree, nodes[i]);
	page_table_close(p);
}

static void put_found(
    struct call *c, struct page *p, const struct tree *tree, const char *text)
{
	uint32_t nodes[FOUND_MAX];
	size_t found = tree_search(tree, slice_of(text), nodes, FOUND_MAX);
	size_t listed = found > FOUND_MAX ? FOUND_MAX : found;
	size_t skip = web_query_page(c) * ROWS;
	size_t shown = skip < listed ? listed - skip : 0;
	char number[FORMAT_BYTES];
	const char *values[] = {found == 0 ? text : number, NULL};
	enum word said = found == 0 ? WORD_SEARCH_NONE
	    : found == FOUND_MAX    ? WORD_SEARCH_MANY
	                            : WORD_SEARCH_FOUND;
	const struct web_pair pairs[] = {{"q", text}, {NULL, NULL}};

	format_number(number, found, p->language);
	page_raw(p, "<div role=\"status\">");
	page_paragraph(p, NULL, said, values);
	page_raw(p, "</div>\n");
	if (found == 0)
		return;
	shown = shown > ROWS ? ROWS : shown;
	put_rows(c, p, tree, nodes + (skip < listed ? skip : 0), shown);
	page_pager(p, web_link(c, "/search", pairs), skip, shown, listed, ROWS);
}

/* Without a word to search for: the first units of the tree. */
static void put_roots(struct call *c, struct page *p, const struct tree *tree)
{
	uint32_t nodes[ROWS];
	uint32_t first, count;
	size_t skip = web_query_page(c) * ROWS;

	tree_roots(tree, &first, &count);
	size_t shown = skip < count ? count - skip : 0;
	shown = shown > ROWS ? ROWS : shown;
	for (size_t i = 0; i < shown; i++)
		nodes[i] = first + (uint32_t)(skip + i);
	if (count == 0) {
		page_paragraph(p, "note", WORD_SEARCH_NO_UNITS, NULL);
		return;
	}
	put_rows(c, p, tree, nodes, shown);
	page_pager(p, "/search", skip, shown, count, ROWS);
}

void web_search(struct call *c)
{
	const char *text = web_query(c, "q");
	struct tree *tree = NULL;
	struct page p;

	if (!web_enter(c, SECTION_UNITS, &p))
		return;
	enum err rc = web_tree(c, DAY_FOREVER, &tree);
	if (rc != OK) {
		web_fail(c, &p, rc);
		return;
	}
	web_open(&p, WORD_SEARCH_TITLE);
	put_form(&p, text);
	if (slice_trim(slice_of(text)).len == 0)
		put_roots(c, &p, tree);
	else
		put_found(c, &p, tree, text);
	web_finish(c, &p);
	tree_release(tree);
}
