/* Putting the tables together. What no document holds (incidents, lessons, an assessment) is
 * left blank for a person to fill in. */
#include "lachanctl/yearly/book.h"

#include <string.h>

static void take_now(void *context, const struct report_document *document)
{
	struct yearly *y = context;

	yearly_sums_add(&y->now, document);
}

static void take_before(void *context, const struct report_document *document)
{
	struct yearly *y = context;

	yearly_sums_add(&y->before, document);
}

/* Documents come oldest first; the last daily one is read once more, to be kept. */
static void take_newest(void *context, const struct report_document *document)
{
	struct yearly *y = context;
	struct buf json = BUF_INIT(REPORT_MAX_BYTES);
	struct report_document copy;

	if (document->cut == REPORT_DAY && report_encode(document, &json) == OK &&
	    report_decode(&copy, buf_slice(&json), NULL) == OK) {
		if (y->has_newest)
			report_document_deinit(&y->newest);
		y->newest = copy;
		y->has_newest = true;
	}
	buf_deinit(&json);
}

/* The days of the period that have a document, from behind: a week is enough to meet a daily
 * one, a year is looked through where a school rested long. */
static enum err find_newest(struct yearly *y, struct diag *why)
{
	const char *state_dir = y->config->server.state_dir.text;
	struct gathered told;
	enum err rc = OK;
	uint32_t to = y->period.to < y->today ? y->period.to : y->today;

	for (int32_t back = 7; rc == OK && !y->has_newest && y->now.days > 0; back *= 4) {
		uint32_t from = period_day_of(period_day_number(to) - back);
		const uint32_t span[2] = {
		    from > y->period.from ? from : y->period.from, to};
		rc = gather_documents(state_dir, span, take_newest, y, &told, why);
		if (span[0] == y->period.from)
			break;
	}
	return rc;
}

enum err yearly_read(struct yearly *y, struct diag *why)
{
	const char *state_dir = y->config->server.state_dir.text;
	struct period so_far = y->period;
	const uint32_t now_span[2] = {y->period.from, y->period.to};
	struct gathered told;

	/* As many days beside as many: a year that is not over is compared with its like. */
	if (so_far.to >= y->today)
		so_far.to = period_day_of(period_day_number(y->today) - 1);
	struct period before = period_year_before(&so_far);
	const uint32_t before_span[2] = {before.from, before.to};

	enum err rc = gather_documents(state_dir, now_span, take_now, y, &y->found, why);
	if (rc == OK)
		rc = gather_documents(state_dir, before_span, take_before, y, &told, why);
	if (rc == OK)
		rc = find_newest(y, why);
	return rc;
}

void yearly_deinit(struct yearly *y)
{
	yearly_sums_deinit(&y->now);
	yearly_sums_deinit(&y->before);
	if (y->has_newest)
		report_document_deinit(&y->newest);
	y->has_newest = false;
}

static const char *word(const struct yearbook *book, enum yearbook_word id)
{
	return yearbook_word(book->language, id);
}

const char *yearly_tier_word(
    const struct yearly *y, struct yearbook *book, const char *tier)
{
	size_t i;

	if (strcmp(tier, "merged") == 0)
		return word(book, YB_TIER_MERGED);
	if (strcmp(tier, "all") == 0)
		return word(book, YB_TIER_ALL);
	if (!config_find_tier(y->config, tier, &i))
		return yearbook_text(book, tier);
	const struct rules_tier *found = &y->config->tiers.items[i];
	return book->language == YEARBOOK_EN ? found->name_en.text : found->name_vi.text;
}

const char *yearly_category_word(
    const struct yearly *y, struct yearbook *book, const char *category)
{
	size_t i;

	if (strcmp(category, "other") == 0)
		return word(book, YB_CATEGORY_OTHER);
	if (strcmp(category, "sensitive_other") == 0)
		return word(book, YB_CATEGORY_SENSITIVE_OTHER);
	if (!config_find_category(y->config, category, &i))
		return yearbook_text(book, category);
	const struct rules_category *found = &y->config->categories.items[i];
	return book->language == YEARBOOK_EN ? found->name_en.text : found->name_vi.text;
}

