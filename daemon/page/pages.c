#include "page/pages.h"

#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "page/busy.h"
#include "page/forms.h"
#include "page/gzip.h"
#include "page/portal.h"
#include "page/warning.h"

enum {
	ASK_TIMES = 10 /* ASK_WAIT_MS each, where much depends on the answer */
};

/* Whom the Host header means. */
enum target {
	TARGET_NAME,   /* a name that is, or was, blocked */
	TARGET_PORTAL, /* the portal's name, or one of our addresses */
	TARGET_UNSOUND /* no name that DNS could have answered */
};

struct request {
	struct pages *pages;
	struct http_exchange *exchange;
	enum target target;
	bool is_portal_page;
	enum portal_page portal_page;
	bool by_name;
	bool gzip;
	enum config_language language;
	bool language_chosen;
	char domain[NAME_TEXT_MAX];
	const struct sheet_form *form; /* NULL: it is for no form */
	struct name_buf asked;
	unsigned times; /* it was asked */
	/* Of a form, which may take the desk's time. */
	bool has_answer;
	struct verdict_answer answer;
};

static const char *const language_words[] = {"vi", "en"};

bool pages_may_ask(void *context, const struct addr *peer)
{
	const struct pages *pages = context;

	return allow_has(&pages->config->server.allow, &pages->local, peer);
}

static bool is_address(struct slice host)
{
	struct addr addr;

	if (host.len > 0 && host.ptr[0] == '[')
		return true;
	return addr_from_text(&addr, host, NULL) == OK;
}

static enum target find_target(
    const struct pages *pages, struct slice host, struct name_buf *name)
{
	static const struct slice loopback = {(const uint8_t *)"localhost", 9};

	if (host.len == 0 || is_address(host) || slice_equal_nocase(host, loopback))
		return TARGET_PORTAL;
	/* A backslash is the presentation form's, never a browser's. */
	if (memchr(host.ptr, '\\', host.len) != NULL ||
	    name_from_text(name, host, NULL) != OK)
		return TARGET_UNSOUND;
	if (name_equal(name_of(name), pages->config->pages.portal.name.name))
		return TARGET_PORTAL;
	return TARGET_NAME;
}

static void choose_language(struct request *r, const struct head *head)
{
	const struct config_languages *languages = &r->pages->config->school.languages;
	const char *words[COUNT_OF(language_words)];
	size_t count = 0;
	struct slice chosen = head_query(head->query, "lang");

	for (size_t i = 0; i < languages->count && count < COUNT_OF(words); i++) {
		words[count++] = language_words[languages->items[i]];
		if (slice_equal(chosen, slice_of(words[count - 1]))) {
			r->language = languages->items[i];
			r->language_chosen = true;
		}
	}
	if (!r->language_chosen) {
		r->language =
		    languages
		        ->items[head_choose_language(head->accept_language, words, count)];
	}
}

static void add_safety(const struct request *r, struct buf *headers)
{
	const struct look *look = r->pages->look;

	buf_text(headers,
	    "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
	    "X-Frame-Options: DENY\r\nVary: Accept, Accept-Encoding, Accept-Language\r\n");
	/* same-origin: without it a browser does not say that a form came from us (token.h). */
	buf_printf(headers, "Referrer-Policy: %s\r\nContent-Security-Policy: %s\r\n",
	    r->form != NULL ? "same-origin" : "no-referrer",
	    r->form != NULL ? look->form_policy : look->policy);
}

