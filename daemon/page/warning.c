#include "page/warning.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "page/layout.h"

/* What the verdict makes of the page. */
struct notice {
	const struct tree_node *page;     /* the variant's map */
	const struct tree_node *fallback; /* the tier's default page */
	const char *variant;
	const char *category; /* id; "" when nobody told */
	bool sensitive;
	bool allow_only;
	char open_time[16];
};

enum warning_kind warning_kind_of(
    const struct texts *texts, const struct verdict_answer *answer)
{
	struct texts_category category;

	if (answer == NULL)
		return WARNING_PAGE;
	if (!answer->blocked)
		return WARNING_OPEN_NOW;
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

/* "13:30" when a window opens the name later today, local time; else "". */
static void find_open_time(struct notice *n, const struct occasion *occasion)
{
	int64_t opens_at = occasion->answer != NULL ? occasion->answer->opens_at_s : 0;
	time_t now = (time_t)occasion->now_s, then = (time_t)opens_at;
	struct tm today, later;

	n->open_time[0] = 0;
	if (opens_at <= occasion->now_s || localtime_r(&now, &today) == NULL ||
	    localtime_r(&then, &later) == NULL)
		return;
	if (today.tm_year == later.tm_year && today.tm_yday == later.tm_yday) {
		(void)snprintf(n->open_time, sizeof n->open_time, "%02d:%02d",
		    later.tm_hour % 24, later.tm_min % 60);
	}
}

/* Whatever opens again today has the page that says when, and nothing else has it. */
static void choose_by_time(struct notice *n, const struct verdict_answer *answer)
{
	bool timed = strcmp(n->variant, "time_limited") == 0;

	if (timed && n->open_time[0] == 0)
		n->variant = "default";
	if (strcmp(n->variant, "default") == 0 && n->open_time[0] != 0 && !n->allow_only &&
	    !n->sensitive && !answer->locked)
		n->variant = "time_limited";
}

static void choose_variant(struct notice *n, struct view *v)
{
	const struct verdict_answer *answer = v->occasion->answer;
	struct texts_category category = {.page = "default"};

	*n = (struct notice){.variant = "default", .category = ""};
	find_open_time(n, v->occasion);
	if (answer != NULL) {
		n->category = answer->category;
		n->sensitive = answer->sensitive;
		n->allow_only = answer->reason == VERDICT_BY_ALLOW_ONLY;
	}
	if (!n->allow_only && texts_find_category(v->texts, n->category, &category)) {
		n->variant = category.page;
		n->sensitive = n->sensitive || category.sensitive;
	}
	choose_by_time(n, answer);
	n->fallback = tree_find(v->tier.pages, "default");
	n->page = tree_find(v->tier.pages, n->variant);
	if (n->page == NULL) {
		n->variant = "default";
		n->page = n->fallback;
	}
	if (n->sensitive || n->allow_only)
		return;
	facts_add(&v->facts, "category",
	    view_line(v, v->tier.staff ? category.name : category.child_label));
}

static void add_facts(struct view *v, const struct notice *n)
{
	const struct verdict_answer *answer = v->occasion->answer;

	facts_add(&v->facts, "open_time", n->open_time);
	facts_add(&v->facts, "date_time", v->date_time);
	if (answer == NULL)
		return;
	facts_add(&v->facts, "group", answer->group);
	if (answer->name_shown && v->tier.show_domain)
		facts_add(&v->facts, "domain", v->occasion->domain);
	if (v->tier.staff && !n->sensitive && !answer->locked)
		facts_add(&v->facts, "list_name", answer->rule);
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
	};

	for (size_t i = 0; i < COUNT_OF(scenes); i++) {
		if (strcmp(n->variant, scenes[i].variant) == 0)
			return scenes[i].scene;
	}
	return v->tier.older ? SCENE_SHIELD : SCENE_MEADOW;
}

/* `only_for: [social_network]` keeps a line to those categories. */
static bool is_for(const struct tree_node *line, const char *category)
{
	const struct tree_node *only = tree_find(line, "only_for");

	for (size_t i = 0; only != NULL && i < only->count; i++) {
		if (only->items[i].text != NULL &&
		    strcmp(only->items[i].text, category) == 0)
			return true;
	}
	return only == NULL;
}

/* What stands in place of the first line: NULL keeps it. */
static const struct tree_node *replacement(const struct view *v, const struct notice *n,
    const struct tree_node *body, const struct tree_node *allow_only)
{
	const struct tree_node *careful = tree_find(n->page, "body_sensitive");

	if (n->allow_only)
		return allow_only;
	if (n->sensitive)
		return careful;
	if (body != NULL && body->count > 0 && view_shows(v, &body->items[0]))
		return NULL;
	return careful != NULL ? careful : tree_find(n->fallback, "body_sensitive");
}

