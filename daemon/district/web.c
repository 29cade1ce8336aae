#include "district/web.h"

#include <string.h>

#include "accounts/accounts.h"
#include "district/config.h"
#include "district/district.h"
#include "district/web_access.h"
#include "district/web_cookie.h"
#include "district/web_people.h"
#include "kit/local_time.h"
#include "kit/log.h"

enum {
	ADDRESS_MAX = 2048,
	PAGE_INDEX_MAX = 100000
};

/* Scripts, styles and pictures of our own; forms to ourselves; nobody frames us. */
#define POLICY                                                                      \
	"default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; " \
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

const char *web_query(struct call *c, const char *name)
{
	const char *value = call_query(c, name);

	return value == NULL ? "" : value;
}

size_t web_query_page(struct call *c)
{
	uint64_t page = 0;

	if (!slice_to_u64(slice_of(web_query(c, "page")), PAGE_INDEX_MAX, &page) ||
	    page == 0)
		return 0;
	return (size_t)(page - 1);
}

int32_t web_today(const struct call *c)
{
	return day_at(c->now.wall_s, local_offset_s(NULL, c->now.wall_s));
}

static struct web *web_of(const struct call *c)
{
	return c->district->web;
}

enum err web_tree(struct call *c, int32_t day, struct tree **out)
{
	return trees_at(
	    web_of(c)->trees, c->store, day == DAY_FOREVER ? web_today(c) : day, out);
}

/* ---- who reads, in which language ---- */

static bool speaks(const struct call *c, enum language language)
{
	const struct district_languages *ours = &c->config->department.languages;

	for (size_t i = 0; i < ours->count; i++)
		if (ours->items[i] == language)
			return true;
	return ours->count == 0;
}

static enum language first_language(const struct call *c)
{
	const struct district_languages *ours = &c->config->department.languages;

	return ours->count > 0 ? ours->items[0] : LANGUAGE_VI;
}

/* ?lang= now and from now on; else what was chosen before; else what the browser asks for. */
static enum language choose_language(struct call *c)
{
	enum language language = first_language(c);

	if (language_of(slice_of(web_query(c, "lang")), &language) && speaks(c, language)) {
		web_cookie_set_language(c, language);
		return language;
	}
	if (language_of(slice_of(call_cookie(c, WEB_COOKIE_LANGUAGE)), &language) &&
	    speaks(c, language))
		return language;
	language =
	    language_choose(slice_of(call_header(c, "Accept-Language")), first_language(c));
	return speaks(c, language) ? language : first_language(c);
}

/* Path and query as they may stand in a link of this page, without `lang`. */
static const char *address_of(struct call *c)
{
	static const char *const names[] = {"period", "from", "to", "by", "unit", "q",
	    "page", "list", "category", "state", "compare", "next", "year", "kind"};
	struct buf out = BUF_INIT(ADDRESS_MAX);
	char separator = '?';

	buf_text(&out, c->path);
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		const char *value = call_query(c, names[i]);
		if (value == NULL)
			continue;
		buf_byte(&out, (uint8_t)separator);
		buf_text(&out, names[i]);
		buf_byte(&out, '=');
		call_encode(&out, value);
		separator = '&';
	}
	const char *address =
	    buf_status(&out) == OK ? arena_text(c->memory, buf_slice(&out)) : NULL;
	buf_deinit(&out);
	return address == NULL ? "/" : address;
}

static void begin_page(struct call *c, enum page_section section, struct page *p)
{
	*p = (struct page){.out = &c->out,
	    .language = choose_language(c),
	    .offset_s = local_offset_s(NULL, c->now.wall_s),
	    .department = c->config->department.name.text,
	    .address = address_of(c),
	    .here = section,
	    .csrf = ""};
}

static const char *keep(struct call *c, const char *text)
{
	const char *kept = arena_text(c->memory, slice_of(text));

	return kept == NULL ? "" : kept;
}

static bool give_token(struct call *c, struct page *p, const char *cookie)
{
	char token[WEB_FORM_TEXT_BYTES];

	if (web_people_form_token(web_of(c)->people, cookie, token) != OK)
		return false;
	p->csrf = keep(c, token);
	return true;
}

/* "localhost", "127.0.0.1:8090", "[::1]:8090": a name that only this machine has. */
static bool is_this_machine(const char *host)
{
	static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		size_t len = strlen(names[i]);
		if (strncmp(host, names[i], len) == 0 &&
		    (host[len] == 0 || host[len] == ':'))
			return true;
	}
	return false;
}

static bool is_demo(struct call *c)
{
	return c->config->users_file.text[0] == 0 && addr_is_loopback(&c->peer) &&
	    !c->forwarded && is_this_machine(call_header(c, "Host"));
}