/* `page` may be empty. */
static void send_page(struct request *r, unsigned status, struct slice page)
{
	struct buf packed = BUF_INIT(HTTP_REPLY_MAX_BYTES);
	struct buf headers = BUF_INIT(2048);
	/* Not a form: it holds secrets beside words of the sender's choice, and the length of
	 * what is packed would tell the ones by the others to who listens (BREACH). */
	bool gzip =
	    r->gzip && r->form == NULL && page.len > 0 && gzip_append(&packed, page) == OK;

	add_safety(r, &headers);
	if (page.len > 0) {
		buf_printf(&headers,
		    "Content-Type: text/html; charset=utf-8\r\nContent-Language: %s\r\n",
		    language_words[r->language]);
	}
	if (gzip)
		buf_text(&headers, "Content-Encoding: gzip\r\n");
	if (status == 503)
		buf_text(&headers, "Retry-After: 30\r\n");
	if (status == 429) /* a minute, as the page says */
		buf_text(&headers, "Retry-After: 60\r\n");
	if (status == 451) { /* RFC 7725 section 4 */
		buf_printf(&headers, "Link: <http://%s/>; rel=\"blocked-by\"\r\n",
		    r->pages->config->pages.portal.name.text);
	}
	http_reply(r->exchange,
	    &(struct http_reply){.status = status,
	        .headers = buf_cstr(&headers),
	        .body = gzip ? buf_slice(&packed) : page});
	buf_deinit(&headers);
	buf_deinit(&packed);
}

static struct occasion make_occasion(
    const struct request *r, const struct verdict_answer *answer)
{
	struct occasion occasion = {
	    .texts = r->pages->texts,
	    .look = r->pages->look,
	    .config = r->pages->config,
	    .answer = answer,
	    .domain = r->domain,
	    .language = r->language,
	    .language_chosen = r->language_chosen,
	    .by_name = r->by_name,
	    .now_s = (int64_t)time(NULL),
	    .standing = desk_standing(r->pages->desk),
	};

	if (getrandom(&occasion.random, sizeof occasion.random, GRND_NONBLOCK) < 0)
		occasion.random = (uint32_t)occasion.now_s; /* a code, not a secret */
	return occasion;
}

/* Writes the page for this answer; the status to send. An empty page is meant empty. */
static unsigned write_page(
    struct request *r, const struct verdict_answer *answer, struct buf *out)
{
	struct occasion occasion = make_occasion(r, answer);

	if (r->is_portal_page) {
		portal_write(out, &occasion, r->portal_page);
		return portal_status(r->portal_page);
	}
	enum warning_kind kind = warning_kind_of(r->pages->texts, answer);
	if (kind == WARNING_PAGE) {
		warning_write(out, &occasion);
	} else if (kind == WARNING_OPEN_NOW) {
		warning_write_open_now(out, &occasion);
	} else if (kind == WARNING_NOT_READY) {
		warning_write_not_ready(out, &occasion);
	}
	return warning_status(kind, answer);
}

static struct occasion form_occasion(void *context)
{
	const struct request *r = context;

	return make_occasion(r, r->has_answer ? &r->answer : NULL);
}

static void send_form(void *context, unsigned status, struct slice page)
{
	struct request *r = context;

	send_page(r, status, page);
	free(r);
}

static void redirect_form(void *context, const char *location)
{
	struct request *r = context;
	struct buf headers = BUF_INIT(2048);

	add_safety(r, &headers);
	buf_printf(&headers, "Location: %s\r\n", location);
	http_reply(r->exchange,
	    &(struct http_reply){.status = 303, .headers = buf_cstr(&headers)});
	buf_deinit(&headers);
	free(r);
}

/* A form stands only where our own pages are: below the portal, our addresses, and names that
 * are blocked for this device. Below a name that is open somebody else could point at us
 * (DNS rebinding), his script would be of the form's own origin (token.h). */
static bool takes_form(const struct request *r, const struct verdict_answer *answer)
{
	return r->form != NULL && r->target != TARGET_UNSOUND &&
	    (r->target == TARGET_PORTAL || answer == NULL || answer->blocked);
}

static void serve_form(struct request *r, const struct verdict_answer *answer)
{
	const struct forms_caller caller = {.occasion = form_occasion,
	    .send = send_form,
	    .redirect = redirect_form,
	    .context = r};

	r->has_answer = answer != NULL;
	if (answer != NULL)
		r->answer = *answer;
	forms_serve(r->pages, r->form, r->exchange, r->domain, &caller);
}

static void ask(struct request *r);

