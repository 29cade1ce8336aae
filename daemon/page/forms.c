#include "page/forms.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "page/pages.h"
#include "page/sheet_view.h"

enum {
	LOCATION_BYTES = 1024
};

static const struct sheet_form *const all_forms[] = {
    &sheet_review, &sheet_answer, &sheet_report, &sheet_open, &sheet_staff, &sheet_quick};

/* One request on its way through the desk. */
struct job {
	const struct pages *pages;
	struct forms_caller caller;
	struct addr peer;
	struct sheet sheet;
};

const struct sheet_form *forms_find(struct slice path)
{
	for (size_t i = 0; i < COUNT_OF(all_forms); i++) {
		if (slice_equal(path, slice_of(all_forms[i]->path)))
			return all_forms[i];
	}
	return NULL;
}

static uint64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* What was typed is nobody's after the answer. */
static void job_free(struct job *job)
{
	explicit_bzero(job, sizeof *job);
	free(job);
}

static void finish(struct job *job)
{
	struct occasion o = job->caller.occasion(job->caller.context);
	struct buf page = BUF_INIT(VIEW_MAX_BYTES);
	struct sheet *s = &job->sheet;
	char token[TOKEN_TEXT_BYTES];
	const struct forms_caller caller = job->caller;

	if (s->name_kept && sheet_shows_name(s, &o))
		s->name_kept = false;
	enum err rc = token_make(
	    token, &job->pages->token_key, slice_of(s->form->path), &job->peer, now_ms());
	s->token = token;
	if (rc == OK)
		sheet_write(s, &o, &page);
	unsigned status = sheet_status(s);
	job_free(job);
	if (rc == OK && buf_status(&page) == OK) {
		caller.send(caller.context, status, buf_slice(&page));
	} else {
		caller.send(caller.context, 503, SLICE_EMPTY);
	}
	if (page.ptr != NULL)
		explicit_bzero(page.ptr, page.cap);
	buf_deinit(&page);
}

static void give_back(struct job *job, enum sheet_trouble trouble)
{
	job->sheet.trouble = trouble;
	finish(job);
}

/* ---- what the desk says ---- */

static enum sheet_trouble trouble_of(const json_t *answer)
{
	static const struct {
		const char *why;
		enum sheet_trouble trouble;
	} words[] = {
	    {"too_many", SHEET_TOO_MANY},
	    {"too_long", SHEET_TOO_LONG},
	    {"refused", SHEET_REFUSED},
	    {"open", SHEET_OPEN},
	    {"closed", SHEET_SHUT},
	    {"name", SHEET_MISTAKEN},
	    {"wrong", SHEET_MISTAKEN},
	    {"locked", SHEET_LOCKED},
	    {"expired", SHEET_EXPIRED},
	    {"shared", SHEET_SHARED},
	    {"identity", SHEET_IDENTITY},
	};
	const char *why = desk_why(answer);

	for (size_t i = 0; i < COUNT_OF(words); i++) {
		if (strcmp(why, words[i].why) == 0)
			return words[i].trouble;
	}
	return SHEET_FAILED;
}

static void hear_refusal(struct job *job, const json_t *answer)
{
	json_int_t minutes = json_integer_value(json_object_get(answer, "minutes"));
	struct sheet *s = &job->sheet;

	s->trouble = trouble_of(answer);
	s->minutes =
	    minutes > 0 && minutes < 100000 ? (unsigned)minutes : SHEET_WAIT_MINUTES;
}

static void on_handed_in(void *context, const json_t *answer)
{
	struct job *job = context;
	struct sheet *s = &job->sheet;

	s->stage = SHEET_FILL;
	if (!desk_is_ok(answer)) {
		hear_refusal(job, answer);
		if (s->trouble == SHEET_MISTAKEN) /* it knows more of names than we */
			sheet_note_mistake(s, "name", "forms", "bad_site");
		s->ask_password = s->form->staff && s->trouble == SHEET_EXPIRED;
		finish(job);
		return;
	}
	s->stage = SHEET_DONE;
	if (!s->form->heard(s, answer)) {
		s->stage = SHEET_FILL;
		s->trouble = SHEET_FAILED;
	}
	finish(job);
}

