#include "district/page.h"

#include "base/html.h"
#include "district/format.h"

void page_post_open(struct page *p, const char *action)
{
	page_raw(p, "<form method=\"post\"");
	page_attribute(p, "action", action);
	page_raw(p, ">");
	page_hidden(p, "csrf", p->csrf == NULL ? "" : p->csrf);
}

void page_get_open(struct page *p, const char *action)
{
	page_raw(p, "<form method=\"get\" class=\"choose\"");
	page_attribute(p, "action", action);
	page_raw(p, ">");
}

void page_form_close(struct page *p)
{
	page_raw(p, "</form>\n");
}

void page_hidden(struct page *p, const char *name, const char *value)
{
	page_raw(p, "<input type=\"hidden\"");
	page_attribute(p, "name", name);
	page_attribute(p, "value", value);
	page_raw(p, ">");
}

void page_field(struct page *p, const struct page_field *field)
{
	page_raw(p, "<label class=\"field\"><span>");
	page_word(p, field->label);
	page_raw(p, "</span><input");
	page_attribute(p, "type", field->type);
	page_attribute(p, "name", field->name);
	if (field->value != NULL && *field->value != 0)
		page_attribute(p, "value", field->value);
	page_attribute(
	    p, "autocomplete", field->autocomplete == NULL ? "off" : field->autocomplete);
	if (field->max_length > 0)
		buf_printf(p->out, " maxlength=\"%u\"", field->max_length);
	if (field->required)
		page_raw(p, " required");
	page_raw(p, "></label>\n");
}

void page_area(struct page *p, const struct page_field *field)
{
	page_raw(p, "<label class=\"field\"><span>");
	page_word(p, field->label);
	page_raw(p, "</span><textarea rows=\"4\"");
	page_attribute(p, "name", field->name);
	if (field->max_length > 0)
		buf_printf(p->out, " maxlength=\"%u\"", field->max_length);
	if (field->required)
		page_raw(p, " required");
	page_raw(p, ">");
	page_text(p, field->value == NULL ? "" : field->value);
	page_raw(p, "</textarea></label>\n");
}

void page_select(struct page *p, const char *name, enum word label,
    const struct page_option *options, size_t count, const char *chosen)
{
	struct slice wanted = slice_of(chosen == NULL ? "" : chosen);

	page_raw(p, "<label class=\"field\"><span>");
	page_word(p, label);
	page_raw(p, "</span><select");
	page_attribute(p, "name", name);
	page_raw(p, ">");
	for (size_t i = 0; i < count; i++) {
		page_raw(p, "<option");
		page_attribute(p, "value", options[i].value);
		if (slice_equal(slice_of(options[i].value), wanted))
			page_raw(p, " selected");
		page_raw(p, ">");
		page_text(p, options[i].text);
		page_raw(p, "</option>");
	}
	page_raw(p, "</select></label>\n");
}

void page_button(struct page *p, const char *name, const char *value, enum word word)
{
	page_raw(p, "<button");
	if (name != NULL)
		page_attribute(p, "name", name);
	if (value != NULL)
		page_attribute(p, "value", value);
	page_raw(p, ">");
	page_word(p, word);
	page_raw(p, "</button>");
}

static void put_page_link(
    struct page *p, const char *address, uint64_t number, enum word word)
{
	bool has_query = false;

	for (const char *at = address; *at != 0; at++)
		has_query = has_query || *at == '?';
	page_raw(p, "<a href=\"");
	page_text(p, address);
	buf_printf(p->out, "%spage=%llu\">", has_query ? "&amp;" : "?",
	    (unsigned long long)number);
	page_word(p, word);
	page_raw(p, "</a> ");
}

void page_pager(struct page *p, const char *address, uint64_t first, uint64_t shown,
    uint64_t total, uint64_t size)
{
	char from[FORMAT_BYTES], to[FORMAT_BYTES], all[FORMAT_BYTES];
	const char *values[] = {from, to, all, NULL};

	if (total <= size || size == 0)
		return;
	format_number(from, shown == 0 ? first : first + 1, p->language);
	format_number(to, first + shown, p->language);
	format_number(all, total, p->language);
	page_raw(p, "<nav class=\"pager\"");
	page_attribute(p, "aria-label", word_of(WORD_PAGER, p->language));
	page_raw(p, "><span>");
	page_say(p, WORD_PAGER_SHOWN, values);
	page_raw(p, "</span> ");
	if (first > 0)
		put_page_link(p, address, first / size, WORD_PAGER_BEFORE);
	if (first + shown < total)
		put_page_link(p, address, first / size + 2, WORD_PAGER_AFTER);
	page_raw(p, "</nav>\n");
}
