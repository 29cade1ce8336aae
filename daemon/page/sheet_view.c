#include "page/sheet_view.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "page/field.h"
#include "page/layout.h"

struct told {
	const char *section; /* NULL: the form's own */
	const char *key;
	unsigned status;
};

static const struct told troubles[SHEET_TROUBLES] = {
    [SHEET_FINE] = {"forms", "", 200},
    [SHEET_STALE] = {"forms", "stale", 403},
    [SHEET_MISTAKEN] = {"forms", "look_again", 422},
    [SHEET_FAILED] = {"forms", "failed", 503},
    [SHEET_TOO_MANY] = {"forms", "too_many", 429},
    [SHEET_TOO_LONG] = {"forms", "too_long", 422},
    [SHEET_REFUSED] = {NULL, "refused", 403},
    [SHEET_OPEN] = {"review_form", "open_now", 409},
    [SHEET_SHUT] = {"forms", "closed", 503},
    [SHEET_WRONG_PASSWORD] = {"sign_in", "wrong", 403},
    [SHEET_NO_ROLE] = {"sign_in", "no_role", 403},
    [SHEET_LOCKED] = {"sign_in", "locked", 429},
    [SHEET_EXPIRED] = {"sign_in", "expired", 403},
    [SHEET_SHARED] = {"staff_form", "shared", 403},
    [SHEET_IDENTITY] = {"quick_report_form", "looks_personal", 422},
};

unsigned sheet_status(const struct sheet *s)
{
	return s->stage == SHEET_CLOSED ? 404 : troubles[s->trouble].status;
}

bool sheet_is_offered(const struct sheet_form *form, const struct occasion *o)
{
	struct view v;

	view_begin(&v, o, NULL);
	return form->staff || strcmp(v.tier_id, "preschool") != 0;
}

bool sheet_shows_name(const struct sheet *s, const struct occasion *o)
{
	struct view v;

	if (s->form->staff)
		return s->stage == SHEET_FILL || s->stage == SHEET_DONE;
	view_begin(&v, o, NULL);
	return v.tier.show_domain && o->answer != NULL && o->answer->name_shown;
}

/* Whoever signs in is a grown-up, on a pupil's device too. */
static void begin(
    struct view *v, const struct sheet *s, const struct occasion *o, struct buf *out)
{
	struct texts_tier staff;

	view_begin(v, o, out);
	v->privacy = view_pair(v, "forms", "privacy");
	if (!s->form->staff || !texts_find_tier(v->texts, "staff", &staff))
		return;
	v->tier = staff;
	v->tier_id = "staff";
	v->voice.older = true;
	v->privacy = view_pair(v, "sign_in", "privacy");
}

static void write_111(struct view *v)
{
	view_element(v,
	    "<a class=\"call\" href=\"tel:111\"><b aria-hidden=\"true\">111</b><span>",
	    view_pair(v, "ui", "call_111"), "</span></a>");
}

/* Does it need a person who helps at once? */
static bool has_failed(const struct sheet *s)
{
	return s->trouble == SHEET_FAILED || s->trouble == SHEET_TOO_MANY ||
	    s->trouble == SHEET_REFUSED || s->trouble == SHEET_SHUT;
}

static void tell_minutes(struct view *v, const char *minutes)
{
	for (size_t i = 0; i < v->facts.count; i++) {
		if (strcmp(v->facts.items[i].name, "minutes") == 0)
			v->facts.items[i].value = minutes;
	}
}

static void write_trouble(const struct sheet *s, struct view *v)
{
	const struct told *told = &troubles[s->trouble];
	const char *section = told->section != NULL ? told->section : s->form->section;
	char wait[16];

	if (s->trouble == SHEET_FINE)
		return;
	/* How long to wait; below it the form says how long a teacher opens. */
	(void)snprintf(wait, sizeof wait, "%u", s->minutes);
	if (s->minutes > 0)
		tell_minutes(v, wait);
	view_raw(v, "<div class=\"alert\" role=\"alert\">");
	view_element(v, "<h2>", view_pair(v, "forms", "look_title"), "</h2>");
	view_element(v, "<p>", view_pair(v, section, told->key), "</p>");
	view_raw(v, "</div>");
	tell_minutes(v, v->minutes);
}

