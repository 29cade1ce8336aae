/* B6 to B12: what people wrote, beside what is known without them. */
#include "district/reports_tables.h"

#include <stdio.h>
#include <string.h>

#include "district/words.h"

enum {
	FEW = 5 /* below the department, cases stand in steps of this */
};

static const struct manual_sum *value_of(const struct reports_data *data, const char *field)
{
	return &data->manual.values[manual_find(field)];
}

static struct yearbook_cell number_of(const struct reports_data *data, const char *field)
{
	const struct manual_sum *value = value_of(data, field);

	return value->has ? yearbook_number(value->number) : yearbook_by_hand();
}

/* A number of cases. Below the whole department it is rounded down to a step, so that
 * neither it nor its difference to another report's is about one child. */
static struct yearbook_cell cases_of(const struct reports_data *data, uint64_t cases)
{
	if (data->whole)
		return yearbook_number(cases);
	return yearbook_at_least(cases / FEW * FEW);
}

static void say_parts(const struct reports_data *data, struct yearbook_table *t)
{
	size_t count;
	const struct manual_field *fields = manual_fields(&count);

	for (size_t i = 0; i < count; i++) {
		if (strcmp(fields[i].table, t->id) != 0 || !data->manual.values[i].of_parts)
			continue;
		yearbook_note(t,
		    t->book->language == YEARBOOK_EN
		        ? "Not all units have entered their figures: the sum is of those that "
		          "have."
		        : "Chưa đủ số liệu nhập tay của mọi đơn vị: tổng chỉ gồm các đơn vị đã "
		          "nhập.");
		return;
	}
}

/* ---- B6 ---- */

static void fill_reviews(const struct reports_data *data, struct yearbook *book)
{
	uint64_t requests =
	    counts_sum(data->months, COUNTS_TOTAL, COUNTS_TOTAL, SUM_REVIEWS);
	uint64_t answered =
	    counts_sum(data->months, COUNTS_TOTAL, COUNTS_TOTAL, SUM_REVIEWS_ANSWERED);
	const struct manual_sum *median = value_of(data, "b6.median_hours");
	struct yearbook_table *t = yearbook_table(
	    book, "B6", reports_word(book, YB_B6), reports_word(book, YB_INDICATOR));

	yearbook_column(t, "value", reports_word(book, YB_VALUE));
	yearbook_row(t, "requests", reports_word(book, YB_REQUESTS))[0] =
	    yearbook_at_least(requests);
	yearbook_row(t, "answered_percent", reports_word(book, YB_ANSWERED))[0] =
	    yearbook_percent(answered, requests);
	yearbook_row(t, "median_hours", reports_word(book, YB_MEDIAN))[0] =
	    median->has ? yearbook_hours(median->number * 3600) : yearbook_by_hand();
	yearbook_row(t, "granted", reports_word(book, YB_GRANTED))[0] =
	    number_of(data, "b6.granted");
	yearbook_note(t,
	    book->language == YEARBOOK_EN
	        ? "Documents tell requests a day in bands, fewer than ten as “0–9”: the sum of "
	          "the bands' lower ends is at least what there was; what was answered is "
	          "known of the days above. Median and granted are entered by hand."
	        : "Bản số liệu chỉ ghi số đề nghị mỗi ngày theo khoảng, dưới mười ghi “0–9”: "
	          "tổng các cận dưới là mức ít nhất; tỷ lệ trả lời chỉ tính các ngày trên mức "
	          "đó. Thời gian trung vị và số được mở do đơn vị nhập.");
	say_parts(data, t);
}

/* ---- B7 ---- */

static const struct {
	const char *part, *key;
	enum yearbook_word label;
} case_columns[] = {
    {"received", "received", YB_RECEIVED},
    {"supported", "supported", YB_SUPPORTED},
    {NULL, "supported_percent", YB_SUPPORTED_PERCENT},
    {"to_111", "to_111", YB_TO_111},
    {"to_police", "to_police", YB_TO_POLICE},
    {"to_care", "to_care", YB_TO_CARE},
    {"open", "open", YB_OPEN},
};
enum {
	CASE_COLUMNS = COUNT_OF(case_columns),
	COLUMN_RECEIVED = 0,
	COLUMN_SUPPORTED = 1,
	COLUMN_PERCENT = 2
};

