/* page -- what every page of the department has around it, and the elements inside.
 *
 * Everything that comes from outside (names of units, domains, reasons) passes base/html.h; only page_raw() does not, and
 * takes literals alone. No element has a style or a script of its own: the policy of the program forbids both, so looks
 * are classes of static/district.css. A page is written straight into its buffer; what does not fit shows in
 * buf_status(). Threads: a page belongs to one. */
#ifndef DISTRICT_PAGE_H
#define DISTRICT_PAGE_H

#include "base/buf.h"
#include "district/words.h"

/* Places of the navigation. */
enum page_section {
	SECTION_COVERAGE,
	SECTION_CATEGORIES,
	SECTION_NAMES,
	SECTION_FAILURES,
	SECTION_UNITS, /* search */
	SECTION_QUICK_REPORTS,
	SECTION_NOMINATIONS,
	SECTION_REPORTS,
	SECTION_BUNDLES,
	PAGE_SECTIONS,
	SECTION_NONE = PAGE_SECTIONS
};

enum {
	PAGE_MAX_BYTES = 8 * 1024 * 1024,
	PAGE_VALUES = 9
};

struct page {
	struct buf *out;
	enum language language;
	int32_t offset_s;       /* local time minus UTC, for the times on this page */
	const char *department; /* department.name; "" */
	const char *
	    address; /* path and query of this page: the language switch comes back to it */
	enum page_section here;
	unsigned sections; /* 1U << SECTION_…: what this reader may open */
	/* Who reads. NULL: nobody (the page of /login). */
	const char *user;
	bool operator;    /* may change things */
	bool demo;        /* no users_file: everybody on this machine is an operator */
	const char *csrf; /* the token of this session's forms; "" */
};

/* ---- around ---- */

/* From the doctype to the heading. `title` is plain text. Breadcrumbs stand above it when page_crumbs_open() is called
 * between page_open() and page_title(). */
void page_open(struct page *p, const char *title);
void page_title(struct page *p, const char *title);
void page_close(struct page *p);

/* Breadcrumbs: open, page_crumb() once for each (the last one without href), close. */
void page_crumbs_open(struct page *p);
void page_crumb(struct page *p, const char *href, const char *text);
void page_crumbs_close(struct page *p);

/* ---- text ---- */

void page_raw(struct page *p, const char *literal);
void page_text(struct page *p, const char *text); /* escaped */
/* A word, with values or NULL (words.h); escaped. */
void page_word(struct page *p, enum word word);
void page_say(struct page *p, enum word word, const char *const *values);
/* The same as a paragraph; `class` may be NULL. */
void page_paragraph(
    struct page *p, const char *class, enum word word, const char *const *values);
/* <h2> to <h4>; `id` may be NULL. */
void page_heading(struct page *p, unsigned level, const char *id, enum word word);
void page_link(struct page *p, const char *href, const char *text);
void page_number(struct page *p, uint64_t number);
void page_day(struct page *p, int32_t day);
void page_time(struct page *p, int64_t wall_s);
/* A sum of published numbers. Where cells were withheld it is a lower bound, and says so to eye and ear. */
void page_count(struct page *p, uint64_t number, bool at_least);
/* name="…", class="…" and the like: a blank, the name, the escaped value. */
void page_attribute(struct page *p, const char *name, const char *value);

/* ---- tables ---- */

enum page_column_kind {
	COLUMN_TEXT,
	COLUMN_NUMBER
};

struct page_column {
	enum page_column_kind kind;
	enum word word;
	const char *text; /* in place of the word, where not NULL */
};

struct page_table {
	const char *caption;
	const struct page_column *columns;
	size_t count;
	const char *id; /* NULL: none */
	const char *
	    chart; /* "lines" or "bars": static/district.js draws the numbers as well; NULL: a table alone */
};

void page_table_open(struct page *p, const struct page_table *table);
void page_table_close(struct page *p);
void page_row_open(struct page *p);
void page_row_close(struct page *p);
/* <th scope="row">, with a link where href is not NULL. */
void page_cell_head(struct page *p, const char *href, const char *text);
void page_cell_text(struct page *p, const char *text);
void page_cell_link(struct page *p, const char *href, const char *text);
void page_cell_number(struct page *p, uint64_t number);
/* page_count() in a cell; where nothing but withheld cells is behind it, the word "withheld". */
void page_cell_count(struct page *p, uint64_t number, uint64_t withheld);
void page_cell_day(struct page *p, int32_t day);
void page_cell_time(struct page *p, int64_t wall_s);
/* "–" to the eye, `word` to the ear. */
void page_cell_none(struct page *p, enum page_column_kind kind, enum word word);
/* Any other cell: open, write, close. */
void page_cell_open(struct page *p, enum page_column_kind kind);
void page_cell_close(struct page *p);

/* ---- forms ---- */

/* POST forms carry the token of the session; GET forms do not, since addresses are shown. */
void page_post_open(struct page *p, const char *action);
void page_get_open(struct page *p, const char *action);
void page_form_close(struct page *p);
void page_hidden(struct page *p, const char *name, const char *value);
/* Label and field; `type` is text, search, password, date, number or email. */
struct page_field {
	const char *name;
	enum word label;
	const char *type;
	const char *value;        /* NULL: empty */
	const char *autocomplete; /* NULL: off */
	unsigned max_length;      /* 0: none */
	bool required;
};
void page_field(struct page *p, const struct page_field *field);
/* A field of several lines. */
void page_area(struct page *p, const struct page_field *field);
struct page_option {
	const char *value;
	const char *text;
};
void page_select(struct page *p, const char *name, enum word label,
    const struct page_option *options, size_t count, const char *chosen);
/* `class` may be NULL; `name` and `value` may be NULL. */
void page_button(struct page *p, const char *name, const char *value, enum word word);

/* ---- lists in parts ---- */

/* "1–100 of 5.000" with links before and after; `address` is the page's path and query without `page=`. */
void page_pager(struct page *p, const char *address, uint64_t first, uint64_t shown,
    uint64_t total, uint64_t size);

#endif
