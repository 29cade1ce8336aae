/* `lachan-district report …`: a report to a file, and entries from the command line. */
#include "district/reports_command.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/words.h"
#include "district/admin.h"
#include "district/reports.h"
#include "district/reports_manual.h"
#include "kit/print_pdf.h"

enum {
	REPORT_MAX = 64 * 1024 * 1024,
	FILE_MODE = 0640
};

enum form {
	FORM_HTML,
	FORM_CSV,
	FORM_JSON,
	FORM_PDF,
	FORMS
};

/* What was asked for on the command line. */
struct wanted {
	struct period period;
	const char *unit; /* NULL: the whole department */
	enum yearbook_language language;
	enum form form;
	const char *path; /* "-": standard output */
};

static uint32_t today_of(const struct command *c)
{
	return period_day_of(admin_today(c));
}

static bool read_number(const char *text, uint64_t least, uint64_t most, uint32_t *out)
{
	uint64_t value;

	if (!slice_to_u64(slice_of(text), most, &value) || value < least)
		return false;
	*out = (uint32_t)value;
	return true;
}

/* `kind` with --year and --half, or FROM..TO. */
static int take_period(struct command *c, const char *kind, struct period *out)
{
	const struct period_dates dates = reports_dates(c->config);
	struct period_wish wish = {.today = today_of(c)};
	const char *year = NULL;
	const char *half = NULL;

	if (!admin_take_value(c, "--year", &year) || !admin_take_value(c, "--half", &half))
		return ADMIN_USAGE;
	if (year != NULL && !read_number(year, 1971, 9997, &wish.year))
		return admin_fail(_("--year %s: write a year, as 2026"), year);
	if (half != NULL && !read_number(half, 1, 2, &wish.half))
		return admin_fail(_("--half %s: write 1 or 2"), half);
	if (period_kind_read(kind, &wish.kind)) {
		if (period_find(out, &dates, &wish))
			return ADMIN_DONE;
	} else if (year == NULL && half == NULL && period_read(kind, out)) {
		return ADMIN_DONE;
	}
	return admin_fail(_("%s: write annual, school-year, half-year or days, as "
	                    "2026-09-01..2026-12-31"),
	    kind);
}

static bool take_form(struct command *c, struct wanted *out)
{
	static const char *const options[FORMS] = {"--html", "--csv", "--json", "--pdf"};
	int count = 0;

	for (int form = 0; form < FORMS; form++) {
		const char *path = NULL;
		if (!admin_take_value(c, options[form], &path))
			return false;
		if (path == NULL)
			continue;
		out->form = (enum form)form;
		out->path = path;
		count++;
	}
	return count == 1;
}

static bool take_language(struct command *c, enum yearbook_language *out)
{
	const struct district_languages *ours = &c->config->department.languages;
	const char *word = NULL;

	*out = ours->count > 0 && ours->items[0] == LANGUAGE_EN ? YEARBOOK_EN : YEARBOOK_VI;
	if (!admin_take_value(c, "--lang", &word))
		return false;
	if (word != NULL)
		*out = strcmp(word, "en") == 0 ? YEARBOOK_EN : YEARBOOK_VI;
	return word == NULL || strcmp(word, "en") == 0 || strcmp(word, "vi") == 0;
}

static enum err write_form(const struct yearbook *book, enum form form, struct buf *out)
{
	switch (form) {
	case FORM_CSV:
		return yearbook_csv(book, out);
	case FORM_JSON:
		return yearbook_json(book, out);
	case FORM_HTML:
	case FORM_PDF:
	case FORMS:
		break;
	}
	return yearbook_html(book, YEARBOOK_STYLE_INSIDE, NULL, NULL, out);
}

static int put_out(
    const struct command *c, const struct wanted *wanted, struct slice content)
{
	struct diag why = {.text = ""};

	if (strcmp(wanted->path, "-") == 0) {
		enum err rc = fd_write_all(STDOUT_FILENO, content);
		return rc == OK ? ADMIN_DONE : admin_fail("%s", err_text(rc));
	}
	enum err rc = command_write_file(c, wanted->path, content, FILE_MODE, &why);
	if (rc != OK)
		return admin_fail_why(&why, rc);
	(void)printf("%s\n", wanted->path);
	return ADMIN_DONE;
}

