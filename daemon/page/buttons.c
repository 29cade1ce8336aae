#include "page/buttons.h"

#include <string.h>

#define HAND_OVER "#hand-over"

struct action {
	const char *button;
	const char *path;
	const char *while_report; /* leads here instead while reports are read; or NULL */
};

static const struct action actions[] = {
    {"btn_back", "/lachan/", NULL}, {"btn_safe_sites", "/lachan/sites", NULL},
    {"btn_ask_teacher", HAND_OVER, NULL}, {"btn_tell_someone", HAND_OVER, "/lachan/report"},
    {"btn_review", "/lachan/review", NULL}, {"btn_false_positive", "/lachan/review", NULL},
    {"btn_report", "/lachan/report", NULL}, {"btn_override", "/lachan/open", NULL},
    {"btn_staff_sign_in", "/lachan/staff", NULL},
    {"btn_try_again", "", NULL}, /* the address the reader came for */
};

static const struct action *find_action(const char *button)
{
	for (size_t i = 0; i < COUNT_OF(actions); i++) {
		if (strcmp(actions[i].button, button) == 0)
			return &actions[i];
	}
	return NULL;
}

bool buttons_know(const char *button)
{
	return find_action(button) != NULL;
}

/* Where the button leads now; NULL when it does not show. */
static const char *path_of(const struct view *v, const char *button)
{
	const struct action *action = button != NULL ? find_action(button) : NULL;

	if (action == NULL || !texts_button_shows(v->texts, button, v->holds))
		return NULL;
	return action->while_report != NULL && v->holds.report ? action->while_report
	                                                       : action->path;
}

static void write_button(struct view *v, const char *button, const char *path)
{
	view_raw(v, "<a class=\"button\" ");
	if (path[0] == '/') {
		view_href(v, path);
	} else {
		buf_printf(v->out, "href=\"%s\"", path);
	}
	view_element(v, ">", view_pair(v, "ui", button), "</a>");
}

void buttons_write(struct view *v, const struct yaml_node *buttons)
{
	bool begun = false;

	for (size_t i = 0; buttons != NULL && i < buttons->count; i++) {
		const char *path = path_of(v, buttons->items[i].text);
		if (path == NULL)
			continue;
		if (!begun)
			view_raw(v, "<div class=\"buttons\">");
		begun = true;
		write_button(v, buttons->items[i].text, path);
	}
	if (begun)
		view_raw(v, "</div>");
}

bool buttons_hand_over(const struct view *v, const struct yaml_node *buttons)
{
	for (size_t i = 0; buttons != NULL && i < buttons->count; i++) {
		const char *path = path_of(v, buttons->items[i].text);
		if (path != NULL && strcmp(path, HAND_OVER) == 0)
			return true;
	}
	return false;
}