static void hand_in(struct job *job)
{
	struct occasion o = job->caller.occasion(job->caller.context);
	struct sheet *s = &job->sheet;

	s->stage = SHEET_FILL;
	if (!s->form->check(s, &o)) {
		give_back(job, s->mistake_count > 0 ? SHEET_MISTAKEN : SHEET_FINE);
		return;
	}
	desk_ask_take(
	    job->pages->desk, DESK_FORM, s->form->question(s, &o), on_handed_in, job);
}

/* ---- who signs in ---- */

static bool is_second_step(const struct sheet *s)
{
	return slice_equal(sheet_typed(s, "step"), SLICE_LIT("2"));
}

/* The password is asked for again beside what was typed, where there was anything. */
static void ask_again(struct sheet *s)
{
	s->stage = is_second_step(s) ? SHEET_FILL : SHEET_SIGN_IN;
	s->ask_password = true;
}

static bool has_role(const struct sheet *s, const json_t *answer)
{
	const json_t *roles = json_object_get(answer, "roles");

	for (size_t i = 0; i < json_array_size(roles); i++) {
		const char *role = json_string_value(json_array_get(roles, i));
		for (size_t k = 0; role != NULL && s->form->roles[k] != NULL; k++) {
			if (strcmp(role, s->form->roles[k]) == 0)
				return true;
		}
	}
	return false;
}

static void on_signed_in(void *context, const json_t *answer)
{
	struct job *job = context;
	struct sheet *s = &job->sheet;

	sheet_copy(s->session, sizeof s->session, answer, "token");
	if (!desk_is_ok(answer) || s->session[0] == 0) {
		hear_refusal(job, answer);
		if (s->trouble == SHEET_MISTAKEN)
			s->trouble = SHEET_WRONG_PASSWORD;
		ask_again(s);
		finish(job);
		return;
	}
	s->ask_password = false;
	if (!has_role(s, answer)) {
		ask_again(s);
		give_back(job, SHEET_NO_ROLE);
	} else if (is_second_step(s)) {
		hand_in(job);
	} else {
		s->stage = SHEET_FILL;
		give_back(job, SHEET_FINE);
	}
}

static void sign_in(struct job *job)
{
	struct sheet *s = &job->sheet;
	struct slice user = sheet_typed(s, "user");
	struct slice password = form_value(&s->typed, "password"); /* not trimmed */

	sheet_need(s, "user");
	if (password.len == 0)
		sheet_note_mistake(s, "password", "forms", "missing");
	if (s->mistake_count > 0) {
		ask_again(s);
		give_back(job, SHEET_MISTAKEN);
		return;
	}
	desk_ask_take(job->pages->desk, DESK_SIGN_IN,
	    json_pack("{s:s,s:s%,s:s%,s:s}", "command", "sign-in", "user", user.ptr,
	        user.len, "password", password.ptr, password.len, "client", s->client),
	    on_signed_in, job);
}

/* ---- what was sent ---- */

static void read_session(struct sheet *s)
{
	struct slice session = sheet_typed(s, "session");

	if (session.len == 0 || session.len >= sizeof s->session)
		return;
	memcpy(s->session, session.ptr, session.len);
	s->session[session.len] = 0;
}

/* From the field, else from what the page kept, else from where the request came to. */
static void read_name(struct sheet *s, struct slice query, const char *about)
{
	struct slice typed = sheet_typed(s, "name"), kept = sheet_typed(s, "about"),
	             asked = head_query(query, "name");
	struct name_buf name;
	bool found;

	if (s->sent) {
		found = typed.len > 0 ? sheet_read_site(&name, typed)
		                      : sheet_read_site(&name, kept);
		s->name_kept = found && typed.len == 0;
	} else {
		found = asked.len > 0 ? sheet_read_site(&name, asked)
		                      : sheet_read_site(&name, slice_of(about));
		s->name_kept = found;
	}
	if (found)
		name_to_text(s->name, name_of(&name));
}

