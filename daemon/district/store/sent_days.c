/* Which days were sent, from the bits of unit_sums. */
#include <stdlib.h>
#include <string.h>

#include "district/store/internal.h"

enum {
	DAYS_MAX = 50 * 366
};

struct sent {
	int32_t from, to;
	sent_days_row *row;
	void *context;
	uint8_t *days; /* of the unit at hand */
	uint32_t unit;
	uint32_t count;
	bool stopped;
};

static void begin_unit(struct sent *s, uint32_t unit)
{
	memset(s->days, 0, (size_t)(s->to - s->from + 7) / 8);
	s->unit = unit;
	s->count = 0;
}

static void end_unit(struct sent *s)
{
	struct sent_days one = {s->unit, s->days, s->count};
	if (s->count > 0 && !s->stopped)
		s->stopped = !s->row(s->context, &one);
}

static void set_bits(struct sent *s, int32_t first, uint64_t bits)
{
	for (int32_t day = first; bits != 0; day++, bits >>= 1) {
		if ((bits & 1) == 0 || day < s->from || day >= s->to)
			continue;
		size_t at = (size_t)(day - s->from);
		s->days[at / 8] = (uint8_t)(s->days[at / 8] | 1u << at % 8);
		s->count++;
	}
}

static enum err sent_step(struct store *store, void *context)
{
	struct sent *s = context;
	struct sql_rows rows;

	sql_stream(store->sql, &rows,
	    "SELECT unit, half, days FROM unit_sums WHERE half >= $1 AND half <= $2"
	    " ORDER BY unit, half",
	    SQL_ARGS(sql_number(day_half(s->from)), sql_number(day_half(s->to - 1))));
	begin_unit(s, 0);
	while (!s->stopped && sql_next(&rows)) {
		uint32_t unit = (uint32_t)sql_get_number(&rows, 0);
		if (unit != s->unit) {
			end_unit(s);
			begin_unit(s, unit);
		}
		set_bits(s, day_half_first((int32_t)sql_get_number(&rows, 1)),
		    (uint64_t)sql_get_number(&rows, 2));
	}
	enum err rc = sql_done(&rows);
	if (rc == OK)
		end_unit(s);
	return rc;
}

enum err store_sent_days(
    struct store *store, int32_t from, int32_t to, sent_days_row *row, void *context)
{
	struct sent s = {.from = from, .to = to, .row = row, .context = context};

	store_enter(store);
	if (from > to || from < DAY_FIRST || to > DAY_FOREVER || to - from > DAYS_MAX)
		return store_refuse(store, ERR_RANGE, "no such period");
	if (from == to)
		return OK;
	s.days = calloc((size_t)(to - from + 7) / 8, 1);
	if (s.days == NULL)
		return ERR_MEMORY;
	enum err rc = store_read(store, sent_step, &s);
	free(s.days);
	return rc;
}