/* The share is of exact numbers, so it stands in the whole department's report alone. */
static void put_share(const struct reports_data *data, struct yearbook_cell *row,
    const uint64_t numbers[CASE_COLUMNS])
{
	if (data->whole && row[COLUMN_RECEIVED].kind == YEARBOOK_NUMBER &&
	    row[COLUMN_SUPPORTED].kind == YEARBOOK_NUMBER)
		row[COLUMN_PERCENT] =
		    yearbook_percent(numbers[COLUMN_SUPPORTED], numbers[COLUMN_RECEIVED]);
}

struct case_totals {
	uint64_t numbers[CASE_COLUMNS];
	bool has[CASE_COLUMNS];
};

static void add_incident(const struct reports_data *data, struct yearbook_table *t,
    const char *kind, struct case_totals *totals)
{
	enum language language =
	    t->book->language == YEARBOOK_EN ? LANGUAGE_EN : LANGUAGE_VI;
	struct yearbook_cell *row =
	    yearbook_row(t, kind, term_of(TERM_INCIDENT, kind, language));
	uint64_t numbers[CASE_COLUMNS] = {0};
	char field[64];

	for (size_t k = 0; k < CASE_COLUMNS; k++) {
		if (case_columns[k].part == NULL)
			continue;
		(void)snprintf(field, sizeof field, "b7.%s.%s", kind, case_columns[k].part);
		const struct manual_sum *value = value_of(data, field);
		row[k] = value->has ? cases_of(data, value->number) : yearbook_by_hand();
		numbers[k] = value->number;
		/* Of the steps that are shown, so that the total tells no more than they do. */
		totals->numbers[k] +=
		    data->whole ? value->number : value->number / FEW * FEW;
		totals->has[k] |= value->has;
	}
	put_share(data, row, numbers);
}

static void fill_incidents(const struct reports_data *data, struct yearbook *book)
{
	struct case_totals totals = {.numbers = {0}};
	struct yearbook_table *t = yearbook_table(
	    book, "B7", reports_word(book, YB_B7), reports_word(book, YB_KIND));

	for (size_t k = 0; k < CASE_COLUMNS; k++)
		yearbook_column(
		    t, case_columns[k].key, reports_word(book, case_columns[k].label));
	for (size_t i = 0; i < MANUAL_INCIDENTS; i++)
		add_incident(data, t, manual_incident(i), &totals);
	struct yearbook_cell *row =
	    yearbook_row_total(t, "total", reports_word(book, YB_TOTAL));
	for (size_t k = 0; k < CASE_COLUMNS; k++)
		if (totals.has[k])
			row[k] = cases_of(data, totals.numbers[k]);
	put_share(data, row, totals.numbers);
	yearbook_note(t,
	    data->whole
	        ? (book->language == YEARBOOK_EN
	                  ? "Entered by hand; names nobody."
	                  : "Số liệu nhập tay; không nêu tên bất kỳ ai.")
	        : (book->language == YEARBOOK_EN
	                  ? "Entered by hand; names nobody. Below the whole department "
	                    "numbers are rounded down to multiples of five."
	                  : "Số liệu nhập tay; không nêu tên bất kỳ ai. Dưới cấp toàn "
	                    "ngành, số được làm tròn xuống bội của 5."));
	say_parts(data, t);
}

/* ---- B8 ---- */

static void fill_quick(const struct reports_data *data, struct yearbook *book)
{
	const struct manual_sum *recipient = value_of(data, "b8.recipient");
	struct yearbook_table *t = yearbook_table(
	    book, "B8", reports_word(book, YB_B8), reports_word(book, YB_INDICATOR));
	bool english = book->language == YEARBOOK_EN;

	yearbook_column(t, "value", reports_word(book, YB_VALUE));
	yearbook_row(t, "received", reports_word(book, YB_QUICK))[0] =
	    cases_of(data, data->quick.received);
	struct yearbook_cell *in_time =
	    yearbook_row(t, "in_time_percent", reports_word(book, YB_WITHIN_DAY));
	if (data->whole)
		in_time[0] = yearbook_percent(data->quick.in_time, data->quick.received);
	yearbook_row(t, "recipient", reports_word(book, YB_RECIPIENT))[0] = yearbook_words(
	    book, recipient->text != NULL ? recipient->text : book->organization);
	yearbook_note(t,
	    english
	        ? "Reports that came here through the system, by the day of the incident. "
	          "They hold days and no times, so “within 24 hours” is read as “by the day "
	          "after”."
	        : "Báo cáo nhận qua hệ thống, tính theo ngày xảy ra vụ việc. Báo cáo chỉ ghi "
	          "ngày, không ghi giờ, nên “trong 24 giờ” được hiểu là chậm nhất ngày hôm "
	          "sau.");
}

