/* B1 and B2: who is connected, and how the filters run; and the annex that names schools. */
#include "district/reports_tables.h"

#include <string.h>

#include "district/words.h"

enum {
	ANNEX_ROWS = 1000,
	FAILURE_ROWS = 10,
	DAY_S = 86400
};

const char *reports_word(const struct yearbook *book, enum yearbook_word word)
{
	return yearbook_word(book->language, word);
}

static enum language language_of_book(const struct yearbook *book)
{
	return book->language == YEARBOOK_EN ? LANGUAGE_EN : LANGUAGE_VI;
}

const char *reports_tier(const struct yearbook *book, const char *tier)
{
	return term_of(TERM_TIER, tier, language_of_book(book));
}

const char *reports_category(const struct yearbook *book, const char *category)
{
	return term_of(TERM_CATEGORY, category, language_of_book(book));
}

/* Schools stand by name in the annex alone: rows are for what is above them. */
static bool has_row(const struct tree_node *node)
{
	return !node->sends || node->child_count > 0;
}

/* ---- B1 ---- */

static struct yearbook_cell pupils_of(struct reports_schools schools)
{
	struct yearbook_cell cell = yearbook_number(schools.pupils);

	if (schools.connected > 0 && schools.pupils_unknown == schools.connected)
		return yearbook_by_hand();
	return cell;
}

static void put_schools(struct yearbook_cell *row, struct reports_schools schools)
{
	row[0] = yearbook_number(schools.schools);
	row[1] = yearbook_number(schools.connected);
	row[2] = yearbook_percent(schools.connected, schools.schools);
	row[3] = yearbook_number(schools.regular);
	row[4] = yearbook_percent(schools.regular, schools.schools);
	row[5] = pupils_of(schools);
}

static void add_kinds(
    const struct reports_data *data, struct yearbook *book, struct yearbook_table *table)
{
	static const char *const kinds[] = {"preschool", "primary", "lower_secondary",
	    "upper_secondary", "continuing_education"};

	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		struct reports_schools schools =
		    reports_schools_of(data, data->request->top, kinds[i]);
		if (schools.schools > 0)
			put_schools(
			    yearbook_row(table, kinds[i], reports_tier(book, kinds[i])),
			    schools);
	}
}

void reports_fill_deployment(const struct reports_data *data, struct yearbook *book)
{
	const struct tree *tree = data->request->tree;
	const struct manual_sum *pupils = &data->manual.values[manual_find("b1.pupils")];
	bool english = book->language == YEARBOOK_EN;
	struct yearbook_table *t = yearbook_table(
	    book, "B1", reports_word(book, YB_B1), reports_word(book, YB_LEVEL_UNIT));

	yearbook_column(t, "schools", reports_word(book, YB_SCHOOLS));
	yearbook_column(t, "connected", reports_word(book, YB_CONNECTED));
	yearbook_column(t, "coverage_percent", reports_word(book, YB_COVERAGE));
	yearbook_column(t, "regular", reports_word(book, YB_REGULAR));
	yearbook_column(t, "regular_percent", reports_word(book, YB_REGULAR_SHARE));
	yearbook_column(t, "pupils", reports_word(book, YB_PUPILS));
	struct yearbook_cell *total =
	    yearbook_row_total(t, "total", reports_word(book, YB_TOTAL));
	put_schools(total, reports_schools_of(data, data->request->top, NULL));
	if (pupils->has)
		total[5] = yearbook_number(pupils->number);
	add_kinds(data, book, t);
	for (uint32_t i = 0; i < data->child_count; i++) {
		const struct tree_node *child = tree_node(tree, data->child_first + i);
		if (has_row(child))
			put_schools(yearbook_row(t, child->unit, child->name),
			    reports_schools_of(data, data->child_first + i, NULL));
	}
	yearbook_note(t,
	    english
	        ? "Connected: sent figures for one day at least. Due are Mondays to Fridays "
	          "of the terms that are no holidays. A school of several levels counts in "
	          "each of them."
	        : "Đã kết nối: gửi số liệu của ít nhất một ngày. Ngày phải gửi là thứ Hai "
	          "đến thứ Sáu trong năm học, trừ ngày nghỉ. Trường có nhiều cấp học được "
	          "tính ở từng cấp.");
	if (data->below != NULL &&
	    reports_schools_of(data, data->request->top, NULL).pupils_unknown > 0)
		yearbook_note(t,
		    english
		        ? "Pupils: only of connected schools whose number is known."
		        : "Học sinh: chỉ gồm các trường đã kết nối và đã biết số học sinh.");
}

/* ---- B2 ---- */

static void put_operation(const struct counts *counts, size_t group,
    struct reports_schools schools, struct yearbook_cell *row)
{
	uint64_t days = counts_sum(counts, group, COUNTS_TOTAL, SUM_DAYS);
	uint64_t uptime = counts_sum(counts, group, COUNTS_TOTAL, SUM_UPTIME_S);
	uint64_t stale = counts_sum(counts, group, COUNTS_TOTAL, SUM_STALE_DAYS);

	row[0] = yearbook_number(days);
	row[5] = yearbook_number(schools.silent);
	if (days == 0)
		return;
	row[1] = yearbook_percent(uptime, days * DAY_S);
	row[2] = yearbook_hours(uptime / days);
	row[3] = yearbook_hours(counts_sum(counts, group, COUNTS_TOTAL, SUM_UNFILTERED_S));
	row[4] = yearbook_percent(days - (stale < days ? stale : days), days);
}

