#include "district/reports.h"

#include "district/reports_tables.h"

int32_t reports_tree_day(const struct period *period, uint32_t today)
{
	return period_day_number(period->to < today ? period->to : today);
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

static void fill_recipients(const struct district_config *config, struct yearbook *book)
{
	static const char *const usual[][2] = {
	    {"UBND tỉnh, thành phố", "The provincial People's Committee"},
	    {"Bộ chủ quản", "The ministry in charge"}, {"Lưu: Văn thư", "Records"}};
	const struct conf_texts *written = &config->reports.recipients;

	for (size_t i = 0; i < written->count; i++)
		yearbook_line(book, &book->recipients, written->items[i].text);
	for (size_t i = 0; written->count == 0 && i < COUNT_OF(usual); i++)
		yearbook_line(book, &book->recipients,
		    usual[i][book->language == YEARBOOK_EN ? 1 : 0]);
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
	book->place = yearbook_text(book, config->reports.place.text);
	book->signer = yearbook_text(book,
	    *config->reports.signer.text != 0 ? config->reports.signer.text
	        : english                     ? "HEAD OF THE DEPARTMENT"
	                                      : "THỦ TRƯỞNG CƠ QUAN");
	for (size_t i = 0; i < config->reports.legal.count; i++)
		yearbook_line(book, &book->legal, config->reports.legal.items[i].text);
	fill_recipients(config, book);
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
