/* B3, B4 and B5: what was blocked. All numbers are sums of published cells. */
#include "district/reports_tables.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "district/words.h"

enum {
	LEADING = 5,
	MONTH_COLUMNS = 16,
	CATEGORIES_MAX = 256
};

static struct yearbook_cell cell_of(struct counts_cell sum)
{
	if (sum.published == 0 && sum.withheld == 0)
		return (struct yearbook_cell){.kind = YEARBOOK_EMPTY};
	return sum.withheld > 0 ? yearbook_at_least(sum.attempts)
	                        : yearbook_number(sum.attempts);
}

/* ---- words of the documents, in the order of reports ---- */

struct word_list {
	const char *items[CATEGORIES_MAX];
	size_t count;
};

static void add_word(struct word_list *list, const char *id)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i], id) == 0)
			return;
	if (list->count < CATEGORIES_MAX)
		list->items[list->count++] = id;
}

/* Those we have words for first (all, or those that occur), then the schools' own. */
static struct word_list categories_of(const struct counts *counts, bool all)
{
	struct word_list list = {.count = 0};
	const struct counts_cell *cells;
	size_t count = counts_cells(counts, COUNTS_TOTAL, COUNTS_TOTAL, &cells);
	size_t terms;
	const struct term *term = terms_all(&terms);

	for (size_t i = 0; i < terms; i++) {
		if (term[i].kind != TERM_CATEGORY)
			continue;
		bool occurs = all;
		for (size_t k = 0; k < count && !occurs; k++)
			occurs = strcmp(cells[k].category, term[i].id) == 0;
		if (occurs)
			add_word(&list, term[i].id);
	}
	for (size_t k = 0; k < count; k++)
		add_word(&list, cells[k].category);
	return list;
}

/* Tiers with columns: the five levels, then whatever else was published; "all" is in totals
 * alone. */
static struct word_list tiers_of(const struct counts *counts)
{
	struct word_list list = {.items = {"preschool", "primary", "lower_secondary",
	                             "upper_secondary", "continuing_education"},
	    .count = 5};
	const struct counts_cell *cells;
	size_t count = counts_cells(counts, COUNTS_TOTAL, COUNTS_TOTAL, &cells);

	for (size_t k = 0; k < count; k++)
		if (strcmp(cells[k].tier, "all") != 0)
			add_word(&list, cells[k].tier);
	if (list.count + 1 > YEARBOOK_COLUMNS)
		list.count = YEARBOOK_COLUMNS - 1;
	return list;
}

/* ---- B3 ---- */

static struct yearbook_cell total_of(const struct counts *counts)
{
	uint64_t total = counts_sum(counts, COUNTS_TOTAL, COUNTS_TOTAL, SUM_PUBLISHED);
	uint64_t documents = counts_sum(counts, COUNTS_TOTAL, COUNTS_TOTAL, SUM_DAYS) +
	    counts_sum(counts, COUNTS_TOTAL, COUNTS_TOTAL, SUM_WEEKS);

	if (documents == 0)
		return (struct yearbook_cell){.kind = YEARBOOK_EMPTY};
	return reports_cell(counts, COUNTS_TOTAL, NULL, NULL).withheld > 0
	    ? yearbook_at_least(total)
	    : yearbook_number(total);
}

static void add_blocked_totals(
    const struct reports_data *data, struct yearbook *book, struct yearbook_table *t)
{
	size_t total = t->column_count - 1;
	uint64_t now = counts_sum(data->months, COUNTS_TOTAL, COUNTS_TOTAL, SUM_PUBLISHED);
	uint64_t before =
	    counts_sum(data->before, COUNTS_TOTAL, COUNTS_TOTAL, SUM_PUBLISHED);

	yearbook_row_total(t, "published_total",
	    reports_word(book, YB_PUBLISHED_TOTAL))[total] = total_of(data->months);
	yearbook_row(t, "year_before", reports_word(book, YB_YEAR_BEFORE))[total] =
	    total_of(data->before);
	yearbook_row(t, "change", reports_word(book, YB_CHANGE))[total] =
	    yearbook_change(now, before);
}

