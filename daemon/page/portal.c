#include "page/portal.h"

#include <string.h>

#include "page/layout.h"
#include "page/notice.h"
#include "page/portal_lists.h"
#include "page/poster.h"
#include "page/warning.h"

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
	    {"poster", PORTAL_POSTER},
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

static const struct yaml_node *portal_pair(const struct view *v, const char *key)
{
	return view_pair(v, "portal", key);
}

static const struct yaml_node *status_pair(const struct view *v, const char *key)
{
	return view_pair(v, "status", key);
}

static void write_link(struct view *v, const char *path, const struct yaml_node *pair)
{
	view_raw(v, "<li><a ");
	view_href(v, path);
	view_element(v, ">", pair, "</a></li>");
}

static bool is_tiny(const struct view *v)
{
	return strcmp(v->tier_id, "preschool") == 0;
}

/* What people of the house answer; each only while somebody does. */
static void write_form_links(struct view *v)
{
	const struct standing holds = v->holds;

	if (holds.review && !is_tiny(v))
		write_link(v, "/lachan/review", view_pair(v, "review_form", "title"));
	if (holds.report && !is_tiny(v))
		write_link(v, "/lachan/report", view_pair(v, "report_form", "title"));
	if ((holds.review || holds.report) && !is_tiny(v))
		write_link(v, "/lachan/answer", view_pair(v, "review_answer", "title"));
	if (holds.teacher && v->tier.staff) {
		write_link(v, "/lachan/open", view_pair(v, "open_form", "title"));
		write_link(v, "/lachan/quick", view_pair(v, "quick_report_form", "title"));
	}
	if (holds.teacher)
		write_link(v, "/lachan/staff", view_pair(v, "ui", "btn_staff_sign_in"));
}

/* The other pages of the portal. */
static void write_links(struct view *v, enum portal_page here)
{
	view_raw(v, "<nav class=\"box\"><ul class=\"links\">");
	if (here != PORTAL_FIRST)
		write_link(v, "/lachan/", portal_pair(v, "btn_first"));
	if (here != PORTAL_HELP)
		write_link(v, "/lachan/help", portal_pair(v, "btn_help"));
	if (here != PORTAL_SITES && !is_tiny(v))
		write_link(v, "/lachan/sites", portal_pair(v, "sites_title"));
	if (here != PORTAL_WHY)
		write_link(v, "/lachan/why", portal_pair(v, "btn_why"));
	if (here != PORTAL_STATUS)
		write_link(v, "/lachan/status", status_pair(v, "title"));
	write_form_links(v);
	if (v->tier.staff)
		write_link(v, "/lachan/poster", portal_pair(v, "btn_poster"));
	view_raw(v, "</ul></nav>");
}

static bool is_paused(const struct view *v)
{
	return v->occasion->answer != NULL &&
	    v->occasion->answer->paused_until_s > v->occasion->now_s;
}

static bool is_trial(const struct view *v)
{
	return v->occasion->answer != NULL && v->occasion->answer->trial;
}

/* A device that found us by a name has asked our DNS for it. One that came by address may
 * use another filter, or none: that is not known. */
static const char *protection(const struct view *v)
{
	if (!v->occasion->by_name || v->occasion->answer == NULL)
		return "unknown";
	return is_paused(v) || is_trial(v) ? "partly" : "protected";
}

static void write_first(struct view *v)
{
	const struct yaml_node *title = portal_pair(v, "title");

	if (!view_shows(v, title))
		title = view_pair(v, "ui", "product_name");
	view_element(v, "<h1>", title, "</h1>");
	view_element(v, "<p>", portal_pair(v, "intro"), "</p>");
	view_element(v, "<p><strong>", status_pair(v, protection(v)), "</strong></p>");
}

/* Below a blocked name, "why" is about that name. */
static bool is_blocked_here(const struct view *v)
{
	const struct verdict_answer *answer = v->occasion->answer;

	return answer != NULL && answer->blocked && v->occasion->domain[0] != 0 &&
	    !is_tiny(v);
}

/* The first line of its warning page, and no more than that page tells. */
static void write_reason(struct view *v)
{
	struct notice n;
	const size_t known = v->facts.count;
	const struct standing holds = v->holds;

	notice_make(&n, v);
	warning_write_first_line(v, &n);
	v->facts.count = known;
	v->holds = holds;
}

