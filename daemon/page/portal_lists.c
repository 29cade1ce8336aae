#include "page/portal_lists.h"

#include <string.h>

static bool list_has(const struct yaml_node *list, const char *word)
{
	for (size_t i = 0; list != NULL && i < list->count; i++) {
		if (list->items[i].text != NULL && strcmp(list->items[i].text, word) == 0)
			return true;
	}
	return false;
}

/* Is this item of a list meant for the reader's tier, and not switched off? */
static bool is_offered(const struct view *v, const struct yaml_node *item)
{
	const struct yaml_node *enabled = yaml_find(item, "enabled");
	bool on = true;

	if (enabled != NULL && !yaml_to_bool(enabled, &on))
		on = false;
	return on && list_has(yaml_find(item, "tiers"), v->tier_id);
}

static void write_number(struct view *v, const char *number)
{
	view_raw(v, "tel:");
	for (const char *p = number; *p != 0; p++) {
		if (*p != ' ')
			buf_byte(v->out, (uint8_t)*p);
	}
	view_raw(v, "\"><b>");
	view_escaped(v, number);
	view_raw(v, "</b> <span>");
}

static void write_helpline(struct view *v, const struct yaml_node *line)
{
	const char *number = yaml_text(line, "number", "");

	view_raw(v, "<a class=\"call\" href=\"");
	if (*number != 0) {
		write_number(v, number);
	} else {
		view_escaped(v, yaml_text(line, "url", ""));
		view_raw(v, "\"><span>");
	}
	view_element(v, "", yaml_find(line, "name"), "");
	view_element(v, "<br><span class=\"quiet\">", yaml_find(line, "note"), "</span>");
	view_raw(v, "</span></a>");
}

void portal_write_helplines(struct view *v)
{
	const struct yaml_node *lines = texts_section(v->texts, "helplines");

	for (size_t i = 0; lines != NULL && i < lines->count; i++) {
		if (is_offered(v, &lines->items[i]))
			write_helpline(v, &lines->items[i]);
	}
}

static void write_site(struct view *v, const struct yaml_node *site)
{
	view_raw(v, "<li><a href=\"");
	view_escaped(v, yaml_text(site, "url", ""));
	view_element(v, "\">", yaml_find(site, "name"), "");
	view_element(v, "<span>", yaml_find(site, "about"), "</span>");
	view_raw(v, "</a></li>");
}

static void write_kind(struct view *v, const char *kind, const struct yaml_node *title)
{
	const struct yaml_node *sites = texts_section(v->texts, "learning_sites");
	bool begun = false;

	for (size_t i = 0; sites != NULL && i < sites->count; i++) {
		const struct yaml_node *site = &sites->items[i];
		if (strcmp(yaml_text(site, "kind", ""), kind) != 0 || !is_offered(v, site))
			continue;
		if (!begun) {
			view_element(v, "<h2>", title, "</h2>");
			view_raw(v, "<ul class=\"links\">");
		}
		begun = true;
		write_site(v, site);
	}
	if (begun)
		view_raw(v, "</ul>");
}

void portal_write_sites(struct view *v)
{
	const struct yaml_node *kinds = texts_section(v->texts, "site_kinds");

	for (size_t i = 0; kinds != NULL && i < kinds->count; i++)
		write_kind(v, kinds->keys[i].text, &kinds->items[i]);
}
