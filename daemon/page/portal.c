#include "page/portal.h"

#include <string.h>

#include "page/layout.h"

bool portal_find(struct slice path, enum portal_page *out)
{
	static const struct {
		const char *name;
		enum portal_page page;
	} pages[] = {
	    {"", PORTAL_FIRST},
	    {"why", PORTAL_WHY},
	    {"status", PORTAL_STATUS},
	    {"help", PORTAL_HELP},
	    {"sites", PORTAL_SITES},
	    {"review", PORTAL_CLOSED},
	    {"report", PORTAL_CLOSED},
	};
	static const struct slice prefix = {(const uint8_t *)"/lachan", 7};

	if (!slice_starts(path, prefix))
		return false;
	struct slice rest = {path.ptr + prefix.len, path.len - prefix.len};
	if (rest.len > 0 && rest.ptr[0] != '/')
		return false;
	if (rest.len > 0)
		rest = (struct slice){rest.ptr + 1, rest.len - 1};
	*out = PORTAL_NOT_HERE;
	for (size_t i = 0; i < COUNT_OF(pages); i++) {
		if (slice_equal(rest, slice_of(pages[i].name)))
			*out = pages[i].page;
	}
	return true;
}

unsigned portal_status(enum portal_page page)
{
	return page == PORTAL_CLOSED || page == PORTAL_NOT_HERE ? 404 : 200;
}

static const struct tree_node *portal_pair(const struct view *v, const char *key)
{
	return view_pair(v, "portal", key);
}

static const struct tree_node *status_pair(const struct view *v, const char *key)
{
	return view_pair(v, "status", key);
}

static void write_link(struct view *v, const char *path, const struct tree_node *pair)
{
	view_raw(v, "<li><a ");
	view_href(v, path);
	view_element(v, ">", pair, "</a></li>");
}

/* The other pages of the portal. */
static void write_links(struct view *v, enum portal_page here)
{
	view_raw(v, "<nav class=\"box\"><ul class=\"links\">");
	if (here != PORTAL_FIRST)
		write_link(v, "/lachan/", portal_pair(v, "btn_first"));
	if (here != PORTAL_HELP)
		write_link(v, "/lachan/help", portal_pair(v, "btn_help"));
	if (here != PORTAL_SITES && strcmp(v->tier_id, "preschool") != 0)
		write_link(v, "/lachan/sites", portal_pair(v, "sites_title"));
	if (here != PORTAL_WHY)
		write_link(v, "/lachan/why", portal_pair(v, "btn_why"));
	if (here != PORTAL_STATUS)
		write_link(v, "/lachan/status", status_pair(v, "title"));
	view_raw(v, "</ul></nav>");
}

/* A device that found us by a name has asked our DNS for it. One that came by address may
 * use another filter, or none: that is not known. */
static const char *protection(const struct view *v)
{
	return v->occasion->by_name && v->occasion->answer != NULL ? "protected"
	                                                           : "unknown";
}

static bool is_trial(const struct view *v)
{
	return v->occasion->answer != NULL &&
	    v->occasion->answer->reason == VERDICT_BY_TRIAL;
}

static void write_first(struct view *v)
{
	const struct tree_node *title = portal_pair(v, "title");

	if (!view_shows(v, title))
		title = view_pair(v, "ui", "product_name");
	view_element(v, "<h1>", title, "</h1>");
	view_element(v, "<p>", portal_pair(v, "intro"), "</p>");
	view_element(v, "<p><strong>", status_pair(v, protection(v)), "</strong></p>");
}

static void write_why(struct view *v)
{
	view_element(v, "<h1>", portal_pair(v, "why_title"), "</h1>");
	view_elements(v, "<p>", portal_pair(v, "why"), "</p>");
}

static void write_status(struct view *v)
{
	const char *state = protection(v);

	view_element(v, "<h1>", status_pair(v, state), "</h1>");
	if (strcmp(state, "protected") == 0)
		view_element(v, "<p>", status_pair(v, "protected_why"), "</p>");
	if (is_trial(v))
		view_element(v, "<p>", status_pair(v, "trial"), "</p>");
	view_element(v, "<p>", status_pair(v, "limits"), "</p>");
	if (strcmp(state, "unknown") != 0)
		return;
	view_raw(v, "<p><a href=\"http://");
	view_escaped(v, v->occasion->config->pages.portal.name.text);
	view_element(v, "/lachan/status\">", status_pair(v, "check"), "</a></p>");
}

static bool list_has(const struct tree_node *list, const char *word)
{
	for (size_t i = 0; list != NULL && i < list->count; i++) {
		if (list->items[i].text != NULL && strcmp(list->items[i].text, word) == 0)
			return true;
	}
	return false;
}

