#include "page/field.h"

#include "base/html.h"

void field_begin_form(struct view *v, const char *path, const char *token)
{
	view_raw(v, "<form method=\"post\" accept-charset=\"utf-8\" ");
	view_link(v, "action", path);
	view_raw(v, ">");
	field_hidden(v, "token", slice_of(token));
}

void field_end_form(struct view *v, const struct yaml_node *label)
{
	view_element(
	    v, "<button class=\"button\" type=\"submit\">", label, "</button></form>");
}

void field_hidden(struct view *v, const char *name, struct slice value)
{
	buf_printf(v->out, "<input type=\"hidden\" name=\"%s\" value=\"", name);
	html_escape(v->out, value);
	view_raw(v, "\">");
}

/* Beside what it is about, and tied to it by aria-describedby. */
static void write_error(struct view *v, const struct field *f)
{
	if (f->error == NULL)
		return;
	buf_printf(v->out, "<p class=\"wrong\" id=\"e-%s\">", f->name);
	view_element(v, "", f->error, "</p>");
}

static void write_label(struct view *v, const struct field *f)
{
	buf_printf(v->out, "<div class=\"field\"><label for=\"f-%s\">", f->name);
	view_element(v, "", f->label, "");
	view_raw(v, "</label>");
	write_error(v, f);
}

static void write_attributes(struct view *v, const struct field *f)
{
	buf_printf(v->out, " id=\"f-%s\" name=\"%s\"", f->name, f->name);
	if (f->max_chars > 0)
		buf_printf(v->out, " maxlength=\"%u\"", f->max_chars);
	if (f->required)
		view_raw(v, " required");
	if (f->error != NULL)
		buf_printf(
		    v->out, " aria-invalid=\"true\" aria-describedby=\"e-%s\"", f->name);
	if (f->attributes != NULL)
		view_raw(v, f->attributes);
}

void field_line(struct view *v, const struct field *f, const char *type)
{
	write_label(v, f);
	buf_printf(v->out, "<input type=\"%s\"", type);
	write_attributes(v, f);
	view_raw(v, " value=\"");
	html_escape(v->out, f->value);
	view_raw(v, "\"></div>");
}

void field_password(struct view *v, const struct field *f)
{
	write_label(v, f);
	view_raw(v, "<input type=\"password\" autocomplete=\"current-password\"");
	write_attributes(v, f);
	view_raw(v, "></div>");
}

/* html_escape() makes blanks of control characters, and here lines are kept. */
static void write_lines(struct view *v, struct slice text)
{
	struct slice rest = text;

	while (rest.ptr != NULL) {
		struct slice line = slice_cut(&rest, '\n');
		if (line.len > 0 && line.ptr[line.len - 1] == '\r')
			line.len--;
		html_escape(v->out, line);
		if (rest.ptr != NULL)
			view_raw(v, "\n");
	}
}

void field_area(struct view *v, const struct field *f)
{
	write_label(v, f);
	view_raw(v, "<textarea rows=\"5\" autocomplete=\"off\"");
	write_attributes(v, f);
	view_raw(v, ">\n"); /* a reader of HTML drops the first line end */
	write_lines(v, f->value);
	view_raw(v, "</textarea></div>");
}

void field_tick(struct view *v, const struct field *f)
{
	view_raw(v, "<div class=\"field\">");
	write_error(v, f);
	view_raw(v, "<label class=\"pick\"><input type=\"checkbox\" value=\"yes\"");
	write_attributes(v, f);
	view_raw(
	    v, slice_equal(f->value, SLICE_LIT("yes")) ? " checked><span>" : "><span>");
	view_element(v, "", f->label, "");
	view_raw(v, "</span></label></div>");
}

void field_begin_choice(struct view *v, const struct field *f)
{
	view_raw(v, "<fieldset class=\"field\"");
	if (f->error != NULL)
		buf_printf(v->out, " aria-describedby=\"e-%s\"", f->name);
	view_element(v, "><legend>", f->label, "</legend>");
	write_error(v, f);
}

void field_choice(
    struct view *v, const struct field *f, const char *value, const struct yaml_node *label)
{
	buf_printf(v->out,
	    "<label class=\"pick\"><input type=\"radio\" name=\"%s\" value=\"", f->name);
	view_escaped(v, value);
	view_raw(v, slice_equal(f->value, slice_of(value)) ? "\" checked" : "\"");
	view_raw(v, f->required ? " required><span>" : "><span>");
	view_element(v, "", label, "");
	view_raw(v, "</span></label>");
}

void field_end_choice(struct view *v)
{
	view_raw(v, "</fieldset>");
}

void field_begin_list(struct view *v, const struct field *f, const struct yaml_node *none)
{
	write_label(v, f);
	view_raw(v, "<select");
	write_attributes(v, f);
	view_element(v, "><option value=\"\">", none, "</option>");
}

void field_item(struct view *v, const struct field *f, const char *value, const char *label)
{
	view_raw(v, "<option value=\"");
	view_escaped(v, value);
	view_raw(v, slice_equal(f->value, slice_of(value)) ? "\" selected>" : "\">");
	view_escaped(v, label);
	view_raw(v, "</option>");
}

void field_end_list(struct view *v)
{
	view_raw(v, "</select></div>");
}