static void add_failures(const struct reports_data *data, struct yearbook *book)
{
	const struct counts_failure *all;
	size_t count = counts_failures(data->months, 0, COUNTS_TOTAL, &all);
	struct yearbook_table *t = yearbook_table(
	    book, "B2b", reports_word(book, YB_FAILURES), reports_word(book, YB_FAILURE));
	bool taken[256] = {false};

	yearbook_column(t, "count", reports_word(book, YB_TIMES));
	yearbook_column(t, "days", reports_word(book, YB_SCHOOL_DAYS));
	count = count < COUNT_OF(taken) ? count : COUNT_OF(taken);
	for (size_t row = 0; row < FAILURE_ROWS; row++) {
		size_t best = count;
		for (size_t i = 0; i < count; i++)
			if (!taken[i] && (best == count || all[i].days > all[best].days))
				best = i;
		if (best == count)
			break;
		taken[best] = true;
		struct yearbook_cell *cells = yearbook_row(t, all[best].type,
		    term_of(TERM_FAILURE, all[best].type, language_of_book(book)));
		cells[0] = yearbook_number(all[best].count);
		cells[1] = yearbook_number(all[best].days);
	}
}

void reports_fill_operation(const struct reports_data *data, struct yearbook *book)
{
	const struct tree *tree = data->request->tree;
	bool english = book->language == YEARBOOK_EN;
	struct yearbook_table *t = yearbook_table(
	    book, "B2", reports_word(book, YB_B2), reports_word(book, YB_UNIT));

	yearbook_column(t, "school_days", reports_word(book, YB_SCHOOL_DAYS));
	yearbook_column(t, "uptime_percent", reports_word(book, YB_UPTIME));
	yearbook_column(t, "uptime_hours_day", reports_word(book, YB_UPTIME_DAY));
	yearbook_column(t, "unfiltered_hours", reports_word(book, YB_UNFILTERED));
	yearbook_column(t, "fresh_percent", reports_word(book, YB_FRESH));
	yearbook_column(t, "silent", reports_word(book, YB_SILENT));
	put_operation(data->months, COUNTS_TOTAL,
	    reports_schools_of(data, data->request->top, NULL),
	    yearbook_row_total(t, "total", reports_word(book, YB_TOTAL)));
	for (uint32_t i = 0; data->parts != NULL && i < data->child_count; i++) {
		const struct tree_node *child = tree_node(tree, data->child_first + i);
		if (has_row(child))
			put_operation(data->parts, i,
			    reports_schools_of(data, data->child_first + i, NULL),
			    yearbook_row(t, child->unit, child->name));
	}
	yearbook_note(t,
	    english
	        ? "School-days: days for which a school sent figures. Uptime is of the 24 "
	          "hours of these days: a school that switches its gateway off at night "
	          "stays below 100 %. Silent: connected schools that sent nothing in the "
	          "last 7 days of the period, days without school not counted."
	        : "Ngày-trường: số ngày có số liệu của từng trường, cộng lại. Thời gian hoạt "
	          "động tính trên 24 giờ của các ngày đó, nên trường tắt máy ban đêm sẽ thấp "
	          "hơn 100 %. Im lặng: trường đã kết nối nhưng quá 7 ngày cuối kỳ không gửi, "
	          "không tính ngày nghỉ.");
	add_failures(data, book);
}

/* ---- the annex ---- */

static const char *state_of(
    const struct yearbook *book, const struct reports_schools *school)
{
	bool english = book->language == YEARBOOK_EN;

	if (school->connected == 0)
		return english ? "not connected" : "chưa kết nối";
	if (school->silent != 0)
		return english ? "silent" : "im lặng";
	return school->regular != 0 ? "" : english ? "irregular" : "gửi không đều";
}

void reports_fill_annex(const struct reports_data *data, struct yearbook *book)
{
	const struct tree *tree = data->request->tree;
	bool english = book->language == YEARBOOK_EN;
	size_t left_out = 0;
	struct yearbook_table *t = yearbook_table(book, "PL",
	    english ? "Annex: schools to look after" : "Phụ lục: các trường cần theo dõi",
	    english ? "School" : "Trường");

	t->annex = true;
	yearbook_column(t, "unit", reports_word(book, YB_UNIT));
	yearbook_column(t, "state", english ? "State" : "Tình trạng");
	yearbook_column(t, "reported", reports_word(book, YB_DAYS_REPORTED));
	yearbook_column(t, "due", reports_word(book, YB_DAYS_DUE));
	for (size_t i = 0; i < tree_count(tree); i++) {
		const struct reports_schools *school = &data->of_node[i];
		const struct tree_node *node = tree_node(tree, (uint32_t)i);
		const char *state = state_of(book, school);
		if (school->schools == 0 || *state == 0 ||
		    !tree_is_below(tree, (uint32_t)i, data->request->top))
			continue;
		if (t->row_count >= ANNEX_ROWS) {
			left_out++;
			continue;
		}
		struct yearbook_cell *row = yearbook_row(t, node->unit, node->name);
		row[0] = yearbook_words(book, node->unit);
		row[1] = yearbook_words(book, state);
		row[2] = yearbook_number(school->met_days);
		row[3] = yearbook_number(school->due_days);
	}
	if (left_out > 0)
		yearbook_note(t,
		    yearbook_printf(book,
		        english
		            ? "%zu more are not shown: take the report of a smaller part."
		            : "Còn %zu trường không liệt kê: xem báo cáo của từng đơn vị.",
		        left_out));
}
