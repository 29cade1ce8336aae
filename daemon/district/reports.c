#include "district/reports.h"

#include "district/reports_tables.h"

static uint32_t month_day(struct district_month_day day)
{
	return (uint32_t)day.month * 100 + day.day;
}

struct period_dates reports_dates(const struct district_config *config)
{
	return (struct period_dates){
	    .annual_from = month_day(config->reports.annual.from),
	    .annual_to = month_day(config->reports.annual.to),
	    .school_from = month_day(config->reports.school_year.from),
	    .school_to = month_day(config->reports.school_year.to),
	};
}

int32_t reports_tree_day(const struct period *period, uint32_t today)
{
	return period_day_number(period->to < today ? period->to : today);
}

/* The due day of the year in which the period ends; of the year after where that would be
 * more than half a year before its end. */
static uint32_t due_of(const struct district_config *config, const struct period *period)
{
	uint32_t due = period->to / 10000 * 10000 + month_day(config->reports.annual.due);

	/* Due in January for a period that ends in December. */
	if (period_day_number(period->to) - period_day_number(due) > 180)
		due += 10000;
	return due;
}

struct reports_due reports_next_due(const struct district_config *config, uint32_t today)
{
	const struct period_dates dates = reports_dates(config);
	struct period_wish wish = {.kind = PERIOD_ANNUAL, .year = today / 10000 - 1};
	struct reports_due next = {.days = -1};

	for (int tries = 0; tries < 4; tries++, wish.year++) {
		if (!period_find(&next.period, &dates, &wish))
			continue;
		next.due = due_of(config, &next.period);
		next.days = period_day_number(next.due) - period_day_number(today);
		if (next.days >= 0)
			return next;
	}
	next.days = -1;
	return next;
}

static void fill_notes(const struct reports_data *data, struct yearbook *book)
{
	const struct reports_request *request = data->request;
	bool english = book->language == YEARBOOK_EN;
	char last[16];

	if (data->until <= period_day_number(request->period.to)) {
		yearbook_day_text(last, period_day_of(data->until - 1));
		yearbook_line(book, &book->notes,
		    yearbook_printf(book,
		        english
		            ? "The period is not over: figures up to %s, compared with as many "
		              "days a year before."
		            : "Kỳ báo cáo chưa kết thúc: số liệu đến hết %s, so sánh với cùng số "
		              "ngày của năm trước.",
		        last));
	}
	if (counts_incomplete(data->months) || counts_incomplete(data->before))
		yearbook_line(book, &book->notes,
		    english
		        ? "Some days are no longer kept by day and are missing from the sums."
		        : "Một số ngày không còn lưu chi tiết nên thiếu trong các tổng.");
}

static void fill_head(const struct reports_data *data, struct yearbook *book)
{
	const struct reports_request *request = data->request;
	const struct district_config *config = request->config;
	bool english = book->language == YEARBOOK_EN;
	char day[16];

	book->kind = period_kind_word(request->period.kind);
	book->title = period_title(book, &request->period);
	book->organization = yearbook_text(book,
	    *config->department.name.text != 0 ? config->department.name.text
	        : english                      ? "Department: ………………"
	                                       : "Cơ quan: ………………");
	book->from = request->period.from;
	book->to = request->period.to;
	book->made = request->today;
	if (request->top != TREE_NONE)
		book->scope =
		    yearbook_text(book, tree_node(request->tree, request->top)->name);
	book->units = reports_schools_of(data, request->top, NULL).schools;
	yearbook_day_text(day, period_day_of(tree_day(request->tree)));
	book->tree = yearbook_printf(book, "%s (%s %llu)", day,
	    english ? "revision" : "lần sửa", (unsigned long long)data->tree_revision);
	book->signer = english ? "HEAD OF THE DEPARTMENT" : "THỦ TRƯỞNG CƠ QUAN";
	for (size_t i = 0; i < config->reports.legal.count && i < YEARBOOK_LINES; i++)
		yearbook_line(book, &book->legal, config->reports.legal.items[i].text);
	yearbook_line(book, &book->recipients,
	    english ? "The provincial People's Committee" : "UBND tỉnh, thành phố");
	yearbook_line(
	    book, &book->recipients, english ? "The ministry in charge" : "Bộ chủ quản");
	yearbook_line(book, &book->recipients, english ? "Records" : "Lưu: Văn thư");
	fill_notes(data, book);
}

enum err reports_make(const struct reports_request *request, struct yearbook *book)
{
	struct reports_data data;

	enum err rc = reports_data_read(request, &data);
	if (rc == OK) {
		fill_head(&data, book);
		reports_fill_deployment(&data, book);
		reports_fill_operation(&data, book);
		reports_fill_blocked(&data, book);
		reports_fill_trend(&data, book);
		reports_fill_leading(&data, book);
		reports_fill_by_hand(&data, book);
		reports_fill_annex(&data, book);
	}
	reports_data_free(&data);
	return rc;
}