static bool was_shown(const struct job *job)
{
	return token_holds(&job->pages->token_key, form_value(&job->sheet.typed, "token"),
	    slice_of(job->sheet.form->path), &job->peer, now_ms());
}

static void take(struct job *job)
{
	struct sheet *s = &job->sheet;

	read_session(s);
	s->stage = SHEET_FILL;
	if (s->form->staff && s->session[0] == 0)
		ask_again(s);
	unsigned wait_s = limits_take_post(job->pages->limits, &job->peer, now_ms());
	if (wait_s > 0) {
		s->minutes = wait_s / 60 + 1;
		give_back(job, SHEET_TOO_MANY);
	} else if (!was_shown(job)) {
		give_back(job, SHEET_STALE);
	} else if (s->form->staff && s->session[0] == 0) {
		sign_in(job);
	} else {
		hand_in(job);
	}
}

/* Over TLS where the portal has a certificate that devices trust, and they can find it by
 * its name: then nobody on the Wi-Fi reads along. */
static bool redirect(struct job *job, const struct occasion *o)
{
	const struct config_pages *pages = &o->config->pages;
	const struct sheet *s = &job->sheet;
	struct buf location = BUF_INIT(LOCATION_BYTES);
	const struct forms_caller caller = job->caller;

	if (s->secure || s->sent || !o->by_name ||
	    pages->portal.certificate.file.text[0] == 0 || pages->listen_tls.count == 0)
		return false;
	buf_printf(&location, "https://%s", pages->portal.name.text);
	if (pages->listen_tls.items[0].addr.port != 443)
		buf_printf(&location, ":%u", pages->listen_tls.items[0].addr.port);
	buf_printf(&location, "%s?lang=%s", s->form->path,
	    o->language == LANGUAGE_EN ? "en" : "vi");
	if (s->name[0] != 0)
		buf_printf(&location, "&name=%s", s->name);
	bool made = buf_status(&location) == OK;
	if (made) {
		job_free(job);
		caller.redirect(caller.context, buf_cstr(&location));
	}
	buf_deinit(&location);
	return made;
}

static struct job *job_new(const struct pages *pages, const struct sheet_form *form,
    const struct http_exchange *x, const struct forms_caller *caller)
{
	struct job *job = calloc(1, sizeof *job);

	if (job == NULL)
		return NULL;
	job->pages = pages;
	job->caller = *caller;
	job->peer = *http_peer(x);
	job->sheet.form = form;
	job->sheet.sent = http_head(x)->method == HEAD_POST;
	job->sheet.secure = http_is_secure(x);
	addr_to_text(job->sheet.client, &job->peer);
	return job;
}

/* Whoever was still writing when the last one who answers left may send: the desk knows
 * better whether anybody takes it. */
static bool is_closed(const struct job *job, const struct occasion *o, bool sound)
{
	const struct sheet *s = &job->sheet;
	bool holds = s->form->holds(o->standing, desk_is_there(job->pages->desk));

	return !sheet_is_offered(s->form, o) ||
	    (!holds && !(s->sent && sound && was_shown(job)));
}

void forms_serve(const struct pages *pages, const struct sheet_form *form,
    const struct http_exchange *x, const char *about, const struct forms_caller *caller)
{
	struct job *job = job_new(pages, form, x, caller);

	if (job == NULL) {
		caller->send(caller->context, 503, SLICE_EMPTY);
		return;
	}
	struct occasion o = caller->occasion(caller->context);
	struct sheet *s = &job->sheet;
	bool sound = !s->sent || form_parse(&s->typed, http_body(x)) == OK;
	read_name(s, http_head(x)->query, about);
	s->stage = form->staff ? SHEET_SIGN_IN : SHEET_FILL;
	if (is_closed(job, &o, sound)) {
		s->stage = SHEET_CLOSED;
		finish(job);
	} else if (!sound) {
		give_back(job, SHEET_STALE);
	} else if (s->sent) {
		take(job);
	} else if (!redirect(job, &o)) {
		finish(job);
	}
}