static void on_answer(void *context, const struct verdict_answer *answer)
{
	struct request *r = context;
	struct buf page = BUF_INIT(VIEW_MAX_BYTES);
	struct verdict_answer neutral;

	/* Whether a form may stand there depends on it, so a busy filter is asked again. One that
	 * is gone keeps nobody from telling. */
	if (answer == NULL && r->form != NULL && r->target == TARGET_NAME &&
	    r->times < ASK_TIMES) {
		ask(r);
		return;
	}
	if (takes_form(r, answer)) {
		serve_form(r, answer);
		return;
	}
	if (r->target == TARGET_UNSOUND && answer != NULL) {
		/* Only the tier was asked for: nothing is known of such a name. */
		neutral = *answer;
		neutral.blocked = true;
		neutral.reason = VERDICT_BY_NOTHING;
		neutral.category[0] = 0;
		answer = &neutral;
	}
	unsigned status = write_page(r, answer, &page);
	if (buf_status(&page) != OK) {
		buf_reset(&page);
		status = 503;
	}
	send_page(r, status, buf_slice(&page));
	buf_deinit(&page);
	free(r);
}

static void ask(struct request *r)
{
	r->times++;
	ask_verdict(
	    r->pages->ask, name_of(&r->asked), http_peer(r->exchange), on_answer, r);
}

/* Paths of the portal exist below every name, so that a button works on any page. */
static void choose_page(struct request *r, const struct head *head)
{
	r->form = forms_find(head->path);
	r->is_portal_page = portal_find(head->path, &r->portal_page);
	if (r->is_portal_page || r->target != TARGET_PORTAL)
		return;
	r->is_portal_page = true;
	r->portal_page =
	    slice_equal(head->path, SLICE_LIT("/")) ? PORTAL_FIRST : PORTAL_NOT_HERE;
}

/* Scripts, pictures and programs get an answer they understand, and no page to show; on
 * the portal's own name people may also come with a simple program. */
static bool wants_page(const struct request *r, const struct head *head)
{
	if (head_wants_page(head))
		return true;
	return r->target == TARGET_PORTAL && head->sec_fetch_dest.ptr == NULL &&
	    (r->form != NULL || r->portal_page != PORTAL_NOT_HERE);
}

static uint64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

unsigned pages_on_post(void *context, const struct http_exchange *x)
{
	const struct head *head = http_head(x);

	(void)context;
	if (forms_find(head->path) == NULL)
		return 405;
	if (!head_is_form(head))
		return 415;
	return token_same_site(head, http_is_secure(x) ? "https" : "http") ? 0 : 403;
}

void pages_on_request(void *context, struct http_exchange *x)
{
	struct pages *pages = context;
	const struct head *head = http_head(x);
	struct request *r = calloc(1, sizeof *r);
	struct name_buf name = {.len = 0};

	if (r == NULL) {
		http_reply(x, &(struct http_reply){.status = 503, .headers = ""});
		return;
	}
	r->pages = pages;
	r->exchange = x;
	r->target = find_target(pages, head->host, &name);
	r->by_name = r->target == TARGET_NAME ||
	    (r->target == TARGET_PORTAL && head->host.len > 0 && !is_address(head->host) &&
	        !slice_equal_nocase(head->host, SLICE_LIT("localhost")));
	r->gzip = head_accepts(head->accept_encoding, "gzip");
	choose_language(r, head);
	unsigned wait_s = limits_take_request(pages->limits, http_peer(x), now_ms());
	if (wait_s > 0) {
		busy_reply(x, pages->texts, r->language, wait_s);
		free(r);
		return;
	}
	choose_page(r, head);
	if (!wants_page(r, head)) {
		send_page(r, r->target == TARGET_PORTAL ? 404 : 403, SLICE_EMPTY);
		free(r);
		return;
	}
	struct dname asked = pages->config->pages.portal.name.name;
	if (r->target == TARGET_NAME) {
		asked = name_of(&name);
		name_to_text(r->domain, asked);
	}
	name_copy(&r->asked, asked);
	ask(r);
}
