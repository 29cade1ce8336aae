/* "Please open this page": a name and a reason; the pupil gets a code. */
#include "page/field.h"
#include "page/sheet.h"

static bool holds(struct standing standing, bool desk_is_there)
{
	(void)desk_is_there;
	return standing.review;
}

static bool check(struct sheet *s, const struct occasion *o)
{
	(void)o;
	if (s->name[0] == 0)
		sheet_note_mistake(s, "name", "forms",
		    sheet_typed(s, "name").len == 0 ? "missing" : "bad_site");
	return s->mistake_count == 0;
}

static json_t *question(const struct sheet *s, const struct occasion *o)
{
	struct slice reason = sheet_typed(s, "reason");

	return json_pack("{s:s,s:s,s:s%,s:s}", "command", "review-send", "name", s->name,
	    "reason", reason.ptr, reason.len, "tier", sheet_tier(o));
}

static bool heard(struct sheet *s, const json_t *answer)
{
	sheet_copy(s->code, sizeof s->code, answer, "code");
	return s->code[0] != 0;
}

/* What was told in a report of a wrong block goes on here (sheet_report.c). */
static struct slice reason_of(const struct sheet *s)
{
	struct slice reason = sheet_typed(s, "reason");

	return reason.len > 0 ? reason : sheet_typed(s, "what");
}

static void write_form(const struct sheet *s, struct view *v)
{
	const struct field reason = {
	    .name = "reason",
	    .label = view_pair(v, "review_form", "reason"),
	    .value = reason_of(s),
	    .max_chars = SHEET_LONG_CHARS,
	};

	if (sheet_typed(s, "kind").len > 0)
		view_element(v, "<p class=\"heed\" role=\"status\">",
		    view_pair(v, "report_form", "to_review"), "</p>");
	view_element(v, "<p>", view_pair(v, "review_form", "intro"), "</p>");
	if (s->name_kept)
		view_element(v, "<p>", view_pair(v, "review_form", "this_site"), "</p>");
	field_begin_form(v, s->form->path, s->token);
	sheet_write_site(s, v, view_pair(v, "review_form", "site"));
	field_area(v, &reason);
	field_end_form(v, view_pair(v, "review_form", "send"));
}

const struct sheet_form sheet_review = {
    .path = "/lachan/review",
    .section = "review_form",
    .holds = holds,
    .check = check,
    .question = question,
    .heard = heard,
    .write = write_form,
    .write_done = sheet_write_code,
};
