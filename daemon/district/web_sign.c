/* Signing in and out. */
#include "district/web_pages.h"

#include <string.h>

#include "district/audit_book.h"
#include "district/config.h"
#include "district/district.h"
#include "district/web.h"
#include "district/web_cookie.h"
#include "district/web_people.h"
#include "kit/log.h"

enum {
	NEXT_MAX = 1024
};

/* Where to go after signing in: a path of ours, never another host ("//host", "/\host"). */
static const char *safe_next(const char *next)
{
	size_t len = next == NULL ? 0 : strlen(next);

	if (len == 0 || len > NEXT_MAX || next[0] != '/' || next[1] == '/' ||
	    next[1] == '\\')
		return "/";
	for (size_t i = 0; i < len; i++)
		if ((uint8_t)next[i] <= ' ' || (uint8_t)next[i] >= 0x7f || next[i] == '\\')
			return "/";
	return next;
}

struct notice {
	enum word word;
	bool shown;
	char minutes[16];
};

static void put_form(struct page *p, const char *next, const char *user)
{
	const struct page_field name = {.name = "user",
	    .label = WORD_USER,
	    .type = "text",
	    .value = user,
	    .autocomplete = "username",
	    .max_length = 64,
	    .required = true};
	const struct page_field password = {.name = "password",
	    .label = WORD_PASSWORD,
	    .type = "password",
	    .autocomplete = "current-password",
	    .max_length = ACCOUNT_PASSWORD_MAX,
	    .required = true};

	page_post_open(p, "/login");
	page_hidden(p, "next", next);
	page_field(p, &name);
	page_field(p, &password);
	page_button(p, NULL, NULL, WORD_SIGN_IN);
	page_form_close(p);
}

static void show(
    struct call *c, struct page *p, unsigned status, const struct notice *notice)
{
	const char *user = c->method == CALL_POST ? call_form(c, "user") : NULL;
	const char *next =
	    c->method == CALL_POST ? call_form(c, "next") : call_query(c, "next");
	const char *values[] = {notice->minutes, NULL};

	page_open(p, word_of(WORD_SIGN_IN, p->language));
	page_raw(p, "<div class=\"sign-in\">\n");
	page_title(p, word_of(WORD_SIGN_IN, p->language));
	if (notice->shown) {
		page_raw(p, "<div role=\"alert\">");
		page_paragraph(p, "warn", notice->word, values);
		page_raw(p, "</div>");
	}
	put_form(p, safe_next(next), user);
	page_paragraph(p, "note", WORD_SIGN_IN_WHY, NULL);
	page_raw(p, "</div>\n");
	web_finish_with(c, p, status);
}

void web_login_get(struct call *c)
{
	const struct notice none = {.shown = false};
	struct web *web = c->district->web;
	struct web_person person;
	struct page p;

	if (!web_enter_as_stranger(c, &p))
		return;
	if (c->config->users_file.text[0] == 0)
		web_refuse(c, &p, 403, WORD_REFUSED_TITLE, WORD_SIGN_IN_NO_USERS);
	else if (web_people_who(web->people, c->config->users_file.text, c->now.mono_ms,
	             web_cookie(c), &person))
		call_redirect(c, safe_next(call_query(c, "next")));
	else
		show(c, &p, 200, &none);
}

/* What stands in the record is where it came from: what was typed as a name may be a password. */
static void record_lock(struct call *c, const char *client)
{
	const struct audit_entry entry = {
	    .actor = "web", .action = "sign-in-locked", .scope = "all", .detail = client};
	struct diag why = {.text = ""};

	log_warn("web", "too many wrong passwords from %s: locked for a while", client);
	if (audit_book_write(c->district->state_dir, c->now.wall_s, &entry, &why) != OK)
		log_error("web", "the record cannot be written");
}

/* The name is written down only where it is an account's: what is typed may be a password. */
static void tell(struct call *c, enum web_sign_in result, const struct web_tried *tried)
{
	char client[ADDR_TEXT_MAX];

	addr_to_text(client, &c->peer);
	if (result == WEB_SIGN_IN_DONE)
		log_info("web", "%s signed in from %s", tried->person.name, client);
	else if (tried->lock_began)
		record_lock(c, client);
}

static void show_refused(
    struct call *c, struct page *p, enum web_sign_in result, const struct web_tried *tried)
{
	struct notice notice = {.shown = true, .word = WORD_SIGN_IN_WRONG};
	unsigned status = 403;

	if (result == WEB_SIGN_IN_LOCKED) {
		notice.word = WORD_SIGN_IN_LOCKED;
		(void)snprintf(notice.minutes, sizeof notice.minutes, "%u", tried->minutes);
		status = 429;
	} else if (result == WEB_SIGN_IN_BUSY) {
		notice.word = WORD_SIGN_IN_BUSY;
		status = 429;
		call_set_header(c, "Retry-After", "60");
	}
	show(c, p, status, &notice);
}

void web_login_post(struct call *c)
{
	const char *user = call_form(c, "user"), *password = call_form(c, "password");
	struct web *web = c->district->web;
	struct web_tried tried;
	struct page p;

	if (!web_enter_as_stranger(c, &p))
		return;
	if (c->config->users_file.text[0] == 0 || !web_form_is_ours(c, &p)) {
		web_refuse(c, &p, 403, WORD_REFUSED_TITLE, WORD_REFUSED_FORM);
		return;
	}
	const struct web_try try = {.users_file = c->config->users_file.text,
	    .user = user == NULL ? "" : user,
	    .password = slice_of(password == NULL ? "" : password),
	    .client = &c->peer,
	    .now_ms = c->now.mono_ms};
	enum web_sign_in result = web_people_sign_in(web->people, &try, &tried);
	tell(c, result, &tried);
	if (result == WEB_SIGN_IN_DONE) {
		web_cookie_set(c, tried.cookie);
		call_redirect(c, safe_next(call_form(c, "next")));
	} else if (result == WEB_SIGN_IN_FAILED) {
		web_fail(c, &p, ERR_MEMORY);
	} else {
		show_refused(c, &p, result, &tried);
	}
	seal_wipe(&tried, sizeof tried);
}

void web_logout_post(struct call *c)
{
	struct web *web = c->district->web;
	struct page p;

	if (!web_enter_as_stranger(c, &p))
		return;
	if (!web_form_is_ours(c, &p)) {
		web_refuse(c, &p, 403, WORD_REFUSED_TITLE, WORD_REFUSED_FORM);
		return;
	}
	web_people_sign_out(web->people, web_cookie(c));
	web_cookie_drop(c);
	call_redirect(c, "/login");
}
