/* The form for what people enter by hand, and who saved what before. */
#include "district/reports_pages.h"

#include <stdio.h>
#include <string.h>

#include "base/html.h"
#include "district/audit_book.h"
#include "district/district.h"
#include "district/format.h"
#include "district/reports_asking.h"
#include "district/reports_tables.h"
#include "district/web_link.h"
#include "kit/log.h"

/* ---- the form ---- */

static void put_hidden_period(
    struct call *c, struct page *p, const struct reports_asking *asking)
{
	const struct period *period = &asking->period;
	char text[DAY_TEXT_BYTES];
	char number[16];

	(void)c;
	page_hidden(p, "kind", period_kind_word(period->kind));
	page_hidden(p, "unit", asking->unit);
	if (period->kind == PERIOD_ANY) {
		day_write(text, period_day_number(period->from));
		page_hidden(p, "from", text);
		day_write(text, period_day_number(period->to));
		page_hidden(p, "to", text);
		return;
	}
	(void)snprintf(number, sizeof number, "%u", period->year);
	page_hidden(p, "year", number);
	(void)snprintf(number, sizeof number, "%u", period->half);
	page_hidden(p, "half", number);
}

static void put_number(struct page *p, const struct manual_field *field,
    const struct manual_value *value, const char *label)
{
	page_raw(p,
	    "<input type=\"text\" inputmode=\"numeric\" pattern=\"[0-9]*\" size=\"6\" "
	    "maxlength=\"9\" autocomplete=\"off\"");
	page_attribute(p, "name", field->id);
	if (label != NULL)
		page_attribute(p, "aria-label", label);
	if (value->has)
		buf_printf(p->out, " value=\"%llu\"", (unsigned long long)value->number);
	page_raw(p, ">");
}

/* Escaping makes blanks of line ends; these are the writer's own. */
static void put_lines(struct page *p, const char *text)
{
	struct slice rest = slice_of(text);

	for (bool first = true; rest.ptr != NULL; first = false) {
		struct slice line = slice_cut(&rest, '\n');
		page_raw(p, first ? "" : "\n");
		html_escape(p->out, slice_trim(line));
	}
}

static void put_field(
    struct page *p, const struct manual_field *field, const struct manual_value *value)
{
	page_raw(p, "<label class=\"field\"><span>");
	page_text(p, yearbook_word(reports_language(p), field->label));
	page_raw(p, "</span>");
	if (field->kind == MANUAL_TEXT) {
		page_raw(p, "<textarea rows=\"4\"");
		page_attribute(p, "name", field->id);
		buf_printf(p->out, " maxlength=\"%d\">", MANUAL_TEXT_MAX);
		put_lines(p, value->has ? value->text : "");
		page_raw(p, "</textarea>");
	} else {
		put_number(p, field, value, NULL);
	}
	page_raw(p, "</label>\n");
}

/* Incidents stand in a grid: a row a kind, a column what became of them. Their fields follow
 * each other by kinds, each with the same columns. */
static size_t put_incidents(
    struct page *p, const struct manual_field *fields, const struct manual_value *values)
{
	enum {
		COLUMNS = 6
	};
	enum yearbook_language language = reports_language(p);
	struct page_column columns[1 + COLUMNS] = {
	    {COLUMN_TEXT, WORD_NONE, yearbook_word(language, YB_KIND)}};

	for (size_t k = 0; k < COLUMNS; k++)
		columns[1 + k] = (struct page_column){
		    COLUMN_NUMBER, WORD_NONE, yearbook_word(language, fields[k].label)};
	page_table_open(p,
	    &(struct page_table){.caption = yearbook_word(language, YB_B7),
	        .columns = columns,
	        .count = COUNT_OF(columns)});
	for (size_t i = 0; i < MANUAL_INCIDENTS; i++) {
		page_row_open(p);
		page_cell_head(
		    p, NULL, term_of(TERM_INCIDENT, manual_incident(i), p->language));
		for (size_t k = 0; k < COLUMNS; k++) {
			page_cell_open(p, COLUMN_NUMBER);
			put_number(p, &fields[i * COLUMNS + k], &values[i * COLUMNS + k],
			    columns[1 + k].text);
			page_cell_close(p);
		}
		page_row_close(p);
	}
	page_table_close(p);
	return (size_t)MANUAL_INCIDENTS * COLUMNS;
}