static void fill_head(const struct yearly *y, struct yearbook *book)
{
	const struct config_school *school = &y->config->school;
	bool english = book->language == YEARBOOK_EN;

	book->kind = period_kind_word(y->period.kind);
	book->title = period_title(book, &y->period);
	book->organization = yearbook_text(book,
	    *school->name.text != 0 ? school->name.text
	        : english           ? "School: ………………"
	                            : "Trường: ………………");
	book->from = y->period.from;
	book->to = y->period.to;
	book->made = y->today;
	book->units = y->now.days > 0 ? 1 : 0;
	book->signer = english ? "PRINCIPAL" : "HIỆU TRƯỞNG";
	for (size_t i = 0; i < y->config->share.recipients.count; i++)
		yearbook_line(book, &book->recipients,
		    y->config->share.recipients.items[i].name.text);
	yearbook_line(book, &book->recipients,
	    english ? "Records of the school" : "Lưu: Văn thư nhà trường");
	if (y->today <= y->period.to) {
		yearbook_line(book, &book->notes,
		    english ? "The period is not over: the figures are provisional."
		            : "Kỳ báo cáo chưa kết thúc: số liệu tạm tính.");
	}
	if (y->found.unreadable > 0) {
		yearbook_line(book, &book->notes,
		    yearbook_printf(book,
		        english ? "%zu documents could not be read and are left out."
		                : "Có %zu bản tổng hợp không đọc được nên không tính.",
		        y->found.unreadable));
	}
	if (y->now.incomplete || y->before.incomplete)
		yearbook_line(book, &book->notes,
		    english ? "Some figures did not fit and are left out."
		            : "Có số liệu vượt giới hạn nên không tính.");
}

/* One row: this period, and the same a year before where there is anything. */
static void add_pair(struct yearbook_table *table, const char *key,
    enum yearbook_word label, const struct yearbook_cell cells[2])
{
	struct yearbook_cell *row =
	    yearbook_row(table, key, yearbook_word(table->book->language, label));

	row[0] = cells[0];
	row[1] = cells[1];
}

static struct yearbook_cell count_of(const struct yearly_sums *sums, uint64_t n)
{
	return sums->days > 0 ? yearbook_number(n)
	                      : (struct yearbook_cell){.kind = YEARBOOK_EMPTY};
}

static struct yearbook_cell hours_of(const struct yearly_sums *sums, uint64_t seconds)
{
	return sums->days > 0 ? yearbook_hours(seconds)
	                      : (struct yearbook_cell){.kind = YEARBOOK_EMPTY};
}

static struct yearbook_cell day_hours(const struct yearly_sums *sums)
{
	return sums->days > 0 ? yearbook_hours(sums->uptime_s / sums->days)
	                      : (struct yearbook_cell){.kind = YEARBOOK_EMPTY};
}

static void add_pair_columns(struct yearbook_table *table)
{
	enum yearbook_language language = table->book->language;

	yearbook_column(table, "value", yearbook_word(language, YB_PERIOD));
	yearbook_column(table, "year_before", yearbook_word(language, YB_YEAR_BEFORE));
}

static void fill_operation(const struct yearly *y, struct yearbook *book)
{
	const struct yearly_sums *a = &y->now;
	const struct yearly_sums *b = &y->before;
	struct yearbook_table *t =
	    yearbook_table(book, "B2", word(book, YB_B2), word(book, YB_INDICATOR));

	add_pair_columns(t);
#define PAIR(key, label, cell_a, cell_b) \
	add_pair(t, key, label, (const struct yearbook_cell[2]){cell_a, cell_b})
	PAIR("days_reported", YB_DAYS_REPORTED, yearbook_number(a->days),
	    count_of(b, b->days));
	PAIR("uptime_hours", YB_UPTIME_HOURS, hours_of(a, a->uptime_s),
	    hours_of(b, b->uptime_s));
	PAIR("uptime_hours_day", YB_UPTIME_DAY, day_hours(a), day_hours(b));
	PAIR("unfiltered_hours", YB_UNFILTERED, hours_of(a, a->unfiltered_s),
	    hours_of(b, b->unfiltered_s));
	PAIR("fresh_percent", YB_FRESH, yearbook_percent(a->days - a->stale_days, a->days),
	    yearbook_percent(b->days - b->stale_days, b->days));
	PAIR("partial_days", YB_DAYS_PARTIAL, count_of(a, a->partial_days),
	    count_of(b, b->partial_days));
	for (size_t i = 0; i < a->failure_count; i++) {
		struct yearbook_cell *row = yearbook_row(t, a->failures[i].type,
		    yearbook_printf(book, "%s: %s", word(book, YB_FAILURE),
		        yearbook_term(book->language, a->failures[i].type)));
		row[0] = yearbook_number(a->failures[i].count);
	}
}

