#include "district/published_table.h"

#include "base/csv.h"

static const char *const COLUMNS[] = {"day", "days", "unit", "cut", "revision", "tier",
    "category", "attempts", "devices-at-least"};

static const char *cut_word(enum report_cut cut)
{
	return cut == REPORT_DAY ? "day" : "week-sensitive";
}

void published_begin(struct published_table *t, struct buf *out, enum published_form form)
{
	*t = (struct published_table){.out = out, .form = form};
	if (form == PUBLISHED_JSON) {
		buf_text(out, "[");
		return;
	}
	csv_begin(out);
	for (size_t i = 0; i < COUNT_OF(COLUMNS); i++)
		csv_text(out, COLUMNS[i]);
	csv_end_line(out);
}

static void write_csv(struct buf *out, const struct published_row *row, const char *day)
{
	csv_text(out, day);
	csv_number(out, row->days);
	csv_text(out, row->unit);
	csv_text(out, cut_word(row->cut));
	csv_number(out, row->revision);
	csv_text(out, row->tier);
	csv_text(out, row->category);
	if (row->below)
		csv_text(out, "below");
	else
		csv_number(out, (int64_t)row->attempts);
	csv_number(out, (int64_t)row->devices);
	csv_end_line(out);
}

/* Units, tiers and categories are words of [A-Za-z0-9._-] (store.h): nothing to escape. */
static void write_json(
    struct published_table *t, const struct published_row *row, const char *day)
{
	struct buf *out = t->out;

	buf_printf(out,
	    "%s\n{\"day\":\"%s\",\"days\":%d,\"unit\":\"%s\",\"cut\":\"%s\",\"revision\":%u,"
	    "\"tier\":\"%s\",\"category\":\"%s\",\"attempts\":",
	    t->rows > 0 ? "," : "", day, (int)row->days, row->unit, cut_word(row->cut),
	    (unsigned)row->revision, row->tier, row->category);
	if (row->below)
		buf_text(out, "\"below\"");
	else
		buf_printf(out, "%llu", (unsigned long long)row->attempts);
	buf_printf(out, ",\"devices-at-least\":%llu}", (unsigned long long)row->devices);
}

void published_row(struct published_table *t, const struct published_row *row)
{
	char day[DAY_TEXT_BYTES];

	day_write(day, row->day);
	if (t->form == PUBLISHED_CSV)
		write_csv(t->out, row, day);
	else
		write_json(t, row, day);
	t->rows++;
}

void published_end(struct published_table *t)
{
	if (t->form == PUBLISHED_JSON)
		buf_text(t->out, "\n]\n");
}