/* The browser is the person's affair, as the file is. */
static int print_out(
    const struct command *c, const struct wanted *wanted, struct slice html)
{
	struct buf pdf = BUF_INIT(PRINT_PDF_MAX_BYTES);
	struct diag why = {.text = ""};

	enum err rc = command_as_person(c);
	if (rc == OK)
		rc = print_pdf(html, &pdf, &why);
	enum err back = command_as_user(c);
	if (rc == OK)
		rc = back;
	int status =
	    rc == OK ? put_out(c, wanted, buf_slice(&pdf)) : admin_fail_why(&why, rc);
	buf_deinit(&pdf);
	return status;
}

static int write_report(
    const struct command *c, const struct wanted *wanted, const struct yearbook *book)
{
	struct buf out = BUF_INIT(REPORT_MAX);
	int status;

	enum err rc = write_form(book, wanted->form, &out);
	if (rc != OK)
		status = admin_fail("%s", err_text(rc));
	else if (wanted->form == FORM_PDF)
		status = print_out(c, wanted, buf_slice(&out));
	else
		status = put_out(c, wanted, buf_slice(&out));
	buf_deinit(&out);
	return status;
}

static int make_report(
    const struct command *c, struct store *store, const struct wanted *wanted)
{
	struct reports_request request = {.config = c->config,
	    .store = store,
	    .top = TREE_NONE,
	    .period = wanted->period,
	    .today = today_of(c),
	    .language = wanted->language};
	struct yearbook book;
	int status = ADMIN_DONE;

	enum err rc = tree_load(
	    store, reports_tree_day(&wanted->period, request.today), &request.tree);
	if (rc != OK)
		return admin_fail_store(store, rc);
	if (wanted->unit != NULL) {
		request.top = tree_find(request.tree, wanted->unit);
		if (request.top == TREE_NONE)
			status = admin_fail(
			    _("%s is no unit that is known on that day"), wanted->unit);
	}
	if (status == ADMIN_DONE) {
		yearbook_init(&book, wanted->language);
		rc = reports_make(&request, &book);
		status =
		    rc == OK ? write_report(c, wanted, &book) : admin_fail_store(store, rc);
		yearbook_deinit(&book);
	}
	tree_release(request.tree);
	return status;
}

static int report_due(struct command *c)
{
	struct reports_due next = reports_next_due(c->config, today_of(c));
	char due[16];
	char from[16];
	char to[16];

	if (c->argc != 1 || next.days < 0)
		return c->argc != 1 ? ADMIN_USAGE : ADMIN_FAILED;
	yearbook_day_text(due, next.due);
	yearbook_day_text(from, next.period.from);
	yearbook_day_text(to, next.period.to);
	(void)printf(_("The annual report of %s to %s is due on %s, in %d days.\n"), from,
	    to, due, (int)next.days);
	return ADMIN_DONE;
}

/* ---- entries ---- */

static void drop_first(struct command *c, int count)
{
	c->argc -= count;
	c->argv += count;
}

static bool show_saved(void *context, const struct manual_saved *saved)
{
	char at[ADMIN_TIME_BYTES];

	(void)context;
	admin_time_text(at, saved->made_s);
	(void)printf("%s  %s  %s  %s\n", at, saved->period,
	    *saved->unit != 0 ? saved->unit : "-", saved->by);
	return true;
}

static void show_entry(const struct manual_entry *entry)
{
	size_t count;
	const struct manual_field *fields = manual_fields(&count);

	for (size_t i = 0; i < count; i++) {
		if (!entry->values[i].has)
			(void)printf("%s=\n", fields[i].id);
		else if (fields[i].kind == MANUAL_TEXT)
			(void)printf("%s=%s\n", fields[i].id, entry->values[i].text);
		else
			(void)printf("%s=%llu\n", fields[i].id,
			    (unsigned long long)entry->values[i].number);
	}
}

static int set_fields(struct command *c, struct manual_entry *entry)
{
	struct diag why = {.text = ""};

	for (int i = 0; i < c->argc; i++) {
		char field[64];
		struct slice rest = slice_of(c->argv[i]);
		struct slice name = slice_cut(&rest, '=');
		size_t index = SIZE_MAX;
		if (rest.ptr != NULL && name.len < sizeof field) {
			memcpy(field, name.ptr, name.len);
			field[name.len] = 0;
			index = manual_find(field);
		}
		if (index == SIZE_MAX)
			return admin_fail(
			    _("%s: write FIELD=VALUE; `report entry show` lists the fields"),
			    c->argv[i]);
		if (manual_entry_set(entry, index, (const char *)rest.ptr, &why) != OK)
			return admin_fail("%s: %s", field, why.text);
	}
	return ADMIN_DONE;
}

