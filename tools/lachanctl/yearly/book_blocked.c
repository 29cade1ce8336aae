/* B3, what was blocked by level and kind of content, and the policy it was blocked by. */
#include "lachanctl/yearly/book.h"

#include <string.h>

static const char *word(const struct yearbook *book, enum yearbook_word id)
{
	return yearbook_word(book->language, id);
}

/* A sum as a cell: nothing known, only hidden numbers, a bound, or the number. */
static struct yearbook_cell cell_of(struct yearly_cell sum)
{
	if (sum.published == 0 && sum.withheld == 0)
		return (struct yearbook_cell){.kind = YEARBOOK_EMPTY};
	return sum.withheld > 0 ? yearbook_at_least(sum.attempts)
	                        : yearbook_number(sum.attempts);
}

/* The tiers that stand as columns: those of the school, those that documents speak of. */
struct columns {
	const char *tiers[YEARBOOK_COLUMNS];
	size_t count;
};

static void add_column(struct columns *columns, const char *tier)
{
	for (size_t i = 0; i < columns->count; i++)
		if (strcmp(columns->tiers[i], tier) == 0)
			return;
	/* The last column is the total's. */
	if (columns->count + 1 < YEARBOOK_COLUMNS)
		columns->tiers[columns->count++] = tier;
}

static struct columns columns_of(const struct yearly *y)
{
	struct columns columns = {.count = 0};
	const struct rules_tiers *tiers = &y->config->tiers;
	const struct conf_texts *levels = &y->config->school.levels;

	for (size_t i = 0; i < tiers->count; i++) {
		const char *tier = tiers->items[i].name.text;
		bool own = yearly_sums_has_tier(&y->now, tier);
		for (size_t k = 0; k < levels->count; k++)
			own |= strcmp(levels->items[k].text, tier) == 0;
		if (own)
			add_column(&columns, tier);
	}
	if (yearly_sums_has_tier(&y->now, "merged"))
		add_column(&columns, "merged");
	return columns;
}

/* One kind of content, where anything was said of it; its total holds what was pooled over all tiers, too. */
static void add_category(const struct yearly *y, struct yearbook_table *table,
    const struct columns *columns, const char *category)
{
	struct yearly_cell all = yearly_sums_of(&y->now, NULL, category);

	if (all.published == 0 && all.withheld == 0)
		return;
	struct yearbook_cell *row =
	    yearbook_row(table, category, yearly_category_word(y, table->book, category));
	for (size_t k = 0; k < columns->count; k++)
		row[k] = cell_of(yearly_sums_of(&y->now, columns->tiers[k], category));
	row[columns->count] = cell_of(all);
}

/* Categories of this school, those that are sensitive last; a category that stands in
 * documents alone (it was renamed since) behind them. */
static void add_categories(
    const struct yearly *y, struct yearbook_table *table, const struct columns *columns)
{
	const struct rules_categories *all = &y->config->categories;

	for (int sensitive = 0; sensitive < 2; sensitive++) {
		for (size_t i = 0; i < all->count; i++)
			if (all->items[i].sensitive == (sensitive == 1))
				add_category(y, table, columns, all->items[i].name.text);
		add_category(
		    y, table, columns, sensitive == 0 ? "other" : "sensitive_other");
	}
	for (size_t i = 0; i < y->now.cell_count; i++) {
		const char *category = y->now.cells[i].category;
		bool known = false;
		for (size_t k = 0; k < table->row_count && !known; k++)
			known = strcmp(table->rows[k].key, category) == 0;
		if (!known)
			add_category(y, table, columns, category);
	}
}

static struct yearbook_cell total_of(const struct yearly_sums *sums)
{
	if (sums->days == 0 && sums->weeks == 0)
		return (struct yearbook_cell){.kind = YEARBOOK_EMPTY};
	return sums->withheld > 0 ? yearbook_at_least(sums->published_total)
	                          : yearbook_number(sums->published_total);
}

static void add_totals(const struct yearly *y, struct yearbook *book,
    struct yearbook_table *table, size_t total)
{
	struct yearbook_cell *row =
	    yearbook_row_total(table, "published_total", word(book, YB_PUBLISHED_TOTAL));
	row[total] = total_of(&y->now);
	row = yearbook_row(table, "year_before", word(book, YB_YEAR_BEFORE));
	row[total] = total_of(&y->before);
	row = yearbook_row(table, "change", word(book, YB_CHANGE));
	if (y->now.days > 0)
		row[total] =
		    yearbook_change(y->now.published_total, y->before.published_total);
}