void reports_fill_blocked(const struct reports_data *data, struct yearbook *book)
{
	struct word_list tiers = tiers_of(data->months);
	struct word_list categories = categories_of(data->months, true);
	bool english = book->language == YEARBOOK_EN;
	struct yearbook_table *t = yearbook_table(
	    book, "B3", reports_word(book, YB_B3), reports_word(book, YB_CATEGORY));

	t->wide = true;
	for (size_t k = 0; k < tiers.count; k++)
		yearbook_column(t, tiers.items[k], reports_tier(book, tiers.items[k]));
	yearbook_column(t, "total", reports_word(book, YB_PUBLISHED_TOTAL));
	for (size_t i = 0; i < categories.count; i++) {
		const char *category = categories.items[i];
		struct yearbook_cell *row =
		    yearbook_row(t, category, reports_category(book, category));
		for (size_t k = 0; k < tiers.count; k++)
			row[k] = cell_of(reports_cell(
			    data->months, COUNTS_TOTAL, tiers.items[k], category));
		row[tiers.count] =
		    cell_of(reports_cell(data->months, COUNTS_TOTAL, NULL, category));
	}
	add_blocked_totals(data, book, t);
	yearbook_note(t, reports_word(book, YB_SENSITIVE_TOTAL_ONLY));
	yearbook_note(t,
	    english
	        ? "What is answered silently (advertising) has its row and is no part of "
	          "the published total. The total of a row also holds what schools could "
	          "publish only for all levels together. Levels with too few devices in a "
	          "school on a day are not published."
	        : "Nhóm được trả lời im lặng (quảng cáo) có dòng riêng, không tính vào tổng "
	          "đã công bố. Cột tổng gồm cả phần các trường chỉ công bố gộp mọi cấp học. "
	          "Cấp học có quá ít thiết bị trong ngày ở một trường thì không công bố.");
}

/* ---- B4 ---- */

static int by_attempts(const void *a, const void *b)
{
	const struct counts_cell *x = a;
	const struct counts_cell *y = b;

	if (x->attempts != y->attempts)
		return x->attempts > y->attempts ? -1 : 1;
	return strcmp(x->category, y->category);
}

/* The categories that are not sensitive; where there are more than columns, the greatest. */
static struct word_list trend_categories(const struct counts *counts)
{
	struct word_list all = categories_of(counts, false);
	struct word_list shown = {.count = 0};
	struct counts_cell sums[CATEGORIES_MAX];
	size_t count = 0;

	for (size_t i = 0; i < all.count; i++) {
		if (category_is_sensitive(all.items[i]))
			continue;
		sums[count++] = reports_cell(counts, COUNTS_TOTAL, NULL, all.items[i]);
	}
	qsort(sums, count, sizeof sums[0], by_attempts);
	count = count < MONTH_COLUMNS ? count : MONTH_COLUMNS;
	for (size_t i = 0; i < all.count; i++)
		for (size_t k = 0; k < count; k++)
			if (strcmp(all.items[i], sums[k].category) == 0)
				add_word(&shown, all.items[i]);
	return shown;
}

/* "12/2025", or "16–31/12/2025" of a month that the period cuts. */
static const char *month_label(
    const struct counts *counts, size_t period, struct yearbook *book)
{
	int32_t from;
	int32_t to;
	int year;
	int month;
	int first;
	int last;

	counts_period(counts, period, &from, &to);
	day_split(to - 1, &year, &month, &last);
	day_split(from, &year, &month, &first);
	if (first == 1 && to == day_month_next(from))
		return yearbook_printf(book, "%02d/%04d", month, year);
	return yearbook_printf(book, "%d–%d/%02d/%04d", first, last, month, year);
}

static void add_trend_row(const struct counts *counts, size_t period,
    const struct word_list *categories, struct yearbook_cell *row)
{
	for (size_t k = 0; k < categories->count; k++)
		row[k] = cell_of(reports_cell(counts, period, NULL, categories->items[k]));
	row[categories->count] =
	    yearbook_number(counts_sum(counts, COUNTS_TOTAL, period, SUM_DAYS));
}

static void add_trend_change(const struct reports_data *data,
    const struct word_list *categories, struct yearbook_cell *row)
{
	for (size_t k = 0; k < categories->count; k++) {
		const char *category = categories->items[k];
		row[k] = yearbook_change(
		    reports_cell(data->months, COUNTS_TOTAL, NULL, category).attempts,
		    reports_cell(data->before, COUNTS_TOTAL, NULL, category).attempts);
	}
	row[categories->count] =
	    yearbook_change(counts_sum(data->months, COUNTS_TOTAL, COUNTS_TOTAL, SUM_DAYS),
	        counts_sum(data->before, COUNTS_TOTAL, COUNTS_TOTAL, SUM_DAYS));
}

