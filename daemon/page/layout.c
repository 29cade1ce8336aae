#include "page/layout.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const char *language_word(enum config_language language)
{
	return language == LANGUAGE_EN ? "en" : "vi";
}

/* The switch leads to the other language of the school, if it has two. */
static void write_switch(struct view *v)
{
	const struct config_languages *languages = &v->occasion->config->school.languages;
	enum config_language other =
	    v->voice.language == LANGUAGE_EN ? LANGUAGE_VI : LANGUAGE_EN;
	const char *word = language_word(other);
	bool has = false;

	for (size_t i = 0; i < languages->count; i++)
		has = has || languages->items[i] == other;
	if (!has)
		return;
	buf_printf(v->out, "<a class=\"lang\" lang=\"%s\" hreflang=\"%s\" href=\"?lang=%s",
	    word, word, word);
	if (v->about != NULL) {
		view_raw(v, "&amp;name=");
		view_escaped(v, v->about);
	}
	view_raw(v, "\">");
	view_escaped(v, view_line(v, view_pair(v, "ui", "btn_language")));
	view_raw(v, "</a>");
}

static void write_title(struct view *v, const struct yaml_node *title)
{
	view_raw(v, "<title>");
	view_element(v, "", title, " · ");
	view_escaped(v, view_line(v, view_pair(v, "ui", "product_name")));
	view_raw(v, "</title>");
}

static const char *body_class(const struct view *v)
{
	if (strcmp(v->tier_id, "preschool") == 0)
		return "young tiny";
	return view_is_young(v) ? "young" : "older";
}

/* The one time that queries are written down is told on every page (lachanctl diagnose). */
static void write_diagnosis(struct view *v)
{
	const struct verdict_answer *answer = v->occasion->answer;
	time_t until = answer == NULL ? 0 : (time_t)answer->diagnosed_until_s;
	struct tm local;
	char text[16];

	if (until <= (time_t)v->occasion->now_s || localtime_r(&until, &local) == NULL)
		return;
	(void)snprintf(
	    text, sizeof text, "%02d:%02d", local.tm_hour % 24, local.tm_min % 60);
	size_t known = v->facts.count;
	facts_add(&v->facts, "end_time", text);
	view_raw(v, "<section class=\"box\" role=\"note\">");
	view_elements(
	    v, "<p>", yaml_find(texts_section(v->texts, "notices"), "diagnostic"), "</p>");
	view_raw(v, "</section>");
	v->facts.count = known; /* of this notice alone */
}

enum scene layout_scene(const struct view *v)
{
	if (strcmp(v->tier_id, "preschool") == 0)
		return SCENE_PLAY;
	return v->tier.older ? SCENE_SHIELD : SCENE_MEADOW;
}

void layout_open(struct view *v, const struct yaml_node *title, enum scene scene)
{
	const struct look *look = v->occasion->look;

	buf_printf(v->out,
	    "<!doctype html>\n<html lang=\"%s\"><head><meta charset=\"utf-8\">"
	    "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
	    "<meta name=\"robots\" content=\"noindex\">",
	    language_word(v->voice.language));
	write_title(v, title);
	view_raw(v, "<style>");
	view_raw(v, look->style);
	buf_printf(v->out,
	    "</style></head><body class=\"%s%s%s\" id=\"top\"><div class=\"wrap\">"
	    "<header class=\"top\"><a class=\"brand\" ",
	    body_class(v), v->page_class != NULL ? " " : "",
	    v->page_class != NULL ? v->page_class : "");
	view_href(v, "/lachan/");
	view_raw(v, ">");
	view_raw(v, look->brand);
	view_escaped(v, view_line(v, view_pair(v, "ui", "product_name")));
	view_raw(v, "</a>");
	write_switch(v);
	view_raw(v, "</header><main>");
	write_diagnosis(v);
	view_raw(v, "<div class=\"card\">");
	view_raw(v, look->scenes[scene]);
	view_raw(v, "<div class=\"in\">");
}

void layout_end_card(struct view *v)
{
	view_raw(v, "</div></div>");
}

/* A number can be called and a letter written where the reader stands. */
static void write_contact(struct view *v, const char *key)
{
	const struct yaml_node *pair = view_pair(v, "ui", key);
	const char *value = facts_find(&v->facts, slice_of(key));
	bool is_phone = strcmp(key, "contact_phone") == 0;

	if (!is_phone && strcmp(key, "contact_email") != 0) {
		view_element(v, "<li>", pair, "</li>");
		return;
	}
	view_raw(v, is_phone ? "<li><a href=\"tel:" : "<li><a href=\"mailto:");
	for (const char *p = value; is_phone && *p != 0; p++) {
		if (*p == '+' || (*p >= '0' && *p <= '9'))
			buf_byte(v->out, (uint8_t)*p);
	}
	if (!is_phone)
		view_escaped(v, value);
	view_element(v, "\">", pair, "</a></li>");
}