/* ---- B9 to B11 ---- */

/* Each field of the table a row: what it says, and the number. */
static struct yearbook_table *fill_numbers(const struct reports_data *data,
    struct yearbook *book, const char *id, enum yearbook_word title)
{
	size_t count;
	const struct manual_field *fields = manual_fields(&count);
	struct yearbook_table *t = yearbook_table(
	    book, id, reports_word(book, title), reports_word(book, YB_INDICATOR));

	yearbook_column(t, "value", reports_word(book, YB_VALUE));
	for (size_t i = 0; i < count; i++) {
		if (strcmp(fields[i].table, id) != 0)
			continue;
		yearbook_row(t, strchr(fields[i].id, '.') + 1,
		    reports_word(book, fields[i].label))[0] = number_of(data, fields[i].id);
	}
	return t;
}

static struct yearbook_cell share_of_schools(
    const struct reports_data *data, const char *field)
{
	const struct manual_sum *value = value_of(data, field);

	return value->has ? yearbook_percent(value->number,
	                        reports_schools_of(data, data->request->top, NULL).schools)
	                  : yearbook_by_hand();
}

static void fill_training(const struct reports_data *data, struct yearbook *book)
{
	struct yearbook_table *t = fill_numbers(data, book, "B9", YB_B9);

	yearbook_row(t, "held_percent", reports_word(book, YB_HELD))[0] =
	    share_of_schools(data, "b9.schools_held");
	yearbook_row(
	    t, "extracurricular_percent", reports_word(book, YB_EXTRACURRICULAR))[0] =
	    share_of_schools(data, "b9.schools_extracurricular");
	say_parts(data, t);
}

/* Counted when the program was built, from the list that ships with it. */
static void fill_platforms(const struct reports_data *data, struct yearbook *book)
{
	struct yearbook_table *t = yearbook_table(
	    book, "B11", reports_word(book, YB_B11), reports_word(book, YB_INDICATOR));

	yearbook_column(t, "value", reports_word(book, YB_VALUE));
	yearbook_row(t, "never_block", reports_word(book, YB_NEVER_BLOCK))[0] =
	    yearbook_number(REPORTS_NEVER_BLOCK_VN);
	yearbook_row(t, "never_block_all", reports_word(book, YB_NEVER_BLOCK_ALL))[0] =
	    yearbook_number(REPORTS_NEVER_BLOCK);
	yearbook_row(t, "wrong_blocks", reports_word(book, YB_WRONG_BLOCKS))[0] =
	    number_of(data, "b11.wrong_blocks");
	yearbook_note(t,
	    book->language == YEARBOOK_EN
	        ? "Names of the list that ships with this program; .vn names stand for "
	          "Vietnamese platforms. Schools add their own. Incidents are entered by hand."
	        : "Số tên trong danh sách kèm theo chương trình; tên miền .vn được coi là nền "
	          "tảng Việt Nam. Trường có thể bổ sung. Số lỗi do đơn vị nhập.");
	say_parts(data, t);
}

/* ---- B12 ---- */

static void fill_assessment(const struct reports_data *data, struct yearbook *book)
{
	size_t count;
	const struct manual_field *fields = manual_fields(&count);
	struct yearbook_table *t =
	    yearbook_table(book, "B12", reports_word(book, YB_B12), "");

	t->prose = true;
	yearbook_column(t, "text", reports_word(book, YB_VALUE));
	for (size_t i = 0; i < count; i++) {
		if (strcmp(fields[i].table, "B12") != 0)
			continue;
		const struct manual_sum *value = &data->manual.values[i];
		yearbook_row(t, strchr(fields[i].id, '.') + 1,
		    reports_word(book, fields[i].label))[0] =
		    value->has ? yearbook_words(book, value->text) : yearbook_by_hand();
	}
}

void reports_fill_by_hand(const struct reports_data *data, struct yearbook *book)
{
	fill_reviews(data, book);
	fill_incidents(data, book);
	fill_quick(data, book);
	fill_training(data, book);
	say_parts(data, fill_numbers(data, book, "B10", YB_B10));
	fill_platforms(data, book);
	fill_assessment(data, book);
}
