/* published_table -- what schools published, row by row, for a spreadsheet or a program.
 *
 *	day, days, unit, cut, revision, tier, category, attempts, devices-at-least
 *
 * `days` is 7 for a week of sensitive categories, else 1; `attempts` is a number or the word
 * `below`; `devices-at-least` the lower end of the band, 0 where there is none. These are the
 * schools' own published numbers: nothing here is more than they sent.
 *
 * Pure. Threads: no shared state. */
#ifndef DISTRICT_PUBLISHED_TABLE_H
#define DISTRICT_PUBLISHED_TABLE_H

#include "district/counts.h"

enum published_form {
	PUBLISHED_CSV, /* base/csv.h: with the byte order mark */
	PUBLISHED_JSON /* one array of objects with these names */
};

struct published_table {
	struct buf *out;
	enum published_form form;
	size_t rows;
};

void published_begin(struct published_table *t, struct buf *out, enum published_form form);
void published_row(struct published_table *t, const struct published_row *row);
void published_end(struct published_table *t);

#endif