static void write_why(struct view *v)
{
	view_element(v, "<h1>", portal_pair(v, "why_title"), "</h1>");
	if (is_blocked_here(v))
		write_reason(v);
	view_elements(v, "<p>", portal_pair(v, "why"), "</p>");
}

/* A line that says until when; nothing when that is not today. */
static void write_until(struct view *v, const char *key, int64_t until_s)
{
	char end_time[VIEW_CLOCK_BYTES];
	size_t known = v->facts.count;

	view_clock_today(v, until_s, end_time);
	facts_add(&v->facts, "end_time", end_time);
	view_element(v, "<p>", status_pair(v, key), "</p>");
	v->facts.count = known; /* of this line alone */
}

static void write_state(struct view *v, const struct verdict_answer *answer)
{
	write_until(v, "staff_until", answer->staff_until_s);
	if (answer->staff_until_s > v->occasion->now_s && v->holds.teacher) {
		view_raw(v, "<p><a ");
		view_href(v, "/lachan/staff");
		view_element(v, ">", view_pair(v, "staff_form", "end_now"), "</a></p>");
	}
	if (answer->by_default && answer->staff_until_s <= v->occasion->now_s)
		view_element(v, "<p>", status_pair(v, "by_default"), "</p>");
	write_until(v, "paused", answer->paused_until_s);
	if (answer->trial)
		view_element(v, "<p>", status_pair(v, "trial"), "</p>");
}

static void write_status(struct view *v)
{
	const char *state = protection(v);

	view_element(v, "<h1>", status_pair(v, state), "</h1>");
	if (strcmp(state, "unknown") != 0)
		view_element(v, "<p>", status_pair(v, "protected_why"), "</p>");
	if (v->occasion->answer != NULL)
		write_state(v, v->occasion->answer);
	view_element(v, "<p>", status_pair(v, "limits"), "</p>");
	if (strcmp(state, "unknown") != 0)
		return;
	view_raw(v, "<p><a href=\"http://");
	view_escaped(v, v->occasion->config->pages.portal.name.text);
	view_element(v, "/lachan/status\">", status_pair(v, "check"), "</a></p>");
	view_element(v, "<p class=\"quiet\">", status_pair(v, "check_note"), "</p>");
}

static void write_help(struct view *v)
{
	view_element(v, "<h1>", view_pair(v, "ui", "help_title"), "</h1>");
	portal_write_helplines(v);
	view_element(v, "<p>", view_pair(v, "ui", "hotline"), "</p>");
	layout_contacts(v);
}

static void write_sites(struct view *v)
{
	view_element(v, "<h1>", portal_pair(v, "sites_title"), "</h1>");
	if (is_tiny(v)) {
		view_element(v, "<p>", portal_pair(v, "sites_none"), "</p>");
		return;
	}
	view_element(v, "<p>", portal_pair(v, "sites_intro"), "</p>");
	portal_write_sites(v);
}

static void write_closed(struct view *v)
{
	view_element(v, "<h1>", view_pair(v, "ui", "help_title"), "</h1>");
	view_element(v, "<p>", view_pair(v, "forms", "closed"), "</p>");
}

static const struct yaml_node *title_of(const struct view *v, enum portal_page page)
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
	case PORTAL_POSTER: /* has written its own */
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
	case PORTAL_POSTER:
	case PORTAL_NOT_HERE:
	default:
		view_element(v, "<h1>", portal_pair(v, "not_here"), "</h1>");
		break;
	}
}

static enum scene scene_of(const struct view *v, enum portal_page page)
{
	if (page == PORTAL_HELP)
		return SCENE_COMPANY;
	return page == PORTAL_SITES && !is_tiny(v) ? SCENE_BOOK : layout_scene(v);
}

void portal_write(struct buf *out, const struct occasion *occasion, enum portal_page page)
{
	struct view v;

	if (page == PORTAL_POSTER) {
		poster_write(out, occasion);
		return;
	}
	view_begin(&v, occasion, out);
	layout_open(&v, title_of(&v, page), scene_of(&v, page));
	write_text(&v, page);
	layout_end_card(&v);
	write_links(&v, page);
	if (page != PORTAL_HELP)
		layout_help(&v, NULL, false);
	layout_close(&v, NULL);
}