/* The words of `entry show` and `entry set` behind the options. */
struct entry_place {
	struct store *store;
	struct period period;
	const char *unit; /* "" the department */
};

static bool unit_is_known(struct store *store, const char *unit)
{
	uint32_t number;

	return *unit == 0 || store_unit_number(store, unit, &number) == OK;
}

static int set_entry(
    struct command *c, const struct entry_place *place, struct manual_entry *entry)
{
	char by[32];
	const struct manual_save save = {.unit = place->unit,
	    .period = &place->period,
	    .by = by,
	    .seen = entry->id,
	    .now_s = c->now.wall_s};

	/* As the record names who runs a command. */
	(void)snprintf(by, sizeof by, "uid:%u", (unsigned)c->caller_uid);
	int status = set_fields(c, entry);
	if (status != ADMIN_DONE)
		return status;
	enum err rc = manual_entry_save(place->store, &save, entry);
	if (rc == ERR_EXISTS)
		return admin_fail(_("somebody else saved meanwhile; do it again"));
	if (rc != OK)
		return admin_fail_store(place->store, rc);
	admin_record(c, "report-entry", *place->unit != 0 ? place->unit : "-", "%s",
	    period_kind_word(place->period.kind));
	return ADMIN_DONE;
}

static int work_on_entry(struct command *c, bool set, const struct entry_place *place)
{
	struct manual_entry entry;

	if (!unit_is_known(place->store, place->unit))
		return admin_fail(_("%s is no unit that is known"), place->unit);
	manual_entry_init(&entry);
	enum err rc = manual_entry_read(place->store, place->unit, &place->period, &entry);
	int status = rc == OK ? ADMIN_DONE : admin_fail_store(place->store, rc);
	if (status == ADMIN_DONE && set)
		status = set_entry(c, place, &entry);
	else if (status == ADMIN_DONE)
		show_entry(&entry);
	manual_entry_deinit(&entry);
	return status;
}

static int list_entries(struct command *c)
{
	struct store *store = NULL;
	const char *unit = NULL;

	if (!admin_take_value(c, "--unit", &unit) || c->argc != 0)
		return ADMIN_USAGE;
	if (!admin_open(c, &store))
		return ADMIN_FAILED;
	enum err rc = manual_history(store, unit, NULL, show_saved, NULL);
	int status = rc == OK ? ADMIN_DONE : admin_fail_store(store, rc);
	store_close(store);
	return status;
}

static int report_entry(struct command *c)
{
	struct entry_place place = {.unit = ""};

	drop_first(c, 1);
	if (c->argc == 0)
		return ADMIN_USAGE;
	bool set = strcmp(c->argv[0], "set") == 0;
	bool list = strcmp(c->argv[0], "list") == 0;
	if (!set && !list && strcmp(c->argv[0], "show") != 0)
		return ADMIN_USAGE;
	drop_first(c, 1);
	if (list)
		return list_entries(c);
	if (c->argc == 0 || !admin_take_value(c, "--unit", &place.unit))
		return ADMIN_USAGE;
	int status = take_period(c, c->argv[0], &place.period);
	if (status != ADMIN_DONE)
		return status;
	drop_first(c, 1);
	if (admin_has_options(c) || (set ? c->argc == 0 : c->argc != 0))
		return ADMIN_USAGE;
	if (!admin_open(c, &place.store))
		return ADMIN_FAILED;
	status = work_on_entry(c, set, &place);
	store_close(place.store);
	return status;
}

int reports_command(struct command *c)
{
	struct wanted wanted = {.path = NULL};
	struct store *store = NULL;

	if (c->argc > 0 && strcmp(c->argv[0], "entry") == 0)
		return report_entry(c);
	if (c->argc > 0 && strcmp(c->argv[0], "due") == 0)
		return report_due(c);
	if (!take_form(c, &wanted) || !take_language(c, &wanted.language) ||
	    !admin_take_value(c, "--unit", &wanted.unit) || c->argc == 0)
		return ADMIN_USAGE;
	int status = take_period(c, c->argv[0], &wanted.period);
	if (status != ADMIN_DONE)
		return status;
	if (c->argc != 1)
		return ADMIN_USAGE;
	if (!admin_open(c, &store))
		return ADMIN_FAILED;
	status = make_report(c, store, &wanted);
	store_close(store);
	return status;
}