void layout_contacts(struct view *v)
{
	static const char *const keys[] = {"contact_room", "contact_phone", "contact_zalo",
	    "contact_email", "contact_facebook"};
	/* Younger pupils are sent to a person and a telephone, not to an account. */
	size_t count = view_is_young(v) ? 2 : COUNT_OF(keys);
	bool begun = false;

	if (!view_is_student(v) || strcmp(v->tier_id, "preschool") == 0)
		return;
	for (size_t i = 0; i < count; i++) {
		if (!view_shows(v, view_pair(v, "ui", keys[i])))
			continue;
		if (!begun)
			view_raw(v, "<ul class=\"plain\">");
		begun = true;
		write_contact(v, keys[i]);
	}
	if (begun)
		view_raw(v, "</ul>");
}

void layout_help(struct view *v, const struct yaml_node *help, bool contacts_shown)
{
	view_raw(v, "<section class=\"box\" aria-labelledby=\"help\">");
	view_element(v, "<h2 id=\"help\">", view_pair(v, "ui", "help_title"), "</h2>");
	view_element(v, "<p>", help, "</p>");
	view_element(v,
	    "<a class=\"call\" href=\"tel:111\"><b aria-hidden=\"true\">111</b> <span>",
	    view_pair(v, "ui", "call_111"), "</span></a>");
	view_element(v, "<p>", view_pair(v, "ui", "hotline"), "</p>");
	if (!contacts_shown)
		layout_contacts(v);
	view_raw(v, "</section>");
}

/* Where a teacher opens a name; the line says by `needs:` when. */
static void write_sign_in(struct view *v, const struct yaml_node *pair)
{
	if (!view_shows(v, pair))
		return;
	view_raw(v, "<p><a class=\"button\" ");
	view_href(v, "/lachan/open");
	view_element(v, ">", pair, "</a></p>");
}

void layout_hand_over(struct view *v)
{
	const struct yaml_node *hand = texts_section(v->texts, "hand_over");
	const struct standing holds = v->holds;

	v->holds = v->occasion->standing; /* it reads the same whatever the category was */
	view_raw(v,
	    "<section class=\"box hand\" id=\"hand-over\" tabindex=\"-1\" aria-labelledby=\"hand-title\">");
	view_element(v, "<h2 id=\"hand-title\">", yaml_find(hand, "title"),
	    "</h2><div class=\"say\">");
	if (strcmp(v->tier_id, "preschool") == 0) {
		view_element(v, "<p>", yaml_find(hand, "preschool"), "</p>");
	} else {
		view_elements(v, "<p>", yaml_find(hand, "to_pupil"), "</p>");
	}
	view_raw(v, "</div>");
	view_element(v, "<h3>", yaml_find(hand, "teacher_title"), "</h3><ul>");
	view_elements(v, "<li>", yaml_find(hand, "to_teacher"), "</li>");
	view_raw(v, "</ul>");
	write_sign_in(v, yaml_find(hand, "sign_in"));
	view_element(v, "<p><a href=\"#top\">", yaml_find(hand, "close"), "</a></p>");
	view_raw(v, "</section>");
	v->holds = holds;
}

/* The promise that is true now: never the common one while queries are, or may be, written
 * down, which lasts until the record of a diagnosis is erased. */
static const char *privacy(const struct view *v)
{
	const struct verdict_answer *answer = v->occasion->answer;

	if (answer == NULL)
		return "privacy_unknown";
	if (answer->diagnosed_until_s > v->occasion->now_s)
		return "privacy_diagnostic";
	return answer->recorded ? "privacy_recorded" : "privacy_aggregate";
}

void layout_close(struct view *v, const struct yaml_node *reference)
{
	view_raw(v, "</main><footer>");
	if (!view_element(v, "<p>", view_pair(v, "ui", "footer"), "</p>"))
		view_element(v, "<p>", view_pair(v, "ui", "product_name"), "</p>");
	view_element(v, "<p>", v->privacy, "</p>");
	if (v->privacy == NULL || strcmp(privacy(v), "privacy_aggregate") != 0)
		view_element(v, "<p>", view_pair(v, "ui", privacy(v)), "</p>");
	view_element(v, "<p>", reference, "</p>");
	view_raw(v, "</footer></div></body></html>\n");
}