static enum yearbook_word title_of(const char *table)
{
	static const struct {
		const char *id;
		enum yearbook_word title;
	} titles[] = {{"B1", YB_B1}, {"B6", YB_B6}, {"B7", YB_B7}, {"B8", YB_B8},
	    {"B9", YB_B9}, {"B10", YB_B10}, {"B11", YB_B11}, {"B12", YB_B12}};

	for (size_t i = 0; i < COUNT_OF(titles); i++)
		if (strcmp(titles[i].id, table) == 0)
			return titles[i].title;
	return YB_B12;
}

static void put_form(struct call *c, struct page *p, const struct reports_asking *asking,
    const struct manual_entry *entry)
{
	size_t count;
	const struct manual_field *fields = manual_fields(&count);
	const char *table = "";

	page_post_open(p, "/reports/entries");
	put_hidden_period(c, p, asking);
	page_hidden(p, "seen", entry->id);
	for (size_t i = 0; i < count; i++) {
		if (strcmp(table, fields[i].table) != 0) {
			table = fields[i].table;
			page_raw(p, "<h2>");
			page_text(p, table);
			page_raw(p, ". ");
			page_text(p, yearbook_word(reports_language(p), title_of(table)));
			page_raw(p, "</h2>\n");
		}
		if (strcmp(table, "B7") == 0)
			i += put_incidents(p, &fields[i], &entry->values[i]) - 1;
		else
			put_field(p, &fields[i], &entry->values[i]);
	}
	page_button(p, NULL, NULL, WORD_REPORTS_SAVE);
	page_form_close(p);
}

static bool put_saved(void *context, const struct manual_saved *saved)
{
	struct page *p = context;

	page_row_open(p);
	page_cell_time(p, saved->made_s);
	page_cell_text(p, saved->by);
	page_row_close(p);
	return true;
}

static enum err put_history(
    struct call *c, struct page *p, const struct reports_asking *asking)
{
	static const struct page_column columns[] = {
	    {COLUMN_TEXT, WORD_REPORTS_WHEN, NULL}, {COLUMN_TEXT, WORD_REPORTS_BY, NULL}};

	page_heading(p, 2, NULL, WORD_REPORTS_HISTORY);
	page_table_open(p,
	    &(struct page_table){.caption = word_of(WORD_REPORTS_HISTORY, p->language),
	        .columns = columns,
	        .count = COUNT_OF(columns),
	        .id = "history"});
	enum err rc = manual_history(c->store, asking->unit, &asking->period, put_saved, p);
	page_table_close(p);
	return rc;
}

/* The unit's name, or the department's; NULL: there is no such unit. */
static const char *unit_name(
    struct call *c, const struct page *p, const struct reports_asking *asking)
{
	struct tree *tree = NULL;
	const char *name = NULL;

	if (*asking->unit == 0)
		return word_of(WORD_UNIT_WHOLE, p->language);
	if (web_tree(c, reports_tree_day(&asking->period, asking->today), &tree) != OK)
		return NULL;
	uint32_t node = tree_find(tree, asking->unit);
	/* A unit that was merged has no entries of its own any more. */
	if (node != TREE_NONE && strcmp(tree_node(tree, node)->unit, asking->unit) == 0)
		name = arena_text(c->memory, slice_of(tree_node(tree, node)->name));
	tree_release(tree);
	return name;
}

static void show_entry(struct call *c, struct page *p, const struct reports_asking *asking,
    struct manual_entry *entry)
{
	const char *name = unit_name(c, p, asking);

	if (name == NULL) {
		web_refuse(c, p, 404, WORD_MISSING_TITLE, WORD_MISSING_UNIT);
		return;
	}
	enum err rc = manual_entry_read(c->store, asking->unit, &asking->period, entry);
	if (rc != OK) {
		web_fail(c, p, rc);
		return;
	}
	web_open(p, WORD_REPORTS_ENTRIES);
	if (*web_query(c, "saved") != 0)
		page_paragraph(p, "note", WORD_REPORTS_SAVED, NULL);
	page_raw(p, "<p><strong>");
	page_text(p, name);
	page_raw(p, "</strong> · ");
	page_link(p, reports_link(c, "", asking), reports_asking_title(c, p, asking));
	page_raw(p, "</p>\n");
	page_paragraph(p, NULL, WORD_REPORTS_ENTRIES_INTRO, NULL);
	put_form(c, p, asking, entry);
	rc = put_history(c, p, asking);
	if (rc == OK)
		web_finish(c, p);
	else
		web_fail(c, p, rc);
}

