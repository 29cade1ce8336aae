/* yearbook -- a report for people and for spreadsheets: tables of typed cells.
 *
 *   fill a struct yearbook  ->  yearbook_html   printable, A4, no script
 *                           ->  yearbook_csv    UTF-8 with BOM
 *                           ->  yearbook_json   one object, English keys
 *
 * A book is filled in one language; keys of tables, columns and rows are the same in all.
 * Nothing fails while it is filled: lack of memory or of room is kept, and the writers return
 * it. Texts are copied, made valid UTF-8.
 *
 * Threads: none of its own; one owner. */
#ifndef YEARBOOK_YEARBOOK_H
#define YEARBOOK_YEARBOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

enum {
	YEARBOOK_TABLES = 24,
	YEARBOOK_COLUMNS = 20,
	YEARBOOK_ROWS = 8192, /* of one table */
	YEARBOOK_LINES = 40,  /* legal lines, places it goes to, notes of one table */
	YEARBOOK_BYTES = 32 * 1024 * 1024
};

enum yearbook_language {
	YEARBOOK_VI,
	YEARBOOK_EN
};

enum yearbook_kind {
	YEARBOOK_EMPTY,    /* says nothing here: "–" */
	YEARBOOK_NUMBER,   /* value */
	YEARBOOK_RANGE,    /* value to upper: a sum of bands */
	YEARBOOK_PERCENT,  /* value in tenths of a percent */
	YEARBOOK_CHANGE,   /* the same with its sign */
	YEARBOOK_HOURS,    /* value in tenths of an hour */
	YEARBOOK_TEXT,     /* text */
	YEARBOOK_WITHHELD, /* small numbers were hidden: nothing is known */
	YEARBOOK_BY_HAND   /* to be filled in by a person: "……" */
};

struct yearbook_cell {
	enum yearbook_kind kind;
	bool at_least; /* withheld numbers are missing from it: a lower bound */
	int64_t value;
	int64_t upper; /* of a range */
	const char *text;
};

struct yearbook_column {
	const char *key;   /* "connected": for JSON; English, stable */
	const char *label; /* for people */
};

struct yearbook_row {
	const char *key;
	const char *label;
	bool total; /* a sum or a head, set in bold */
	struct yearbook_cell *cells;
};

struct yearbook_table {
	struct yearbook *book;
	const char *id; /* "B1" */
	const char *title;
	const char *head; /* over the rows' labels */
	struct yearbook_column columns[YEARBOOK_COLUMNS];
	size_t column_count;
	struct yearbook_row *rows;
	size_t row_count;
	size_t row_room;
	const char *notes[YEARBOOK_LINES];
	size_t note_count;
	bool wide;  /* printed across the page */
	bool annex; /* behind the signatures, on a page of its own */
	bool
	    prose; /* rows of free text: a heading and what was written, or lines to write on */
};

struct yearbook_lines {
	const char *items[YEARBOOK_LINES];
	size_t count;
};

struct yearbook {
	struct arena memory;
	enum yearbook_language language;
	bool failed;              /* something did not fit */
	const char *kind;         /* "annual", for JSON */
	const char *title;        /* "Báo cáo năm 2026" */
	const char *organization; /* who reports */
	const char *place;        /* where it is signed; "" */
	uint32_t from, to;        /* days as 20261120, both included */
	uint32_t made;            /* the day it was computed */
	const char *scope; /* the part of the tree, or the school; "" for everybody */
	const char *tree;  /* version of the tree of units, "" for one school */
	uint64_t units;    /* counted */
	struct yearbook_lines legal;
	struct yearbook_lines recipients; /* "Nơi nhận" */
	struct yearbook_lines notes;      /* of the whole report */
	const char *signer; /* the office that signs: "GIÁM ĐỐC", "HIỆU TRƯỞNG" */
	struct yearbook_table *tables[YEARBOOK_TABLES];
	size_t table_count;
};

/* Only deinit it; a copy of *book would share its memory. Texts are "" until set. */
void yearbook_init(struct yearbook *book, enum yearbook_language language);
void yearbook_deinit(struct yearbook *book);

/* A copy in the book's memory, never NULL. */
const char *yearbook_text(struct yearbook *book, const char *text);
const char *yearbook_printf(struct yearbook *book, const char *format, ...)
    PRINTF_LIKE(2, 3);
void yearbook_line(struct yearbook *book, struct yearbook_lines *lines, const char *text);

/* A table at the end; never NULL. Columns come before the first row. */
struct yearbook_table *yearbook_table(
    struct yearbook *book, const char *id, const char *title, const char *head);
void yearbook_column(struct yearbook_table *table, const char *key, const char *label);
void yearbook_note(struct yearbook_table *table, const char *text);
/* The cells of a new row at the table's end, all YEARBOOK_EMPTY, one a column; never NULL
 * (what does not fit goes into a row that nobody prints). */
struct yearbook_cell *yearbook_row(
    struct yearbook_table *table, const char *key, const char *label);
struct yearbook_cell *yearbook_row_total(
    struct yearbook_table *table, const char *key, const char *label);

struct yearbook_cell yearbook_number(uint64_t n);
struct yearbook_cell yearbook_at_least(uint64_t n);
/* part of whole as a percentage; EMPTY when whole is 0. */
struct yearbook_cell yearbook_percent(uint64_t part, uint64_t whole);
/* how far `now` is from `before`; EMPTY when before is 0. */
struct yearbook_cell yearbook_change(uint64_t now, uint64_t before);
struct yearbook_cell yearbook_hours(uint64_t seconds);
/* high UINT64_MAX: open, so "at least". */
struct yearbook_cell yearbook_range(uint64_t low, uint64_t high);
struct yearbook_cell yearbook_words(struct yearbook *book, const char *text);
struct yearbook_cell yearbook_withheld(void);
struct yearbook_cell yearbook_by_hand(void);

/* Does the footnote about lower bounds belong under it? */
bool yearbook_has_bounds(const struct yearbook_table *table);

/* ---- words in both languages (words.def) ---- */

enum yearbook_word {
#define X(id, english, vietnamese) YB_##id,
#include "yearbook/words.def"
#undef X
	YEARBOOK_WORDS
};
const char *yearbook_word(enum yearbook_language language, enum yearbook_word word);
/* The words of a kind of failure or of YouTube's mode; an id that is none of ours itself. */
const char *yearbook_term(enum yearbook_language language, const char *id);
/* "1.234" or "1,234"; "97,5 %" or "97.5%"; "≥ 85"; "20–39". For people. */
void yearbook_cell_text(
    struct buf *out, const struct yearbook_cell *cell, enum yearbook_language language);
/* "20/11/2026" in both languages (Vietnam writes it so). */
void yearbook_day_text(char out[16], uint32_t day);

/* ---- the writers; each appends ---- */

enum yearbook_style {
	YEARBOOK_STYLE_INSIDE, /* a file that stands alone */
	YEARBOOK_STYLE_LINKED  /* a web page whose policy forbids style inside: `href` */
};

/* A whole HTML document. `tools` is HTML that is not printed, put on top (links back, other
 * forms of the report), or NULL. ERR_FULL, ERR_MEMORY. */
MUST_CHECK enum err yearbook_html(const struct yearbook *book, enum yearbook_style style,
    const char *href, const char *tools, struct buf *out);
/* The style sheet itself. */
const char *yearbook_stylesheet(void);
MUST_CHECK enum err yearbook_csv(const struct yearbook *book, struct buf *out);
MUST_CHECK enum err yearbook_json(const struct yearbook *book, struct buf *out);

#endif
