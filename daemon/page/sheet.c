#include "page/sheet.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "dns/idn.h"
#include "page/field.h"

struct slice sheet_typed(const struct sheet *s, const char *name)
{
	struct slice value = slice_trim(form_value(&s->typed, name));

	return value.ptr != NULL ? value : SLICE_LIT("");
}

const struct yaml_node *sheet_error(
    const struct sheet *s, const struct view *v, const char *field)
{
	for (size_t i = 0; i < s->mistake_count; i++) {
		if (strcmp(s->mistakes[i].field, field) == 0)
			return view_pair(v, s->mistakes[i].section, s->mistakes[i].key);
	}
	return NULL;
}

void sheet_note_mistake(
    struct sheet *s, const char *field, const char *section, const char *key)
{
	if (s->mistake_count < SHEET_MISTAKES_MAX)
		s->mistakes[s->mistake_count++] =
		    (struct sheet_mistake){field, section, key};
}

void sheet_need(struct sheet *s, const char *field)
{
	if (sheet_typed(s, field).len == 0)
		sheet_note_mistake(s, field, "forms", "missing");
}

void sheet_copy(char *out, size_t size, const json_t *answer, const char *key)
{
	const char *text = json_string_value(json_object_get(answer, key));
	size_t len = text != NULL ? strlen(text) : 0;

	out[0] = 0;
	if (len > 0 && len < size)
		memcpy(out, text, len + 1);
}

/* Behind "https://", where there is such a thing. */
static struct slice skip_scheme(struct slice text)
{
	for (size_t i = 0; i + 3 <= text.len && strchr("/?#", text.ptr[i]) == NULL; i++) {
		if (memcmp(text.ptr + i, "://", 3) == 0)
			return (struct slice){text.ptr + i + 3, text.len - i - 3};
	}
	return text;
}

/* Up to the path, the query or the fragment. */
static struct slice cut_host(struct slice text)
{
	static const uint8_t ends[] = {'/', '?', '#'};
	struct slice rest = skip_scheme(text);

	for (size_t i = 0; i < sizeof ends; i++) {
		struct slice behind = rest;
		rest = slice_cut(&behind, ends[i]);
	}
	return rest;
}

/* Without "user@" and ":port". */
static struct slice cut_around(struct slice host)
{
	const uint8_t *at = host.len > 0 ? memrchr(host.ptr, '@', host.len) : NULL;

	if (at != NULL)
		host = (struct slice){at + 1, host.len - (size_t)(at + 1 - host.ptr)};
	const uint8_t *colon = host.len > 0 ? memchr(host.ptr, ':', host.len) : NULL;
	if (colon != NULL)
		host.len = (size_t)(colon - host.ptr);
	return host;
}

/* Letters of host names alone: what else DNS may hold, no page has. */
static bool is_plain(struct dname name)
{
	char text[NAME_TEXT_MAX];

	name_to_text(text, name);
	return strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == strlen(text);
}

bool sheet_read_site(struct name_buf *out, struct slice text)
{
	struct slice host = slice_trim(cut_around(cut_host(slice_trim(text))));
	struct addr address;
	struct name_buf name;

	if (host.len == 0 || memchr(host.ptr, '\\', host.len) != NULL ||
	    addr_from_text(&address, host, NULL) == OK ||
	    name_from_people(&name, host, NULL) != OK ||
	    name_label_count(name_of(&name)) < 2 || !is_plain(name_of(&name)))
		return false;
	*out = name;
	return true;
}

void sheet_write_site(const struct sheet *s, struct view *v, const struct yaml_node *label)
{
	const struct yaml_node *error = sheet_error(s, v, "name");
	struct slice typed = sheet_typed(s, "name");

	if (s->name_kept && error == NULL) {
		field_hidden(v, "about", slice_of(s->name));
		return;
	}
	const struct field f = {
	    .name = "name",
	    .label = label,
	    .error = error,
	    .value = typed.len > 0 ? typed : slice_of(s->name),
	    .attributes = " inputmode=\"url\" autocomplete=\"off\" autocapitalize=\"none\" "
	                  "spellcheck=\"false\"",
	    .max_chars = SHEET_SITE_CHARS,
	    .required = true,
	};
	field_line(v, &f, "text");
}

