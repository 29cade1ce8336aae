/* report: the school's own report, to be signed, or for a spreadsheet or a program. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/words.h"
#include "kit/print_pdf.h"
#include "lachanctl/ctl.h"
#include "lachanctl/yearly/book.h"

enum {
	REPORT_MAX = 8 * 1024 * 1024,
	FILE_MODE = 0640
};

enum form {
	FORM_HTML,
	FORM_CSV,
	FORM_JSON,
	FORM_PDF
};

struct wanted {
	enum form form;
	const char *path; /* "-": standard output */
};

static enum ctl_status say_usage(const struct ctl *c)
{
	return ctl_usage(c,
	    "report [--period annual|school-year|half-year|FROM..TO] [--year Y] "
	    "[--html FILE | --csv FILE | --pdf FILE | --json [FILE]] [--language vi|en]");
}

/* One form, and one alone. `--json FILE`: the file is a word like another. */
static bool read_form(const struct ctl *c, struct wanted *out)
{
	const struct {
		enum form form;
		const char *path;
	} given[] = {{FORM_HTML, c->html}, {FORM_CSV, c->csv}, {FORM_PDF, c->pdf},
	    {FORM_JSON,
	        !c->json           ? NULL
	            : c->argc == 1 ? c->argv[0]
	                           : "-"}};
	size_t count = 0;

	for (size_t i = 0; i < COUNT_OF(given); i++) {
		if (given[i].path == NULL)
			continue;
		*out = (struct wanted){given[i].form, given[i].path};
		count++;
	}
	return count == 1 && c->argc <= (c->json ? 1 : 0);
}

static uint32_t local_day(void)
{
	time_t now = time(NULL);
	struct tm tm;

	if (localtime_r(&now, &tm) == NULL)
		return 19700101;
	return (uint32_t)((tm.tm_year + 1900) * 10000 + (tm.tm_mon + 1) * 100 + tm.tm_mday);
}

static bool read_year(const char *text, uint32_t *out)
{
	uint64_t year;

	if (!slice_to_u64(slice_of(text), 9997, &year) || year < 1971)
		return false;
	*out = (uint32_t)year;
	return true;
}

static enum ctl_status read_period(const struct ctl *c, struct yearly *y)
{
	const struct period_dates dates = PERIOD_DATES_DEFAULT;
	const char *word = c->period != NULL ? c->period : "school-year";
	struct period_wish wish = {.kind = PERIOD_SCHOOL_YEAR, .today = y->today};

	if (c->year != NULL && !read_year(c->year, &wish.year))
		return ctl_fail(
		    c, CTL_USAGE, _("--year %s: write a year, as 2026"), c->year);
	if (period_kind_read(word, &wish.kind)) {
		if (period_find(&y->period, &dates, &wish))
			return CTL_DONE;
	} else if (c->year == NULL && period_read(word, &y->period)) {
		return CTL_DONE;
	}
	return ctl_fail(c, CTL_USAGE,
	    _("--period %s: write annual, school-year, half-year or days, as "
	      "2026-09-01..2026-12-31"),
	    word);
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
		break;
	}
	return yearbook_html(book, YEARBOOK_STYLE_INSIDE, NULL, NULL, out);
}

static enum ctl_status put_file(const struct ctl *c, const char *path, struct slice content)
{
	if (strcmp(path, "-") == 0) {
		return fwrite(content.ptr, 1, content.len, stdout) == content.len
		    ? CTL_DONE
		    : ctl_fail(c, CTL_FAILED, "%s", strerror(errno));
	}
	if (file_write_atomic(path, content, FILE_MODE) != OK)
		return ctl_fail(c, CTL_FAILED, "%s: %s", path, strerror(errno));
	return CTL_DONE;
}

static enum ctl_status write_report(
    const struct ctl *c, const struct yearbook *book, const struct wanted *wanted)
{
	struct buf out = BUF_INIT(REPORT_MAX);
	struct buf pdf = BUF_INIT(PRINT_PDF_MAX_BYTES);
	struct diag why = {.text = ""};
	enum ctl_status status = CTL_DONE;

	enum err rc = write_form(book, wanted->form, &out);
	if (rc != OK)
		diag_set(&why, "%s", _(err_text(rc)));
	if (rc == OK && wanted->form == FORM_PDF)
		rc = print_pdf(buf_slice(&out), &pdf, &why);
	if (rc != OK)
		status = ctl_fail(c, CTL_FAILED, "%s", why.text);
	else
		status = put_file(
		    c, wanted->path, buf_slice(wanted->form == FORM_PDF ? &pdf : &out));
	buf_deinit(&pdf);
	buf_deinit(&out);
	return status;
}

static void say_done(const struct yearly *y, const struct wanted *wanted)
{
	if (strcmp(wanted->path, "-") == 0)
		return;
	printf(
	    _("%s: the figures of %llu days and %llu weeks that this school published.\n"),
	    wanted->path, (unsigned long long)y->now.days,
	    (unsigned long long)y->now.weeks);
	if (wanted->form == FORM_HTML)
		puts(
		    _("Open it in a browser, fill in what is by hand, print it, sign it."));
}

enum ctl_status command_report(struct ctl *c)
{
	struct yearly y = {.config = c->config, .today = local_day()};
	struct yearbook book;
	struct wanted wanted = {.path = NULL};
	struct diag why = {.text = ""};

	if (!read_form(c, &wanted))
		return say_usage(c);
	if (c->config == NULL)
		return ctl_fail(c, CTL_FAILED, "%s",
		    _("the documents stand where the configuration says; say which: lachanctl "
		      "-c FILE report"));
	enum ctl_status status = read_period(c, &y);
	if (status != CTL_DONE)
		return status;
	if (yearly_read(&y, &why) != OK) {
		yearly_deinit(&y);
		return ctl_fail(c, CTL_FAILED, "%s", why.text);
	}
	yearbook_init(&book, c->english ? YEARBOOK_EN : YEARBOOK_VI);
	yearly_fill(&y, &book);
	status = write_report(c, &book, &wanted);
	if (status == CTL_DONE)
		say_done(&y, &wanted);
	yearbook_deinit(&book);
	yearly_deinit(&y);
	return status;
}