void reports_page_entry(struct call *c)
{
	struct reports_asking asking;
	struct manual_entry entry;
	struct page p;

	if (!web_enter(c, SECTION_REPORTS, &p))
		return;
	if (!web_may_change(&p)) {
		web_refuse(c, &p, 403, WORD_REFUSED_TITLE, WORD_REFUSED_ROLE);
		return;
	}
	if (!reports_asking_query(c, web_query(c, "kind"), &asking)) {
		web_refuse(c, &p, 400, WORD_WRONG_TITLE, WORD_REPORTS_WRONG);
		return;
	}
	manual_entry_init(&entry);
	show_entry(c, &p, &asking, &entry);
	manual_entry_deinit(&entry);
}

/* ---- saving ---- */

/* The field that could not be read, or NULL. */
static const struct manual_field *read_form(struct call *c, struct manual_entry *entry)
{
	size_t count;
	const struct manual_field *fields = manual_fields(&count);
	struct diag why;

	for (size_t i = 0; i < count; i++) {
		const char *written = call_form(c, fields[i].id);
		if (manual_entry_set(entry, i, written != NULL ? written : "", &why) != OK)
			return &fields[i];
	}
	return NULL;
}

static void refuse_field(struct call *c, struct page *p, const struct manual_field *field)
{
	const char *const values[] = {
	    yearbook_word(reports_language(p), field->label), NULL};

	web_open(p, WORD_WRONG_TITLE);
	page_paragraph(p, "warning", WORD_REPORTS_WRONG_FIELD, values);
	web_finish_with(c, p, 422);
}

/* Who entered something for whom; never what. */
static void record(struct call *c, const struct reports_asking *asking, const char *by)
{
	const struct audit_entry entry = {.actor = by,
	    .action = "report-entry",
	    .scope = *asking->unit != 0 ? asking->unit : "all",
	    .detail = period_kind_word(asking->period.kind)};
	struct diag why = {.text = ""};

	enum err rc = audit_book_write(c->district->state_dir, c->now.wall_s, &entry, &why);
	if (rc != OK)
		log_error("reports", "the record cannot be written: %s",
		    why.text[0] != 0 ? why.text : err_text(rc));
}

static void save_entry(struct call *c, struct page *p, const struct reports_asking *asking,
    const struct manual_entry *entry)
{
	const char *seen = call_form(c, "seen");
	const struct manual_save save = {.unit = asking->unit,
	    .period = &asking->period,
	    .by = p->user != NULL && !p->demo ? p->user : "demo",
	    .seen = seen != NULL ? seen : "",
	    .now_s = c->now.wall_s};

	enum err rc = manual_entry_save(c->store, &save, entry);
	if (rc == ERR_EXISTS) {
		web_refuse(c, p, 409, WORD_WRONG_TITLE, WORD_REPORTS_MEANWHILE);
	} else if (rc != OK) {
		web_fail(c, p, rc);
	} else {
		record(c, asking, save.by);
		struct buf where = BUF_INIT(4096);
		buf_printf(&where, "%s&saved=1", reports_entry_link(c, asking));
		call_redirect(c, buf_cstr(&where));
		buf_deinit(&where);
	}
}

void reports_page_save(struct call *c)
{
	struct reports_asking asking;
	struct manual_entry entry;
	struct page p;

	if (!web_enter_to_change(c, SECTION_REPORTS, &p))
		return;
	if (!reports_asking_form(c, &asking)) {
		web_refuse(c, &p, 400, WORD_WRONG_TITLE, WORD_REPORTS_WRONG);
		return;
	}
	if (unit_name(c, &p, &asking) == NULL) {
		web_refuse(c, &p, 404, WORD_MISSING_TITLE, WORD_MISSING_UNIT);
		return;
	}
	manual_entry_init(&entry);
	const struct manual_field *wrong = read_form(c, &entry);
	if (wrong != NULL)
		refuse_field(c, &p, wrong);
	else
		save_entry(c, &p, &asking, &entry);
	manual_entry_deinit(&entry);
}
