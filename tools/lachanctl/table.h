/* table -- rows of words in columns that line up on a terminal.
 *
 * Widths are those of the screen, not of bytes: Vietnamese letters take several bytes and
 * one place. Control characters never reach the terminal. Threads: a table is of one. */
#ifndef LACHANCTL_TABLE_H
#define LACHANCTL_TABLE_H

#include <stddef.h>
#include <stdio.h>

#include "base/attr.h"
#include "base/buf.h"

enum {
	TABLE_COLUMNS_MAX = 8,
	TABLE_CELL_BYTES = 512
};

struct table;

/* NULL without memory; every function takes that and does nothing. */
struct table *table_new(size_t columns);
void table_free(struct table *t);

/* Cells of a row in order, from the left; longer texts are cut. */
void table_cell(struct table *t, const char *format, ...) PRINTF_LIKE(2, 3);
/* A column of figures stands at the right. */
void table_right(struct table *t, size_t column);
/* All rows, two blanks between columns, `indent` before. */
void table_print(const struct table *t, size_t indent, FILE *to);

/* Places that `text` takes on a terminal. */
size_t text_width(const char *text);

/* Appends `text` as lines of at most `width` places, broken between words. Every line but the
 * first begins with `mark`; the first stands behind what is already `used` places long. */
void text_wrap(
    struct buf *out, const char *mark, size_t used, size_t width, const char *text);

#endif
