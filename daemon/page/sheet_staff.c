/* "This device is staff's until the evening", and its end. */
#include "page/field.h"
#include "page/sheet.h"

static bool holds(struct standing standing, bool desk_is_there)
{
	(void)desk_is_there;
	return standing.teacher;
}

static bool check(struct sheet *s, const struct occasion *o)
{
	(void)o;
	return s->mistake_count == 0;
}

static bool is_end(const struct sheet *s)
{
	return slice_equal(sheet_typed(s, "end"), SLICE_LIT("yes"));
}

static json_t *question(const struct sheet *s, const struct occasion *o)
{
	(void)o;
	return json_pack("{s:s,s:s,s:s,s:b}", "command", "staff", "token", s->session,
	    "client", s->client, "end", is_end(s) ? 1 : 0);
}

static bool heard(struct sheet *s, const json_t *answer)
{
	s->until_s = json_integer_value(json_object_get(answer, "until_s"));
	return is_end(s) || s->until_s > 0;
}

/* One button, with what it needs hidden. */
static void write_button(const struct sheet *s, struct view *v, bool end, const char *label)
{
	field_begin_form(v, s->form->path, s->token);
	sheet_write_session(s, v);
	if (end)
		field_hidden(v, "end", SLICE_LIT("yes"));
	field_end_form(v, view_pair(v, "staff_form", label));
}

static bool is_on(const struct view *v)
{
	const struct verdict_answer *answer = v->occasion->answer;

	return answer != NULL && answer->staff_until_s > v->occasion->now_s;
}

static void write_form(const struct sheet *s, struct view *v)
{
	view_element(v, "<p>", view_pair(v, "staff_form", "intro"), "</p>");
	view_element(
	    v, "<p class=\"heed\">", view_pair(v, "staff_form", "warning"), "</p>");
	write_button(s, v, false, "submit");
	if (is_on(v))
		write_button(s, v, true, "end_now");
}

static void write_done(const struct sheet *s, struct view *v)
{
	view_element(v, "<p class=\"heed\" role=\"status\">",
	    view_pair(v, "staff_form", is_end(s) ? "ended" : "done"), "</p>");
	view_element(v, "<p>", view_pair(v, "open_form", "wait"), "</p>");
	if (!is_end(s))
		write_button(s, v, true, "end_now");
}

const struct sheet_form sheet_staff = {
    .path = "/lachan/staff",
    .section = "staff_form",
    .staff = true,
    .roles = sheet_teachers,
    .holds = holds,
    .check = check,
    .question = question,
    .heard = heard,
    .write = write_form,
    .write_done = write_done,
};