static struct yearbook_cell requests_of(const struct yearly_sums *sums)
{
	if (sums->days == 0)
		return (struct yearbook_cell){.kind = YEARBOOK_EMPTY};
	return yearbook_range(
	    sums->reviews_low, sums->reviews_open ? UINT64_MAX : sums->reviews_high);
}

static struct yearbook_cell answered_of(const struct yearly_sums *sums)
{
	return yearbook_percent(sums->reviews_answered, sums->reviews_banded * 100);
}

static void fill_reviews(const struct yearly *y, struct yearbook *book)
{
	const struct yearly_sums *a = &y->now;
	const struct yearly_sums *b = &y->before;
	struct yearbook_table *t =
	    yearbook_table(book, "B6", word(book, YB_B6), word(book, YB_INDICATOR));

	add_pair_columns(t);
	PAIR("requests", YB_REQUESTS, requests_of(a), requests_of(b));
	PAIR("answered_percent", YB_ANSWERED, answered_of(a), answered_of(b));
	PAIR("median_hours", YB_MEDIAN, yearbook_by_hand(), yearbook_by_hand());
	PAIR("granted", YB_GRANTED, yearbook_by_hand(), yearbook_by_hand());
#undef PAIR
	yearbook_note(t,
	    book->language == YEARBOOK_EN
	        ? "Documents hold bands a day (0–9, 10–19, …), so requests are a span; what was "
	          "answered is known of days with 10 requests or more."
	        : "Bản số liệu chỉ ghi khoảng theo ngày (0–9, 10–19, …) nên số đề nghị là một "
	          "khoảng; tỷ lệ trả lời chỉ tính trên các ngày có từ 10 đề nghị.");
}

/* A table that a person fills in: `rows` and `columns` end with YEARBOOK_WORDS. */
struct blank {
	const char *id;
	enum yearbook_word title, head;
	struct {
		const char *key;
		enum yearbook_word label;
	} columns[8];
	size_t column_count;
	size_t row_count;
};

static void fill_blank(struct yearbook *book, const struct blank *blank)
{
	struct yearbook_table *t = yearbook_table(
	    book, blank->id, word(book, blank->title), word(book, blank->head));

	for (size_t k = 0; k < blank->column_count; k++)
		yearbook_column(
		    t, blank->columns[k].key, word(book, blank->columns[k].label));
	for (size_t i = 0; i < blank->row_count; i++) {
		struct yearbook_cell *row = yearbook_row(t, "", "……………………");
		for (size_t k = 0; k < blank->column_count; k++)
			row[k] = yearbook_by_hand();
	}
}

static const struct blank incidents = {"B7", YB_B7, YB_KIND,
    {{"received", YB_RECEIVED}, {"supported", YB_SUPPORTED},
        {"supported_percent", YB_SUPPORTED_PERCENT}, {"to_111", YB_TO_111},
        {"to_police", YB_TO_POLICE}, {"to_care", YB_TO_CARE}, {"open", YB_OPEN}},
    7, 3};
static const struct blank training = {"B9", YB_B9, YB_B9,
    {{"events", YB_EVENTS}, {"pupils", YB_PUPILS_REACHED},
        {"teachers", YB_TEACHERS_REACHED}, {"parents", YB_PARENTS_REACHED}},
    4, 3};

static void fill_assessment(struct yearbook *book)
{
	const struct {
		const char *key;
		enum yearbook_word label;
	} rows[] = {{"results", YB_RESULTS}, {"difficulties", YB_DIFFICULTIES},
	    {"proposals", YB_PROPOSALS}};
	struct yearbook_table *t = yearbook_table(book, "B12", word(book, YB_B12), "");

	t->prose = true;
	yearbook_column(t, "text", word(book, YB_VALUE));
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		yearbook_row(t, rows[i].key, word(book, rows[i].label))[0] =
		    yearbook_by_hand();
}

void yearly_fill(const struct yearly *y, struct yearbook *book)
{
	fill_head(y, book);
	fill_operation(y, book);
	yearly_fill_blocked(y, book);
	fill_reviews(y, book);
	fill_blank(book, &incidents);
	yearbook_note(book->tables[book->table_count - 1],
	    book->language == YEARBOOK_EN ? "Filled in by hand; it names nobody."
	                                  : "Ghi tay; không nêu tên bất kỳ ai.");
	fill_blank(book, &training);
	yearly_fill_policy(y, book);
	fill_assessment(book);
}
