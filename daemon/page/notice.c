#include "page/notice.h"

#include <string.h>

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

static void choose_page(struct notice *n, struct view *v)
{
	n->fallback = texts_page(&v->tier, "default");
	n->page = texts_page(&v->tier, n->variant);
	if (n->page == NULL) {
		n->variant = "default";
		n->page = n->fallback;
	}
}

static bool is_because(const struct view *v, enum verdict_reason reason)
{
	return v->occasion->answer != NULL && v->occasion->answer->reason == reason;
}

static bool speaks_of(
    const struct view *v, const struct yaml_node *line, const char *placeholder)
{
	return line != NULL && strstr(view_line(v, line), placeholder) != NULL;
}

/* Blocks that "belongs to the group" would tell wrongly; NULL for all others. */
static const char *better_words(
    const struct view *v, const struct notice *n, const struct yaml_node *first)
{
	bool timed = strcmp(n->variant, "time_limited") == 0;

	if (is_because(v, VERDICT_BY_SAFE_SEARCH))
		return "no_safe_search";
	if (strcmp(n->category, "custom") == 0 || (timed && n->category[0] == 0))
		return timed && speaks_of(v, first, "{open_time}") ? "own_list_until"
		                                                   : "own_list";
	if (strcmp(n->category, "illegal_vn") == 0)
		return "by_law";
	if (is_because(v, VERDICT_BY_REQUIRED))
		return "by_department";
	return is_because(v, VERDICT_BY_ANSWER) && v->tier.show_domain && !timed
	    ? "leads_on"
	    : NULL;
}

static const struct yaml_node *choose_instead(const struct view *v, const struct notice *n)
{
	const struct yaml_node *body = yaml_find(n->page, "body");
	const struct yaml_node *first =
	    body != NULL && body->count > 0 ? &body->items[0] : NULL;
	const struct yaml_node *careful = yaml_find(n->page, "body_sensitive");
	const char *better = better_words(v, n, first);

	if (n->allow_only)
		return view_pair(
		    v, "ui", n->open_time[0] != 0 ? "allow_only_until" : "allow_only");
	if (n->sensitive)
		return careful;
	if (better != NULL && !v->tier.staff && speaks_of(v, first, "{category}") &&
	    view_shows(v, view_pair(v, "ui", better)))
		return view_pair(v, "ui", better);
	if (first != NULL && view_shows(v, first))
		return NULL;
	return careful != NULL ? careful : yaml_find(n->fallback, "body_sensitive");
}

/* Nobody opens what is locked, and no teacher what must not be named. */
static void narrow(struct view *v, const struct notice *n)
{
	const struct verdict_answer *answer = v->occasion->answer;

	if (answer == NULL || answer->locked)
		v->holds.review = v->holds.teacher = false;
	if (n->sensitive || (answer != NULL && !answer->openable))
		v->holds.teacher = false;
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

void notice_make(struct notice *n, struct view *v)
{
	const struct verdict_answer *answer = v->occasion->answer;
	struct texts_category category = {.page = "default"};

	*n = (struct notice){.variant = "default", .category = ""};
	if (answer != NULL) {
		view_clock_today(v, answer->opens_at_s, n->open_time);
		n->category = answer->category;
		n->sensitive = answer->sensitive;
		n->allow_only = answer->reason == VERDICT_BY_ALLOW_ONLY;
	}
	if (is_because(v, VERDICT_BY_BYPASS))
		n->variant = "bypass"; /* a canary: of no category */
	if (!n->allow_only && texts_find_category(v->texts, n->category, &category)) {
		n->variant = category.page;
		n->sensitive = n->sensitive || category.sensitive;
	}
	choose_by_time(n, answer);
	choose_page(n, v);
	narrow(v, n);
	if (!n->sensitive && !n->allow_only)
		facts_add(&v->facts, "category",
		    view_line(v, v->tier.staff ? category.name : category.child_label));
	add_facts(v, n);
	n->instead = choose_instead(v, n);
}