/* Before the first field: a person and 111, where others could read along. */
static void write_caution(const struct sheet *s, struct view *v)
{
	if (s->form->staff) {
		if (!s->secure && (s->stage == SHEET_SIGN_IN || s->ask_password))
			view_element(v, "<p class=\"heed\">",
			    view_pair(v, "forms", "wifi_warning_sign_in"), "</p>");
		return;
	}
	if (!s->secure || has_failed(s))
		write_111(v);
	if (!s->secure)
		view_element(
		    v, "<p class=\"heed\">", view_pair(v, "forms", "wifi_warning"), "</p>");
}

static void write_closed(const struct sheet *s, struct view *v)
{
	if (s->form->staff) {
		view_element(v, "<p>", view_pair(v, "sign_in", "no_account"), "</p>");
		return;
	}
	view_element(v, "<p>", view_pair(v, "forms", "closed"), "</p>");
	write_111(v);
}

static void write_sign_in(const struct sheet *s, struct view *v)
{
	view_element(v, "<p>", view_pair(v, "sign_in", "intro"), "</p>");
	field_begin_form(v, s->form->path, s->token);
	if (s->name[0] != 0)
		field_hidden(v, "about", slice_of(s->name));
	sheet_write_sign_in(s, v);
	field_end_form(v, view_pair(v, "sign_in", "submit"));
	view_element(
	    v, "<p class=\"quiet\">", view_pair(v, "sign_in", "no_account"), "</p>");
}

static void write_stage(const struct sheet *s, struct view *v)
{
	switch (s->stage) {
	case SHEET_SIGN_IN:
		write_trouble(s, v);
		write_caution(s, v);
		write_sign_in(s, v);
		break;
	case SHEET_FILL:
		write_trouble(s, v);
		view_element(v, "<p class=\"heed urgent\">",
		    view_pair(v, s->form->section, "urgent"), "</p>");
		write_caution(s, v);
		s->form->write(s, v);
		break;
	case SHEET_DONE:
		s->form->write_done(s, v);
		break;
	case SHEET_CLOSED:
	default:
		write_closed(s, v);
		break;
	}
}

/* What the lines of this page may name. */
struct named {
	char end_time[VIEW_CLOCK_BYTES];
	char group[128];
};

/* "17:45"; the end of this day is "24:00". Of the answer to a review, which says "today", only
 * what is today's. */
static void tell_end(
    const struct sheet *s, const struct view *v, char out[VIEW_CLOCK_BYTES])
{
	time_t until = (time_t)s->until_s;
	struct tm local;

	if (s->form == &sheet_answer) {
		view_clock_today(v, s->until_s, out);
		return;
	}
	out[0] = 0;
	if (until > (time_t)v->occasion->now_s && localtime_r(&until, &local) != NULL &&
	    strftime(out, VIEW_CLOCK_BYTES, "%H:%M", &local) == 0)
		out[0] = 0;
	if (strcmp(out, "00:00") == 0)
		memcpy(out, "24:00", sizeof "24:00");
}

static void add_facts(const struct sheet *s, struct view *v, struct named *n)
{
	struct slice group = sheet_typed(s, "group");

	tell_end(s, v, n->end_time);
	facts_add(&v->facts, "end_time", n->end_time);
	facts_add(&v->facts, "code", s->code);
	facts_add(&v->facts, "note", s->note);
	if (s->stage == SHEET_DONE && sheet_shows_name(s, v->occasion))
		facts_add(&v->facts, "domain", s->name);
	if (group.len > 0 && group.len < sizeof n->group) {
		memcpy(n->group, group.ptr, group.len);
		n->group[group.len] = 0;
		facts_add(&v->facts, "group", n->group);
	}
}

void sheet_write(const struct sheet *s, const struct occasion *o, struct buf *out)
{
	struct view v;
	struct named named = {.end_time = ""};
	const struct yaml_node *title;

	begin(&v, s, o, out);
	title = view_pair(&v, s->form->section, "title");
	if (s->name[0] != 0 && sheet_shows_name(s, o) && !s->form->staff)
		v.about = s->name;
	layout_open(&v, title, SCENE_NONE);
	add_facts(
	    s, &v, &named); /* behind the notice of a diagnosis, which has a time, too */
	view_element(&v, "<h1>", title, "</h1>");
	write_stage(s, &v);
	layout_end_card(&v);
	layout_help(&v, NULL, false);
	layout_close(&v, NULL);
}