void reports_fill_trend(const struct reports_data *data, struct yearbook *book)
{
	struct word_list categories = trend_categories(data->months);
	bool english = book->language == YEARBOOK_EN;
	struct yearbook_table *t = yearbook_table(
	    book, "B4", reports_word(book, YB_B4), reports_word(book, YB_MONTH));
	char key[DAY_TEXT_BYTES];

	t->wide = true;
	for (size_t k = 0; k < categories.count; k++)
		yearbook_column(
		    t, categories.items[k], reports_category(book, categories.items[k]));
	yearbook_column(t, "school_days", reports_word(book, YB_SCHOOL_DAYS));
	for (size_t i = 0; i < counts_periods(data->months); i++) {
		int32_t from;
		int32_t to;
		counts_period(data->months, i, &from, &to);
		day_write(key, from);
		key[7] = 0; /* "2025-12" */
		add_trend_row(data->months, i, &categories,
		    yearbook_row(t, key, month_label(data->months, i, book)));
	}
	add_trend_row(data->months, COUNTS_TOTAL, &categories,
	    yearbook_row_total(t, "total", reports_word(book, YB_TOTAL)));
	add_trend_row(data->before, COUNTS_TOTAL, &categories,
	    yearbook_row(t, "year_before", reports_word(book, YB_YEAR_BEFORE)));
	add_trend_change(
	    data, &categories, yearbook_row(t, "change", reports_word(book, YB_CHANGE)));
	yearbook_note(t,
	    english
	        ? "The change compares published numbers; it is no bound. Read it beside "
	          "that of the school-days: more schools, more numbers. Numbers for 1,000 "
	          "devices are left out: documents hold bands of devices and hide small "
	          "counts, so the quotient would have no known side to err on."
	        : "Tăng/giảm so sánh số đã công bố, không phải cận dưới. Cần đọc cùng mức "
	          "tăng/giảm của ngày-trường: nhiều trường hơn thì số lớn hơn. Không tính "
	          "trên 1.000 thiết bị: bản tổng hợp chỉ có khoảng thiết bị và ẩn số nhỏ nên "
	          "thương số không biết sai về phía nào.");
}

/* ---- B5 ---- */

static void add_leading(const struct reports_data *data, struct yearbook *book,
    struct yearbook_table *t, const char *tier)
{
	const struct counts_cell *cells;
	size_t count = counts_cells(data->months, COUNTS_TOTAL, COUNTS_TOTAL, &cells);
	struct counts_cell mine[CATEGORIES_MAX];
	size_t found = 0;
	uint64_t sum = 0;

	for (size_t i = 0; i < count && found < CATEGORIES_MAX; i++) {
		if (strcmp(cells[i].tier, tier) != 0 || cells[i].attempts == 0 ||
		    category_is_silent(cells[i].category))
			continue;
		mine[found++] = cells[i];
		sum += cells[i].attempts;
	}
	qsort(mine, found, sizeof mine[0], by_attempts);
	for (size_t i = 0; i < found && i < LEADING; i++) {
		const char *key = yearbook_printf(book, "%s.%zu", tier, i + 1);
		struct yearbook_cell *row = yearbook_row(t, key, reports_tier(book, tier));
		row[0] = yearbook_number(i + 1);
		row[1] = yearbook_words(book, reports_category(book, mine[i].category));
		row[2] = cell_of(mine[i]);
		row[3] = yearbook_percent(mine[i].attempts, sum);
		row[4] = yearbook_change(mine[i].attempts,
		    reports_cell(data->before, COUNTS_TOTAL, tier, mine[i].category)
		        .attempts);
	}
}

void reports_fill_leading(const struct reports_data *data, struct yearbook *book)
{
	struct word_list tiers = tiers_of(data->months);
	struct yearbook_table *t = yearbook_table(
	    book, "B5", reports_word(book, YB_B5), reports_word(book, YB_LEVEL));

	yearbook_column(t, "rank", reports_word(book, YB_RANK));
	yearbook_column(t, "category", reports_word(book, YB_CATEGORY));
	yearbook_column(t, "attempts", reports_word(book, YB_ATTEMPTS));
	yearbook_column(t, "share_percent", reports_word(book, YB_SHARE));
	yearbook_column(t, "change_percent", reports_word(book, YB_CHANGE));
	for (size_t i = 0; i < tiers.count; i++)
		add_leading(data, book, t, tiers.items[i]);
	yearbook_note(t,
	    book->language == YEARBOOK_EN
	        ? "Shares are of the numbers published for that level, without advertising."
	        : "Tỷ trọng tính trên số đã công bố của cấp học đó, không gồm quảng cáo.");
}