/* The roles of who reads; 0: nobody we know. Fills user, demo, sections and csrf. */
static unsigned recognise(struct call *c, struct page *p)
{
	const char *cookie = web_cookie(c);
	struct web_person person;
	unsigned roles = 0;

	if (is_demo(c)) {
		cookie = web_cookie_ensure(c);
		p->demo = true;
		roles = WEB_OPERATOR;
	} else if (web_people_who(web_of(c)->people, c->config->users_file.text,
	               c->now.mono_ms, cookie, &person)) {
		p->user = keep(c, person.name);
		roles = person.roles;
	}
	if (roles == 0 || !give_token(c, p, cookie))
		return 0;
	p->sections = web_access_sections(roles);
	p->operator=(roles & WEB_OPERATOR) != 0;
	return roles;
}

/* ---- in ---- */

static void send_to_sign_in(struct call *c, struct page *p)
{
	struct buf to = BUF_INIT(ADDRESS_MAX * 3);

	if (c->config->users_file.text[0] == 0) {
		web_refuse(c, p, 403, WORD_REFUSED_TITLE, WORD_SIGN_IN_NO_USERS);
		return;
	}
	buf_text(&to, "/login?next=");
	call_encode(&to, p->address);
	call_redirect(c, buf_status(&to) == OK ? buf_cstr(&to) : "/login");
	buf_deinit(&to);
}

static bool enter(struct call *c, unsigned wanted, struct page *p)
{
	unsigned roles = recognise(c, p);

	if (roles == 0) {
		if (c->method == CALL_GET)
			send_to_sign_in(c, p);
		else
			web_refuse(c, p, 403, WORD_REFUSED_TITLE, WORD_REFUSED_FORM);
		return false;
	}
	if ((roles & wanted) == 0) {
		web_refuse(c, p, 403, WORD_REFUSED_TITLE, WORD_REFUSED_ROLE);
		return false;
	}
	return true;
}

bool web_enter(struct call *c, enum page_section section, struct page *p)
{
	begin_page(c, section, p);
	return enter(c, web_access_roles(section), p);
}

/* What browsers say about who asks; those that say nothing are held by the token alone. */
static bool comes_from_elsewhere(struct call *c)
{
	const char *site = call_header(c, "Sec-Fetch-Site");

	return *site != 0 && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0;
}

bool web_form_is_ours(struct call *c, const struct page *p)
{
	const char *given = call_form(c, "csrf");

	return given != NULL && web_form_token_fits(p->csrf, given) &&
	    !comes_from_elsewhere(c);
}

bool web_enter_to_change(struct call *c, enum page_section section, struct page *p)
{
	begin_page(c, section, p);
	if (!enter(c, web_access_roles(section) & WEB_OPERATOR, p))
		return false;
	if (!web_form_is_ours(c, p)) {
		web_refuse(c, p, 403, WORD_REFUSED_TITLE, WORD_REFUSED_FORM);
		return false;
	}
	return true;
}

bool web_may_change(const struct page *p)
{
	return p->operator;
}

bool web_enter_as_stranger(struct call *c, struct page *p)
{
	begin_page(c, SECTION_NONE, p);
	if (give_token(c, p, web_cookie_ensure(c)))
		return true;
	web_fail(c, p, ERR_MEMORY);
	return false;
}

/* ---- out ---- */

void web_open(struct page *p, enum word title)
{
	page_open(p, word_of(title, p->language));
	page_title(p, word_of(title, p->language));
}

void web_finish_with(struct call *c, struct page *p, unsigned status)
{
	page_close(p);
	if (buf_status(p->out) != OK) {
		call_refuse(c, 503, "too-large", "the page does not fit");
		return;
	}
	call_set_header(c, "Content-Security-Policy", POLICY);
	call_set_header(c, "Vary", "Accept-Language, Cookie");
	call_reply(c, status, "text/html; charset=utf-8");
}

void web_finish(struct call *c, struct page *p)
{
	web_finish_with(c, p, 200);
}

void web_refuse(
    struct call *c, struct page *p, unsigned status, enum word title, enum word sentence)
{
	buf_reset(p->out);
	web_open(p, title);
	page_paragraph(p, "warn", sentence, NULL);
	web_finish_with(c, p, status);
}

void web_fail(struct call *c, struct page *p, enum err rc)
{
	const char *why = c->store == NULL ? "" : store_why(c->store);

	log_warn("web", "%s: %s; the reader is asked to come again", c->path,
	    *why != 0 ? why : err_text(rc));
	call_set_header(c, "Retry-After", "60");
	web_refuse(c, p, 503, WORD_STORE_TITLE, WORD_STORE_FAILED);
}
