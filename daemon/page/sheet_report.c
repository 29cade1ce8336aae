/* "This happened to me": no name is asked, nothing has to be filled in but something. */
#include <string.h>

#include "page/field.h"
#include "page/sheet.h"

static const char wrong_block[] = "wrong_block";

static bool holds(struct standing standing, bool desk_is_there)
{
	(void)desk_is_there;
	return standing.report;
}

static const struct yaml_node *find_kinds(const struct texts *texts)
{
	return yaml_find(texts_section(texts, "report_form"), "kinds");
}

/* The id of the kind that was chosen; "other" when none was. */
static const char *kind_of(const struct sheet *s, const struct texts *texts)
{
	const struct yaml_node *kinds = find_kinds(texts);

	for (size_t i = 0; kinds != NULL && i < kinds->count; i++) {
		const char *id = yaml_text(&kinds->items[i], "id", "");
		if (slice_equal(sheet_typed(s, "kind"), slice_of(id)))
			return id;
	}
	return "other";
}

/* A page that is needed for a lesson is not a case for the counselling team: the same words
 * go on to a review, where somebody reads those. */
static void turn_to_review(struct sheet *s)
{
	struct name_buf name;

	s->form = &sheet_review;
	s->name_kept = false;
	s->name[0] = 0;
	if (sheet_read_site(&name, sheet_typed(s, "where")))
		name_to_text(s->name, name_of(&name));
}

static bool check(struct sheet *s, const struct occasion *o)
{
	if (strcmp(kind_of(s, o->texts), wrong_block) == 0 && o->standing.review) {
		turn_to_review(s);
		return false;
	}
	if (sheet_typed(s, "kind").len == 0 && sheet_typed(s, "where").len == 0 &&
	    sheet_typed(s, "what").len == 0 && sheet_typed(s, "contact").len == 0)
		sheet_note_mistake(s, "kind", "report_form", "empty");
	return s->mistake_count == 0;
}

static json_t *question(const struct sheet *s, const struct occasion *o)
{
	struct slice where = sheet_typed(s, "where"), what = sheet_typed(s, "what"),
	             contact = sheet_typed(s, "contact");

	return json_pack("{s:s,s:s,s:s%,s:s%,s:s%,s:s}", "command", "report-send", "kind",
	    kind_of(s, o->texts), "where", where.ptr, where.len, "what", what.ptr, what.len,
	    "contact", contact.ptr, contact.len, "tier", sheet_tier(o));
}

static bool heard(struct sheet *s, const json_t *answer)
{
	sheet_copy(s->code, sizeof s->code, answer, "code");
	return s->code[0] != 0;
}

static void write_kinds(const struct sheet *s, struct view *v)
{
	const struct yaml_node *kinds = find_kinds(v->texts);
	const struct field f = {
	    .name = "kind",
	    .label = view_pair(v, "report_form", "kind"),
	    .error = sheet_error(s, v, "kind"),
	    .value = sheet_typed(s, "kind"),
	};

	field_begin_choice(v, &f);
	for (size_t i = 0; kinds != NULL && i < kinds->count; i++)
		field_choice(
		    v, &f, yaml_text(&kinds->items[i], "id", ""), &kinds->items[i]);
	field_end_choice(v);
}

static void write_form(const struct sheet *s, struct view *v)
{
	const struct field where = {
	    .name = "where",
	    .label = view_pair(v, "report_form", "where"),
	    .value = sheet_typed(s, "where"),
	    .attributes =
	        " autocomplete=\"off\" autocapitalize=\"none\" spellcheck=\"false\"",
	    .max_chars = SHEET_SITE_CHARS,
	};
	const struct field what = {
	    .name = "what",
	    .label = view_pair(v, "report_form", "what"),
	    .value = sheet_typed(s, "what"),
	    .max_chars = SHEET_TALE_CHARS,
	};
	const struct field contact = {
	    .name = "contact",
	    .label = view_pair(v, "report_form", "contact"),
	    .value = sheet_typed(s, "contact"),
	    .attributes = " autocomplete=\"off\"",
	    .max_chars = SHEET_SHORT_CHARS,
	};

	view_element(v, "<p>", view_pair(v, "report_form", "intro"), "</p>");
	view_element(v, "<p>", view_pair(v, "report_form", "who_reads"), "</p>");
	field_begin_form(v, s->form->path, s->token);
	write_kinds(s, v);
	field_line(v, &where, "text");
	field_area(v, &what);
	field_line(v, &contact, "text");
	field_end_form(v, view_pair(v, "report_form", "send"));
}

const struct sheet_form sheet_report = {
    .path = "/lachan/report",
    .section = "report_form",
    .holds = holds,
    .check = check,
    .question = question,
    .heard = heard,
    .write = write_form,
    .write_done = sheet_write_code,
};
