/* units_table -- a spreadsheet of units, each line checked by itself.
 *
 * The first line names the columns, in English or Vietnamese, in any order; columns that are
 * not there leave what is known as it is. See docs/district.md for the table's form.
 * What lines mean together, and beside what is known already, is units_plan.h's.
 * Threads: no shared state. */
#ifndef DISTRICT_UNITS_TABLE_H
#define DISTRICT_UNITS_TABLE_H

#include "base/arena.h"
#include "district/csv.h"
#include "district/day.h"

enum unit_column {
	UNIT_ID,
	UNIT_PARENT,
	UNIT_LEVEL,
	UNIT_CODE,
	UNIT_NAME,
	UNIT_KINDS,
	UNIT_PUPILS,
	UNIT_CONTACT,
	UNIT_SENDS,
	UNIT_FROM,
	UNIT_TO,
	UNIT_MERGED_INTO,
	UNIT_COLUMNS
};

enum {
	UNITS_LINES_MAX = 200000,
	UNIT_PUPILS_MAX = 1000000,
	UNIT_KINDS_BYTES = 128 /* with the NUL */
};

/* Texts live in the table's memory; none is NULL. A column that is not `given` has its zero:
 * "", 0, false, DAY_NONE. */
struct unit_line {
	unsigned line;                  /* of the file; 0: no file */
	unsigned columns[UNIT_COLUMNS]; /* where each cell begins */
	unsigned given;                 /* bits of UNIT_COLUMN_BIT */
	const char *unit, *parent, *level, *code, *name, *kinds, *contact, *merged_into;
	uint32_t pupils;
	bool sends;
	int32_t from; /* DAY_NONE: the cell is empty */
	int32_t to;   /* the last day */
};

#define UNIT_COLUMN_BIT(column) (1U << (unsigned)(column))

struct units_table {
	struct unit_line *items;
	size_t count;
	size_t capacity;
	struct arena *memory; /* borrowed */
	const char *file;     /* borrowed */
};

/* Reads the content of `text` (rewritten, may go afterwards). Every mistake of the file goes to
 * `mistakes`. ERR_FORMAT when there was one, ERR_MEMORY; the table is to be ended in any case. */
MUST_CHECK enum err units_table_read(struct units_table *out, struct buf *text,
    const char *file, struct arena *memory, struct diags *mistakes);
void units_table_deinit(struct units_table *table);

/* The column's English name, as exports head it. */
const char *unit_column_word(enum unit_column column);
/* By its English or Vietnamese name, letters' case aside. False: none. */
bool unit_column_of(struct slice word, enum unit_column *out);
/* The English name nearest to `word`, or NULL. */
const char *unit_column_near(struct slice word);

/* [A-Za-z0-9._-]{1,64} */
bool unit_id_is_sound(struct slice id);
/* "2026-09-01", or 1/9/2026 as spreadsheets in Vietnam write it. */
bool unit_day_read(struct slice text, int32_t *out);

#endif
