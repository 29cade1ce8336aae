/* A teacher opens a name for a room, for pages.teacher_open. */
#include "page/field.h"
#include "page/sheet.h"

const char *const sheet_teachers[] = {"teacher", "admin", NULL};

static bool holds(struct standing standing, bool desk_is_there)
{
	(void)desk_is_there;
	return standing.teacher;
}

static bool is_group(const struct config *config, struct slice name)
{
	for (size_t i = 0; i < config->filter.groups.count; i++) {
		if (slice_equal(name, slice_of(config->filter.groups.items[i].name.text)))
			return true;
	}
	return false;
}

static bool check(struct sheet *s, const struct occasion *o)
{
	if (s->name[0] == 0)
		sheet_note_mistake(s, "name", "forms",
		    sheet_typed(s, "name").len == 0 ? "missing" : "bad_site");
	if (!is_group(o->config, sheet_typed(s, "group")))
		sheet_note_mistake(s, "group", "forms", "choose");
	return s->mistake_count == 0;
}

static json_t *question(const struct sheet *s, const struct occasion *o)
{
	struct slice group = sheet_typed(s, "group"), reason = sheet_typed(s, "reason");

	(void)o;
	return json_pack("{s:s,s:s,s:s,s:s,s:s%,s:s%}", "command", "open", "token",
	    s->session, "client", s->client, "name", s->name, "group", group.ptr, group.len,
	    "reason", reason.ptr, reason.len);
}

static bool heard(struct sheet *s, const json_t *answer)
{
	s->until_s = json_integer_value(json_object_get(answer, "until_s"));
	return s->until_s > 0;
}

/* What was chosen; else the room this device stands in; else the only one. */
static struct slice group_of(const struct sheet *s, const struct view *v)
{
	const struct config_groups *groups = &v->occasion->config->filter.groups;
	struct slice typed = sheet_typed(s, "group");

	if (typed.len > 0)
		return typed;
	if (v->occasion->answer != NULL && v->occasion->answer->group[0] != 0)
		return slice_of(v->occasion->answer->group);
	return groups->count == 1 ? slice_of(groups->items[0].name.text) : SLICE_LIT("");
}

static void write_groups(const struct sheet *s, struct view *v)
{
	const struct config_groups *groups = &v->occasion->config->filter.groups;
	const struct field f = {
	    .name = "group",
	    .label = view_pair(v, "open_form", "group"),
	    .error = sheet_error(s, v, "group"),
	    .value = group_of(s, v),
	    .required = true,
	};

	field_begin_list(v, &f, view_pair(v, "forms", "choose"));
	for (size_t i = 0; i < groups->count; i++)
		field_item(v, &f, groups->items[i].name.text, groups->items[i].name.text);
	field_end_list(v);
}

static void write_form(const struct sheet *s, struct view *v)
{
	const struct field reason = {
	    .name = "reason",
	    .label = view_pair(v, "open_form", "reason"),
	    .value = sheet_typed(s, "reason"),
	    .attributes = " autocomplete=\"off\"",
	    .max_chars = SHEET_SHORT_CHARS,
	};

	if (v->occasion->config->filter.groups.count == 0) {
		view_element(v, "<p class=\"heed\">",
		    view_pair(v, "open_form", "no_groups"), "</p>");
		return;
	}
	field_begin_form(v, s->form->path, s->token);
	sheet_write_session(s, v);
	sheet_write_site(s, v, view_pair(v, "open_form", "site"));
	write_groups(s, v);
	field_line(v, &reason, "text");
	view_element(v, "<p>", view_pair(v, "open_form", "minutes"), "</p>");
	field_end_form(v, view_pair(v, "open_form", "submit"));
}

static void write_done(const struct sheet *s, struct view *v)
{
	view_element(v, "<p class=\"heed\" role=\"status\">",
	    view_pair(v, "open_form", "done"), "</p>");
	view_element(v, "<p>", view_pair(v, "open_form", "wait"), "</p>");
	sheet_write_link(v, s->form->path, view_pair(v, "open_form", "another"));
}

const struct sheet_form sheet_open = {
    .path = "/lachan/open",
    .section = "open_form",
    .staff = true,
    .roles = sheet_teachers,
    .holds = holds,
    .check = check,
    .question = question,
    .heard = heard,
    .write = write_form,
    .write_done = write_done,
};
