/* csv -- tables that spreadsheets open: RFC 4180, UTF-8 with a byte order mark.
 *
 *   csv_begin(&out); csv_text(&out, a); csv_number(&out, 5); csv_end_line(&out);
 *
 * A text that a spreadsheet would take for a formula (it starts with = + - @, tab or CR;
 * CWE-1236) gets an apostrophe before it: somebody at a school chose it, and somebody at the
 * department opens the file. So does what follows a , ; tab or line end within a text, where a
 * spreadsheet set to another separator begins a new cell. district/csv.h reads what this
 * writes, apostrophes undone. Threads: any. What does not fit shows in buf_status(). */
#ifndef BASE_CSV_H
#define BASE_CSV_H

#include "base/buf.h"
#include "base/bytes.h"

/* The byte order mark: without it Excel reads Vietnamese as Latin-1. Once, first. */
void csv_begin(struct buf *out);
/* One cell, with a comma before it unless it is the line's first. */
void csv_cell(struct buf *out, struct slice text);
void csv_text(struct buf *out, const char *text);
void csv_number(struct buf *out, int64_t n);
/* A number as we wrote it ("-12,5"): quoted where it must be, never marked. */
void csv_figure(struct buf *out, const char *figure);
void csv_end_line(struct buf *out);

/* Whether a spreadsheet may begin a cell behind this byte. */
bool csv_parts(uint8_t byte);
/* Whether an apostrophe belongs before `s` where a cell begins: a formula, or apostrophes and
 * then one ("'=1" must come back as it was, so it becomes "''=1"). */
bool csv_is_guarded(struct slice s);

#endif
