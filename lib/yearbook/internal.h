/* Inside yearbook: what its writers share. */
#ifndef YEARBOOK_INTERNAL_H
#define YEARBOOK_INTERNAL_H

#include "yearbook/yearbook.h"

bool yearbook_row_has_bounds(
    const struct yearbook_table *table, const struct yearbook_row *row);

/* How numbers are written. */
struct figures {
	const char *thousands; /* "." "," "" */
	char decimal;
};
struct figures figures_of(enum yearbook_language language);
void figures_whole(struct buf *out, int64_t n, struct figures how);
/* `n` tenths with one decimal. */
void figures_tenths(struct buf *out, int64_t n, struct figures how);

/* "20261120" as "2026-11-20". */
void text_iso_day(char out[16], uint32_t day);

void html_table(struct buf *out, const struct yearbook_table *table);

/* What every writer returns at its end. */
MUST_CHECK enum err writer_status(const struct yearbook *book, const struct buf *out);

#endif