static void write_body(struct view *v, const struct notice *n)
{
	const struct tree_node *body = tree_find(n->page, "body");
	const char *allow_only = n->open_time[0] != 0 ? "allow_only_until" : "allow_only";
	const struct tree_node *instead =
	    replacement(v, n, body, view_pair(v, "ui", allow_only));

	if (instead != NULL && instead->kind == TREE_LIST) {
		view_elements(v, "<p>", instead, "</p>");
	} else if (instead != NULL) {
		view_element(v, "<p>", instead, "</p>");
	}
	for (size_t i = instead != NULL ? 1 : 0; body != NULL && i < body->count; i++) {
		if (is_for(&body->items[i], n->category))
			view_element(v, "<p>", &body->items[i], "</p>");
	}
}

static void write_steps(struct view *v, const struct notice *n)
{
	const struct tree_node *steps = tree_find(n->page, "steps");
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

/* Only buttons that lead somewhere now are drawn; see rules.button_actions. */
static void write_buttons(struct view *v, const struct tree_node *buttons)
{
	static const struct {
		const char *button;
		const char *path; /* NULL: a link within this page */
		const char *here;
	} actions[] = {
	    {"btn_back", "/lachan/", NULL},
	    {"btn_safe_sites", "/lachan/sites", NULL},
	    {"btn_ask_teacher", NULL, "#hand-over"},
	    {"btn_tell_someone", NULL, "#hand-over"},
	    {"btn_try_again", NULL, ""},
	};

	view_raw(v, "<nav class=\"buttons\">");
	for (size_t i = 0; buttons != NULL && i < buttons->count; i++) {
		const char *button = buttons->items[i].text;
		for (size_t k = 0; k < COUNT_OF(actions) && button != NULL; k++) {
			if (strcmp(button, actions[k].button) != 0 ||
			    !texts_button_shows(v->texts, button))
				continue;
			view_raw(v, "<a class=\"button\" ");
			if (actions[k].path != NULL) {
				view_href(v, actions[k].path);
			} else {
				buf_printf(v->out, "href=\"%s\"", actions[k].here);
			}
			view_element(v, ">", view_pair(v, "ui", button), "</a>");
		}
	}
	view_raw(v, "</nav>");
}

static bool has_button(const struct tree_node *buttons, const char *prefix)
{
	for (size_t i = 0; buttons != NULL && i < buttons->count; i++) {
		if (buttons->items[i].text != NULL &&
		    strcmp(buttons->items[i].text, prefix) == 0)
			return true;
	}
	return false;
}

static bool leads_to_teacher(const struct tree_node *page)
{
	const struct tree_node *buttons = tree_find(page, "buttons");

	return has_button(buttons, "btn_ask_teacher") ||
	    has_button(buttons, "btn_tell_someone");
}

static void write_heading(struct view *v, const struct tree_node *page)
{
	const struct tree_node *title = tree_find(page, "title");

	if (!view_shows(v, tree_find(page, "heading"))) {
		view_element(v, "<h1>", title, "</h1>");
		return;
	}
	view_element(v, "<p class=\"kicker\">", title, "</p>");
	view_element(v, "<h1>", tree_find(page, "heading"), "</h1>");
}

/* The preschool page speaks to the child above and to the adult below. */
static void write_adult_box(struct view *v, const struct tree_node *page)
{
	view_raw(v, "<section class=\"box\">");
	view_element(v, "<p class=\"quiet\">", tree_find(page, "adult_note"), "</p>");
	view_element(v,
	    "<a class=\"call\" href=\"tel:111\"><b aria-hidden=\"true\">111</b><span>",
	    tree_find(page, "adult_help"), "</span></a>");
	view_element(v, "<p>", view_pair(v, "ui", "hotline"), "</p>");
	view_raw(v, "</section>");
}

void warning_write(struct buf *out, const struct occasion *occasion)
{
	struct view v;
	struct notice n;

	view_begin(&v, occasion, out);
	choose_variant(&n, &v);
	add_facts(&v, &n);
	bool support = strcmp(n.variant, "self_harm") == 0;
	layout_open(&v, tree_find(n.page, "title"), choose_scene(&v, &n));
	write_heading(&v, n.page);
	write_body(&v, &n);
	write_steps(&v, &n);
	if (support)
		layout_contacts(&v);
	if (tree_find(n.page, "buttons") != NULL)
		write_buttons(&v, tree_find(n.page, "buttons"));
	layout_end_card(&v);
	if (tree_find(n.page, "adult_help") != NULL) {
		write_adult_box(&v, n.page);
	} else {
		layout_help(&v, tree_find(n.page, "help"), support);
	}
	if (leads_to_teacher(n.page))
		layout_hand_over(&v);
	/* The preschool and staff pages name it in their own words. */
	bool named = v.tier.staff || tree_find(n.page, "adult_note") != NULL;
	layout_close(&v, named ? NULL : view_pair(&v, "ui", "reference_label"));
}

void warning_write_open_now(struct buf *out, const struct occasion *occasion)
{
	struct view v;

	view_begin(&v, occasion, out);
	const struct tree_node *page = texts_section(v.texts, "open_now");
	layout_open(&v, tree_find(page, "title"), SCENE_DOOR);
	write_heading(&v, page);
	view_elements(&v, "<p>", tree_find(page, "body"), "</p>");
	write_buttons(&v, tree_find(page, "buttons"));
	layout_end_card(&v);
	layout_help(&v, NULL, false);
	layout_close(&v, NULL);
}
