#include "page/warning.h"

#include <string.h>

#include "page/buttons.h"
#include "page/layout.h"
#include "page/notice.h"

enum warning_kind warning_kind_of(
    const struct texts *texts, const struct verdict_answer *answer)
{
	struct texts_category category;

	if (answer == NULL)
		return WARNING_PAGE;
	if (!answer->blocked)
		return WARNING_OPEN_NOW;
	if (answer->reason == VERDICT_BY_NO_RULES)
		return WARNING_NOT_READY;
	if (texts_find_category(texts, answer->category, &category) &&
	    strcmp(category.page, "none") == 0)
		return WARNING_SILENT;
	return WARNING_PAGE;
}

unsigned warning_status(enum warning_kind kind, const struct verdict_answer *answer)
{
	if (kind == WARNING_OPEN_NOW)
		return 503;
	return answer != NULL && answer->locked ? 451 : 403;
}

static enum scene choose_scene(const struct view *v, const struct notice *n)
{
	static const struct {
		const char *variant;
		enum scene scene;
	} scenes[] = {
	    {"self_harm", SCENE_COMPANY},
	    {"child_abuse", SCENE_SHELTER},
	    {"scam", SCENE_LETTER},
	    {"bypass", SCENE_PATH},
	    {"time_limited", SCENE_CLOCK},
	};

	for (size_t i = 0; i < COUNT_OF(scenes); i++) {
		if (strcmp(n->variant, scenes[i].variant) == 0)
			return scenes[i].scene;
	}
	return layout_scene(v);
}

/* `only_for: [social_network]` keeps a line to those categories. */
static bool is_for(const struct yaml_node *line, const char *category)
{
	const struct yaml_node *only = yaml_find(line, "only_for");

	for (size_t i = 0; only != NULL && i < only->count; i++) {
		if (only->items[i].text != NULL &&
		    strcmp(only->items[i].text, category) == 0)
			return true;
	}
	return only == NULL;
}

void warning_write_first_line(struct view *v, const struct notice *n)
{
	const struct yaml_node *body = yaml_find(n->page, "body");

	if (n->instead != NULL && n->instead->kind == TREE_LIST)
		view_elements(v, "<p>", n->instead, "</p>");
	else if (n->instead != NULL)
		view_element(v, "<p>", n->instead, "</p>");
	else if (body != NULL && body->count > 0 && is_for(&body->items[0], n->category))
		view_element(v, "<p>", &body->items[0], "</p>");
}

static void write_body(struct view *v, const struct notice *n)
{
	const struct yaml_node *body = yaml_find(n->page, "body");

	view_raw(v, v->tier.staff ? "<div class=\"facts\">" : "");
	warning_write_first_line(v, n);
	for (size_t i = 1; body != NULL && i < body->count; i++) {
		if (is_for(&body->items[i], n->category))
			view_element(v, "<p>", &body->items[i], "</p>");
	}
	view_raw(v, v->tier.staff ? "</div>" : "");
}

static void write_steps(struct view *v, const struct notice *n)
{
	const struct yaml_node *steps = yaml_find(n->page, "steps");
	const char *title = v->tier.staff ? "steps_title_staff" : "steps_title";

	size_t count = view_count(v, steps);

	if (count == 1) /* nothing to number */
		view_elements(v, "<p>", steps, "</p>");
	if (count <= 1)
		return;
	view_element(v, "<h2>", view_pair(v, "ui", title), "</h2>");
	view_raw(v, "<ol class=\"steps\">");
	view_elements(v, "<li>", steps, "</li>");
	view_raw(v, "</ol>");
}

static void write_heading(struct view *v, const struct yaml_node *page)
{
	const struct yaml_node *title = yaml_find(page, "title");

	if (!view_shows(v, yaml_find(page, "heading"))) {
		view_element(v, "<h1>", title, "</h1>");
		return;
	}
	view_element(v, "<p class=\"kicker\">", title, "</p>");
	view_element(v, "<h1>", yaml_find(page, "heading"), "</h1>");
}

/* The preschool page speaks to the child above and to the adult below. */
static void write_adult_box(struct view *v, const struct yaml_node *page)
{
	view_raw(v, "<section class=\"box\">");
	view_element(v, "<p class=\"quiet\">", yaml_find(page, "adult_note"), "</p>");
	view_element(v,
	    "<a class=\"call\" href=\"tel:111\"><b aria-hidden=\"true\">111</b> <span>",
	    yaml_find(page, "adult_help"), "</span></a>");
	view_element(v, "<p>", view_pair(v, "ui", "hotline"), "</p>");
	view_element(v, "<p>", yaml_find(page, "adult_time"), "</p>");
	buttons_write(v, yaml_find(page, "adult_buttons"));
	view_raw(v, "</section>");
}

void warning_write(struct buf *out, const struct occasion *occasion)
{
	struct view v;
	struct notice n;

	view_begin(&v, occasion, out);
	notice_make(&n, &v);
	bool support = strcmp(n.variant, "self_harm") == 0;
	layout_open(&v, yaml_find(n.page, "title"), choose_scene(&v, &n));
	write_heading(&v, n.page);
	write_body(&v, &n);
	write_steps(&v, &n);
	if (support)
		layout_contacts(&v);
	buttons_write(&v, yaml_find(n.page, "buttons"));
	layout_end_card(&v);
	if (yaml_find(n.page, "adult_help") != NULL) {
		write_adult_box(&v, n.page);
	} else {
		layout_help(&v, yaml_find(n.page, "help"), support);
	}
	if (buttons_hand_over(&v, yaml_find(n.page, "buttons")))
		layout_hand_over(&v);
	/* The preschool and staff pages name it in their own words. */
	bool named = v.tier.staff || yaml_find(n.page, "adult_note") != NULL;
	layout_close(&v, named ? NULL : view_pair(&v, "ui", "reference_label"));
}

/* A page that says "try again", whatever the name is. */
static void write_again(
    struct buf *out, const struct occasion *occasion, const char *section)
{
	struct view v;

	view_begin(&v, occasion, out);
	const struct yaml_node *page = texts_section(v.texts, section);
	char end_time[VIEW_CLOCK_BYTES] = "";

	layout_open(&v, yaml_find(page, "title"), SCENE_DOOR);
	if (occasion->answer != NULL)
		view_clock_today(&v, occasion->answer->grant_until_s, end_time);
	facts_add(&v.facts, "end_time", end_time);
	write_heading(&v, page);
	view_elements(&v, "<p>", yaml_find(page, "body"), "</p>");
	buttons_write(&v, yaml_find(page, "buttons"));
	layout_end_card(&v);
	layout_help(&v, NULL, false);
	layout_close(&v, NULL);
}

void warning_write_open_now(struct buf *out, const struct occasion *occasion)
{
	write_again(out, occasion, "open_now");
}

void warning_write_not_ready(struct buf *out, const struct occasion *occasion)
{
	write_again(out, occasion, "not_ready");
}