/* Is this item of a list meant for the reader's tier, and not switched off? */
static bool is_offered(const struct view *v, const struct tree_node *item)
{
	const struct tree_node *enabled = tree_find(item, "enabled");
	bool on = true;

	if (enabled != NULL && !tree_to_bool(enabled, &on))
		on = false;
	return on && list_has(tree_find(item, "tiers"), v->tier_id);
}

static void write_helpline(struct view *v, const struct tree_node *line)
{
	const char *number = tree_text(line, "number", "");
	const char *url = tree_text(line, "url", "");

	view_raw(v, "<a class=\"call\" href=\"");
	if (*number != 0) {
		view_raw(v, "tel:");
		for (const char *p = number; *p != 0; p++) {
			if (*p != ' ')
				buf_byte(v->out, (uint8_t)*p);
		}
		view_raw(v, "\"><b>");
		view_escaped(v, number);
		view_raw(v, "</b><span>");
	} else {
		view_escaped(v, url);
		view_raw(v, "\"><span>");
	}
	view_element(v, "", tree_find(line, "name"), "");
	view_element(v, "<br><span class=\"quiet\">", tree_find(line, "note"), "</span>");
	view_raw(v, "</span></a>");
}

static void write_help(struct view *v)
{
	const struct tree_node *lines = texts_section(v->texts, "helplines");

	view_element(v, "<h1>", view_pair(v, "ui", "help_title"), "</h1>");
	for (size_t i = 0; lines != NULL && i < lines->count; i++) {
		if (is_offered(v, &lines->items[i]))
			write_helpline(v, &lines->items[i]);
	}
	view_element(v, "<p>", view_pair(v, "ui", "hotline"), "</p>");
	layout_contacts(v);
}

static void write_sites(struct view *v)
{
	const struct tree_node *sites = texts_section(v->texts, "learning_sites");

	view_element(v, "<h1>", portal_pair(v, "sites_title"), "</h1>");
	view_element(v, "<p>", portal_pair(v, "sites_intro"), "</p>");
	view_raw(v, "<ul class=\"links\">");
	for (size_t i = 0; sites != NULL && i < sites->count; i++) {
		const struct tree_node *site = &sites->items[i];
		if (!is_offered(v, site))
			continue;
		view_raw(v, "<li><a href=\"");
		view_escaped(v, tree_text(site, "url", ""));
		view_element(v, "\">", tree_find(site, "name"), "");
		view_element(v, "<span>", tree_find(site, "about"), "</span>");
		view_raw(v, "</a></li>");
	}
	view_raw(v, "</ul>");
}

static void write_closed(struct view *v)
{
	view_element(v, "<h1>", view_pair(v, "ui", "help_title"), "</h1>");
	view_element(v, "<p>", view_pair(v, "forms", "closed"), "</p>");
}

static const struct tree_node *title_of(const struct view *v, enum portal_page page)
{
	switch (page) {
	case PORTAL_FIRST:
		return portal_pair(v, "title");
	case PORTAL_WHY:
		return portal_pair(v, "why_title");
	case PORTAL_STATUS:
		return status_pair(v, "title");
	case PORTAL_SITES:
		return portal_pair(v, "sites_title");
	case PORTAL_NOT_HERE:
		return portal_pair(v, "not_here");
	case PORTAL_HELP:
	case PORTAL_CLOSED:
	default:
		return view_pair(v, "ui", "help_title");
	}
}

static void write_text(struct view *v, enum portal_page page)
{
	switch (page) {
	case PORTAL_FIRST:
		write_first(v);
		break;
	case PORTAL_WHY:
		write_why(v);
		break;
	case PORTAL_STATUS:
		write_status(v);
		break;
	case PORTAL_HELP:
		write_help(v);
		break;
	case PORTAL_SITES:
		write_sites(v);
		break;
	case PORTAL_CLOSED:
		write_closed(v);
		break;
	case PORTAL_NOT_HERE:
	default:
		view_element(v, "<h1>", portal_pair(v, "not_here"), "</h1>");
		break;
	}
}

void portal_write(struct buf *out, const struct occasion *occasion, enum portal_page page)
{
	struct view v;

	view_begin(&v, occasion, out);
	layout_open(
	    &v, title_of(&v, page), view_is_young(&v) ? SCENE_MEADOW : SCENE_SHIELD);
	write_text(&v, page);
	layout_end_card(&v);
	write_links(&v, page);
	if (page != PORTAL_HELP)
		layout_help(&v, NULL, false);
	layout_close(&v, NULL);
}