void yearly_fill_blocked(const struct yearly *y, struct yearbook *book)
{
	struct columns columns = columns_of(y);
	bool english = book->language == YEARBOOK_EN;
	struct yearbook_table *t =
	    yearbook_table(book, "B3", word(book, YB_B3), word(book, YB_CATEGORY));

	for (size_t k = 0; k < columns.count; k++)
		yearbook_column(
		    t, columns.tiers[k], yearly_tier_word(y, book, columns.tiers[k]));
	yearbook_column(t, "total", word(book, YB_PUBLISHED_TOTAL));
	add_categories(y, t, &columns);
	add_totals(y, book, t, columns.count);
	yearbook_note(t, word(book, YB_SENSITIVE_TOTAL_ONLY));
	yearbook_note(t,
	    english ? "Kinds without a row: nothing was published of them."
	            : "Nhóm không có dòng: trong kỳ không có số liệu công bố.");
	yearbook_note(t,
	    english
	        ? "A kind that is answered silently (advertising) stands in its row and not in "
	          "the published total. Levels with too few devices on a day are not published."
	        : "Nhóm được trả lời im lặng (quảng cáo) có dòng riêng, không tính vào tổng đã "
	          "công bố. Cấp học có quá ít thiết bị trong ngày thì không công bố.");
	yearbook_note(t,
	    english
	        ? "The change compares what was published in both periods; it is no bound."
	        : "Tăng/giảm so sánh số đã công bố của hai kỳ, không phải cận dưới.");
}

static bool is_filled(const struct report_document *document, const char *category)
{
	for (size_t i = 0; i < document->category_count; i++)
		if (strcmp(document->categories[i].category, category) == 0)
			return document->categories[i].entries > 0;
	return false;
}

static const char *join_blocked(const struct yearly *y, struct yearbook *book,
    const struct report_document_tier *tier, bool filled)
{
	struct buf line = BUF_INIT(64 * 1024);

	for (size_t i = 0; i < tier->block_count; i++) {
		if (is_filled(&y->newest, tier->block[i]) != filled)
			continue;
		buf_printf(&line, "%s%s", line.len > 0 ? "; " : "",
		    yearly_category_word(y, book, tier->block[i]));
	}
	const char *text = yearbook_text(book, buf_cstr(&line));
	book->failed |= line.bad;
	buf_deinit(&line);
	return text;
}

/* As the newest document has it: what was in force when the numbers were made. */
void yearly_fill_policy(const struct yearly *y, struct yearbook *book)
{
	bool english = book->language == YEARBOOK_EN;
	struct yearbook_table *t =
	    yearbook_table(book, "P", word(book, YB_POLICY), word(book, YB_LEVEL));

	yearbook_column(t, "blocked", word(book, YB_BLOCKED_FOR));
	yearbook_column(t, "empty", word(book, YB_EMPTY_CATEGORIES));
	yearbook_column(t, "youtube", word(book, YB_YOUTUBE));
	if (!y->has_newest)
		return;
	for (size_t i = 0; i < y->newest.tier_count; i++) {
		const struct report_document_tier *tier = &y->newest.tiers[i];
		struct yearbook_cell *row =
		    yearbook_row(t, tier->tier, yearly_tier_word(y, book, tier->tier));
		const char *empty = join_blocked(y, book, tier, false);
		row[0] = yearbook_words(book, join_blocked(y, book, tier, true));
		if (*empty != 0)
			row[1] = yearbook_words(book, empty);
		row[2] = yearbook_words(book, yearbook_term(book->language, tier->youtube));
	}
	if (!y->newest.enforce)
		yearbook_note(t,
		    english ? "In trial: only locked and security categories are blocked."
		            : "Đang thử nghiệm: chỉ chặn nhóm khóa và nhóm an ninh.");
	yearbook_note(t,
	    english ? "The policy in full: lachanctl policy."
	            : "Toàn văn chính sách: lệnh lachanctl policy.");
}
