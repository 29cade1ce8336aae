/* What became of it: a code in, the answer out. */
#include <string.h>

#include "page/field.h"
#include "page/sheet.h"

enum {
	CODE_TYPED_MAX = 40 /* with blanks and dashes, however they are put */
};

/* Codes outlive the visit of who answers: they are read whoever is here. */
static bool holds(struct standing standing, bool desk_is_there)
{
	(void)standing;
	return desk_is_there;
}

static bool check(struct sheet *s, const struct occasion *o)
{
	(void)o;
	if (sheet_typed(s, "code").len > CODE_TYPED_MAX) {
		sheet_note_mistake(s, "code", "review_answer", "unknown_code");
	} else {
		sheet_need(s, "code");
	}
	return s->mistake_count == 0;
}

static json_t *question(const struct sheet *s, const struct occasion *o)
{
	struct slice code = sheet_typed(s, "code");

	(void)o;
	return json_pack("{s:s,s:s%}", "command", "answer", "code", code.ptr, code.len);
}

static bool heard(struct sheet *s, const json_t *answer)
{
	sheet_copy(s->kind, sizeof s->kind, answer, "kind");
	sheet_copy(s->state, sizeof s->state, answer, "state");
	sheet_copy(s->note, sizeof s->note, answer, "note");
	s->until_s = json_integer_value(json_object_get(answer, "until_s"));
	if (strcmp(s->kind, "unknown") != 0)
		return s->kind[0] != 0;
	sheet_note_mistake(s, "code", "review_answer", "unknown_code");
	s->stage = SHEET_FILL;
	s->trouble = SHEET_MISTAKEN;
	return true;
}

static void write_form(const struct sheet *s, struct view *v)
{
	const struct field code = {
	    .name = "code",
	    .label = view_pair(v, "review_answer", "code"),
	    .error = sheet_error(s, v, "code"),
	    .value = sheet_typed(s, "code"),
	    .attributes = " autocomplete=\"off\" autocapitalize=\"characters\" "
	                  "spellcheck=\"false\"",
	    .max_chars = CODE_TYPED_MAX,
	    .required = true,
	};

	view_element(v, "<p>", view_pair(v, "review_answer", "intro"), "</p>");
	field_begin_form(v, s->form->path, s->token);
	field_line(v, &code, "text");
	field_end_form(v, view_pair(v, "review_answer", "show"));
}

/* The line of a state; an unknown one waits. */
static const char *line_of(const struct sheet *s)
{
	static const char *const known[] = {
	    "opened", "opened_until", "ended", "not_opened", "replied"};

	for (size_t i = 0; i < COUNT_OF(known); i++) {
		if (strcmp(s->state, known[i]) == 0)
			return known[i];
	}
	return "waiting";
}

static void write_done(const struct sheet *s, struct view *v)
{
	const char *line = line_of(s);

	view_raw(v, "<div role=\"status\">");
	if (!view_element(
	        v, "<p class=\"heed\">", view_pair(v, "review_answer", line), "</p>"))
		view_element(v, "<p class=\"heed\">",
		    view_pair(v, "review_answer", "opened"),
		    "</p>"); /* until when is not known */
	view_element(v, "<p>",
	    view_pair(
	        v, "review_answer", strcmp(s->kind, "report") == 0 ? "note_team" : "note"),
	    "</p>");
	if (strcmp(line, "not_opened") == 0)
		view_element(
		    v, "<p>", view_pair(v, "review_answer", "not_opened_next"), "</p>");
	view_raw(v, "</div>");
	sheet_write_link(v, s->form->path, view_pair(v, "review_answer", "another"));
}

const struct sheet_form sheet_answer = {
    .path = "/lachan/answer",
    .section = "review_answer",
    .holds = holds,
    .check = check,
    .question = question,
    .heard = heard,
    .write = write_form,
    .write_done = write_done,
};