void sheet_write_link(struct view *v, const char *path, const struct yaml_node *label)
{
	view_raw(v, "<p class=\"buttons\"><a class=\"button\" ");
	view_href(v, path);
	view_element(v, ">", label, "</a></p>");
}

void sheet_write_code(const struct sheet *s, struct view *v)
{
	view_element(
	    v, "<p role=\"status\">", view_pair(v, s->form->section, "thanks"), "</p>");
	view_raw(v, "<p class=\"code\" aria-hidden=\"true\">");
	view_escaped(v, s->code);
	view_raw(v, "</p>");
	view_element(v, "<p>", view_pair(v, "forms", "keep_code"), "</p>");
	sheet_write_link(v, sheet_answer.path, view_pair(v, "review_answer", "title"));
}

const char *sheet_tier(const struct occasion *o)
{
	return o->config->tiers.items[view_tier_index(o)].name.text;
}

static bool read_part(struct slice text, unsigned digits, uint64_t most, uint64_t *out)
{
	return text.len > 0 && text.len <= digits && slice_to_u64(text, most, out);
}

bool sheet_read_date(char out[SHEET_DATE_BYTES], struct slice text, int64_t now_s)
{
	bool written = memchr(text.ptr, '/', text.len) != NULL;
	uint8_t between = written ? '/' : '-';
	struct slice rest = text;
	struct slice first = slice_cut(&rest, between),
	             month_text = slice_cut(&rest, between);
	uint64_t year, month, day;
	time_t now = (time_t)now_s;
	struct tm today;

	if (!read_part(written ? rest : first, 4, 9999, &year) ||
	    !read_part(month_text, 2, 12, &month) ||
	    !read_part(written ? first : rest, 2, 31, &day) || year < 2000 || month == 0 ||
	    day == 0 || localtime_r(&now, &today) == NULL)
		return false;
	struct tm noon = {.tm_year = (int)year - 1900,
	    .tm_mon = (int)month - 1,
	    .tm_mday = (int)day,
	    .tm_hour = 12,
	    .tm_isdst = -1};
	today.tm_hour = 12;
	time_t then = mktime(&noon), limit = mktime(&today);
	if (noon.tm_mday != (int)day || then > limit + 3600 ||
	    then < limit - (time_t)366 * 24 * 3600)
		return false; /* 31/02 has become another day */
	(void)snprintf(out, SHEET_DATE_BYTES, "%04u-%02u-%02u", (unsigned)year,
	    (unsigned)month, (unsigned)day);
	return true;
}

void sheet_write_sign_in(const struct sheet *s, struct view *v)
{
	const struct field user = {
	    .name = "user",
	    .label = view_pair(v, "sign_in", "user"),
	    .error = sheet_error(s, v, "user"),
	    .value = sheet_typed(s, "user"),
	    .attributes = " autocomplete=\"username\" autocapitalize=\"none\" "
	                  "spellcheck=\"false\"",
	    .max_chars = SHEET_SHORT_CHARS,
	    .required = true,
	};
	const struct field password = {
	    .name = "password",
	    .label = view_pair(v, "sign_in", "password"),
	    .error = sheet_error(s, v, "password"),
	    .max_chars = SHEET_SITE_CHARS,
	    .required = true,
	};

	field_line(v, &user, "text");
	field_password(v, &password);
}

void sheet_write_session(const struct sheet *s, struct view *v)
{
	field_hidden(v, "step", SLICE_LIT("2"));
	if (s->ask_password) {
		sheet_write_sign_in(s, v);
	} else {
		field_hidden(v, "session", slice_of(s->session));
	}
}
