/* csv -- tables as spreadsheets keep them (RFC 4180), read with the place of every mistake;
 * base/csv.h writes them.
 *
 * Taken is UTF-8 with or without a byte order mark; comma, semicolon or tab between the
 * cells (a Vietnamese Excel writes semicolons: the first line decides, or a line "sep=;" before
 * it); any line end; quoted cells with line ends in them. Rows without content are skipped.
 *
 * An apostrophe that base/csv.h wrote before what begins a formula is taken away again, so that
 * what was written is what is read.
 *
 * Threads: no shared state. */
#ifndef DISTRICT_CSV_H
#define DISTRICT_CSV_H

#include "base/buf.h"
#include "base/csv.h"
#include "base/diag.h"

enum {
	CSV_TEXT_MAX = 32 << 20, /* bytes of a file */
	CSV_CELLS_MAX = 64,      /* of a row */
	CSV_CELL_MAX = 4096      /* bytes of a cell */
};

struct csv_cell {
	struct slice text; /* without blanks around it; lies in the reader's text */
	unsigned line;     /* both from 1; columns count characters */
	unsigned column;
};

struct csv_row {
	struct csv_cell cells[CSV_CELLS_MAX];
	size_t count; /* at least 1 */
	unsigned line;
};

/* Its members are the reader's own, but for `separator`. */
struct csv_reader {
	uint8_t *ptr;
	size_t left;
	unsigned line;
	unsigned column;
	uint8_t separator;
	const char *file;
	struct diags *mistakes;
};

enum csv_result {
	CSV_ROW,
	CSV_MISTAKE, /* the row is not to be used; the next may be read */
	CSV_END
};

/* Begins to read the content of `text`, which is rewritten in place and must outlive the cells.
 * `file` names it in `mistakes`; both are borrowed. ERR_FORMAT, with a mistake, when it is not
 * UTF-8. */
MUST_CHECK enum err csv_read(
    struct csv_reader *r, struct buf *text, const char *file, struct diags *mistakes);
/* The next row. After CSV_MISTAKE one mistake more stands in `mistakes`. */
MUST_CHECK enum csv_result csv_next(struct csv_reader *r, struct csv_row *row);

#endif
