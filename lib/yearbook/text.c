/* Numbers and days as people write them: Vietnamese uses a decimal comma. */
#include <stdio.h>

#include "yearbook/internal.h"

struct figures figures_of(enum yearbook_language language)
{
	return language == YEARBOOK_EN ? (struct figures){",", '.'}
	                               : (struct figures){".", ','};
}

void figures_whole(struct buf *out, int64_t n, struct figures how)
{
	char digits[24];
	uint64_t size = n < 0 ? (uint64_t) - (n + 1) + 1 : (uint64_t)n;
	int count = snprintf(digits, sizeof digits, "%llu", (unsigned long long)size);

	if (n < 0)
		buf_text(out, "-");
	for (int i = 0; i < count; i++) {
		if (i > 0 && (count - i) % 3 == 0)
			buf_text(out, how.thousands);
		buf_byte(out, (uint8_t)digits[i]);
	}
}

void figures_tenths(struct buf *out, int64_t n, struct figures how)
{
	if (n < 0 && n > -10)
		buf_text(out, "-");
	figures_whole(out, n / 10, how);
	buf_byte(out, (uint8_t)how.decimal);
	buf_byte(out, (uint8_t)('0' + (n < 0 ? -(n % 10) : n % 10)));
}

static void write_percent(struct buf *out, int64_t n, enum yearbook_language language)
{
	figures_tenths(out, n, figures_of(language));
	buf_text(out, language == YEARBOOK_EN ? "%" : " %");
}

void yearbook_cell_text(
    struct buf *out, const struct yearbook_cell *cell, enum yearbook_language language)
{
	struct figures how = figures_of(language);

	if (cell->at_least && cell->kind != YEARBOOK_WITHHELD)
		buf_text(out, "≥ ");
	switch (cell->kind) {
	case YEARBOOK_EMPTY:
		buf_text(out, "–");
		break;
	case YEARBOOK_NUMBER:
		figures_whole(out, cell->value, how);
		break;
	case YEARBOOK_RANGE:
		figures_whole(out, cell->value, how);
		buf_text(out, "–");
		figures_whole(out, cell->upper, how);
		break;
	case YEARBOOK_CHANGE:
		if (cell->value > 0)
			buf_text(out, "+");
		write_percent(out, cell->value, language);
		break;
	case YEARBOOK_PERCENT:
		write_percent(out, cell->value, language);
		break;
	case YEARBOOK_HOURS:
		figures_tenths(out, cell->value, how);
		break;
	case YEARBOOK_TEXT:
		buf_text(out, cell->text);
		break;
	case YEARBOOK_WITHHELD:
		buf_text(out, yearbook_word(language, YB_HIDDEN));
		break;
	case YEARBOOK_BY_HAND:
		buf_text(out, "……");
		break;
	}
}

void yearbook_day_text(char out[16], uint32_t day)
{
	(void)snprintf(
	    out, 16, "%02u/%02u/%04u", day % 100, day / 100 % 100, day / 10000 % 10000);
}

void text_iso_day(char out[16], uint32_t day)
{
	(void)snprintf(
	    out, 16, "%04u-%02u-%02u", day / 10000 % 10000, day / 100 % 100, day % 100);
}

enum err writer_status(const struct yearbook *book, const struct buf *out)
{
	return book->failed ? ERR_FULL : buf_status(out);
}
