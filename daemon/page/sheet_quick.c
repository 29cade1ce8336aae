/* The quick report of an incident, for the department: written and sent by a person, without
 * anybody's identity. */
#include "page/field.h"
#include "page/sheet.h"

static const char *const writers[] = {"teacher", "admin", "counsellor", "approver", NULL};

static bool holds(struct standing standing, bool desk_is_there)
{
	(void)desk_is_there;
	return standing.teacher;
}

static const struct yaml_node *find_kinds(const struct texts *texts)
{
	return yaml_find(texts_section(texts, "quick_report_form"), "kinds");
}

static bool is_kind(const struct texts *texts, struct slice typed)
{
	const struct yaml_node *kinds = find_kinds(texts);

	for (size_t i = 0; kinds != NULL && i < kinds->count; i++) {
		if (slice_equal(typed, slice_of(yaml_text(&kinds->items[i], "id", ""))))
			return true;
	}
	return false;
}

static bool is_level(const struct config *config, struct slice typed)
{
	for (size_t i = 0; i < config->school.levels.count; i++) {
		if (slice_equal(typed, slice_of(config->school.levels.items[i].text)))
			return true;
	}
	return false;
}

static bool check(struct sheet *s, const struct occasion *o)
{
	char date[SHEET_DATE_BYTES];

	if (!is_kind(o->texts, sheet_typed(s, "kind")))
		sheet_note_mistake(s, "kind", "forms", "choose");
	if (!is_level(o->config, sheet_typed(s, "tier")))
		sheet_note_mistake(s, "tier", "forms", "choose");
	if (!sheet_read_date(date, sheet_typed(s, "date"), o->now_s))
		sheet_note_mistake(s, "date", "forms", "bad_date");
	sheet_need(s, "measures");
	sheet_need(s, "decided_by");
	if (!slice_equal(sheet_typed(s, "confirm"), SLICE_LIT("yes")))
		sheet_note_mistake(s, "confirm", "quick_report_form", "unconfirmed");
	return s->mistake_count == 0;
}

static json_t *question(const struct sheet *s, const struct occasion *o)
{
	static const char *const texts[] = {
	    "kind", "tier", "measures", "referred_to", "decided_by"};
	char date[SHEET_DATE_BYTES];

	if (!sheet_read_date(date, sheet_typed(s, "date"), o->now_s))
		return NULL;
	json_t *q = json_pack("{s:s,s:s,s:s,s:s}", "command", "quick", "token", s->session,
	    "client", s->client, "date", date);
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct slice typed = sheet_typed(s, texts[i]);
		json_t *value = json_stringn((const char *)typed.ptr, typed.len);
		if (json_object_set_new(q, texts[i], value) != 0) {
			json_decref(q);
			return NULL;
		}
	}
	return q;
}

static bool heard(struct sheet *s, const json_t *answer)
{
	sheet_copy(s->code, sizeof s->code, answer, "id");
	return true;
}

static void write_kinds(const struct sheet *s, struct view *v)
{
	const struct yaml_node *kinds = find_kinds(v->texts);
	const struct field f = {
	    .name = "kind",
	    .label = view_pair(v, "quick_report_form", "kind"),
	    .error = sheet_error(s, v, "kind"),
	    .value = sheet_typed(s, "kind"),
	    .required = true,
	};

	field_begin_list(v, &f, view_pair(v, "forms", "choose"));
	for (size_t i = 0; kinds != NULL && i < kinds->count; i++)
		field_item(v, &f, yaml_text(&kinds->items[i], "id", ""),
		    view_line(v, &kinds->items[i]));
	field_end_list(v);
}

static void write_levels(const struct sheet *s, struct view *v)
{
	const struct conf_texts *levels = &v->occasion->config->school.levels;
	struct slice typed = sheet_typed(s, "tier");
	const struct field f = {
	    .name = "tier",
	    .label = view_pair(v, "quick_report_form", "tier"),
	    .error = sheet_error(s, v, "tier"),
	    .value = typed.len == 0 && levels->count == 1 ? slice_of(levels->items[0].text)
	                                                  : typed,
	    .required = true,
	};

	field_begin_list(v, &f, view_pair(v, "forms", "choose"));
	for (size_t i = 0; i < levels->count; i++) {
		struct texts_tier tier;
		bool known = texts_find_tier(v->texts, levels->items[i].text, &tier);
		field_item(v, &f, levels->items[i].text,
		    known ? view_line(v, tier.name) : levels->items[i].text);
	}
	field_end_list(v);
}

static void write_date(const struct sheet *s, struct view *v)
{
	const struct field f = {
	    .name = "date",
	    .label = view_pair(v, "quick_report_form", "happened_on"),
	    .error = sheet_error(s, v, "date"),
	    .value = sheet_typed(s, "date"),
	    .attributes = " autocomplete=\"off\"",
	    .required = true,
	};

	field_line(v, &f, "date");
}

static void write_words(const struct sheet *s, struct view *v)
{
	static const char *const names[] = {"measures", "referred_to", "decided_by"};

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		const struct field f = {
		    .name = names[i],
		    .label = view_pair(v, "quick_report_form", names[i]),
		    .error = sheet_error(s, v, names[i]),
		    .value = sheet_typed(s, names[i]),
		    .attributes = i == 0 ? NULL : " autocomplete=\"off\"",
		    .max_chars = i == 0 ? SHEET_LONG_CHARS : SHEET_SHORT_CHARS,
		    .required = i != 1,
		};
		if (i == 0) {
			field_area(v, &f);
		} else {
			field_line(v, &f, "text");
		}
	}
}

static void write_form(const struct sheet *s, struct view *v)
{
	const struct field confirm = {
	    .name = "confirm",
	    .label = view_pair(v, "quick_report_form", "confirm"),
	    .error = sheet_error(s, v, "confirm"),
	    .value = SLICE_LIT(""), /* anew each time */
	    .required = true,
	};

	view_element(
	    v, "<p class=\"heed\">", view_pair(v, "quick_report_form", "warning"), "</p>");
	view_element(v, "<p>", view_pair(v, "quick_report_form", "identity"), "</p>");
	field_begin_form(v, s->form->path, s->token);
	sheet_write_session(s, v);
	write_kinds(s, v);
	write_levels(s, v);
	write_date(s, v);
	write_words(s, v);
	field_tick(v, &confirm);
	field_end_form(v, view_pair(v, "quick_report_form", "submit"));
}

static void write_done(const struct sheet *s, struct view *v)
{
	(void)s;
	view_element(v, "<p class=\"heed\" role=\"status\">",
	    view_pair(v, "quick_report_form", "done"), "</p>");
	view_element(v, "<p>", view_pair(v, "quick_report_form", "identity"), "</p>");
}

const struct sheet_form sheet_quick = {
    .path = "/lachan/quick",
    .section = "quick_report_form",
    .staff = true,
    .roles = writers,
    .holds = holds,
    .check = check,
    .question = question,
    .heard = heard,
    .write = write_form,
    .write_done = write_done,
};
