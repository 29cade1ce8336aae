#include "kit/resolve.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/un.h>

#include "base/words.h"
#include "control/frame.h"
#include "kit/stub.h"

enum {
	REPLY_MAX_BYTES = 16 * 1024,
	FILTER_TIMEOUT_S = 8 /* the filter itself answers SERVFAIL within 3 s a question */
};

struct resolver {
	struct event_base *base;
	struct resolver_options options;
	struct resolution *questions;
};

/* First the filter is asked (bev), then the stub, A and AAAA together. */
struct resolution {
	struct resolver *resolver;
	struct resolution *next;
	char host[256];
	resolve_done done;
	void *context;

	struct event *first; /* the first step, from the loop */
	struct bufferevent *filter;
	struct frame_decoder decoder;
	struct stub *stubs[2];
	enum err failure; /* of the stubs */
	struct addresses found;
};

static const enum stub_type types[] = {STUB_A, STUB_AAAA};

static void close_filter(struct resolution *q)
{
	if (q->filter != NULL)
		bufferevent_free(q->filter);
	q->filter = NULL;
}

void resolve_cancel(struct resolution *q)
{
	struct resolution **link = &q->resolver->questions;

	while (*link != q)
		link = &(*link)->next;
	*link = q->next;
	close_filter(q);
	for (size_t i = 0; i < COUNT_OF(types); i++)
		stub_cancel(q->stubs[i]);
	frame_decoder_deinit(&q->decoder);
	event_free(q->first);
	free(q);
}

static void finish(struct resolution *q, const char *failure)
{
	struct diag why;

	diag_set(&why, "%s: %s", q->host, failure);
	resolve_done done = q->done;
	void *context = q->context;
	struct addresses found = q->found;
	resolve_cancel(q);
	done(context, &found, &why);
}

/* ---- running alone ---- */

static void stub_ended(
    struct resolution *q, size_t which, enum err rc, const struct addresses *found)
{
	q->stubs[which] = NULL;
	if (rc != OK)
		q->failure = rc;
	for (size_t i = 0; i < found->count; i++)
		(void)addresses_add_text(&q->found, found->items[i].text);
	if (q->stubs[0] != NULL || q->stubs[1] != NULL)
		return;
	finish(q,
	    q->failure == ERR_FORMAT ? N_("is no host name")
	        : q->failure != OK   ? N_("no DNS server answered")
	                             : N_("has no address"));
}

static void on_a(void *context, enum err rc, const struct addresses *found)
{
	stub_ended(context, 0, rc, found);
}

static void on_aaaa(void *context, enum err rc, const struct addresses *found)
{
	stub_ended(context, 1, rc, found);
}

static void ask_stubs(struct resolution *q)
{
	static const stub_done ended[] = {on_a, on_aaaa};
	const struct resolver_options *o = &q->resolver->options;

	if (o->upstreams->count == 0) {
		finish(
		    q, N_("the filter does not run, and no plain upstream is configured"));
		return;
	}
	for (size_t i = 0; i < COUNT_OF(types); i++) {
		struct stub_question question = {
		    q->host, types[i], o->upstreams, o->timeout_ms};
		q->stubs[i] = stub_start(q->resolver->base, &question, ended[i], q);
		if (q->stubs[i] == NULL) {
			finish(q, N_("out of memory"));
			return;
		}
	}
}

/* ---- through the filter ---- */

/* False when the filter could not answer, so that the stubs are asked. */
static bool take_reply(struct resolution *q, struct slice payload)
{
	json_t *root = json_loadb((const char *)payload.ptr, payload.len, 0, NULL);
	json_t *list = json_object_get(root, "addresses");
	bool fine = json_is_true(json_object_get(root, "ok")) && json_is_array(list);
	size_t i;
	json_t *item;

	if (fine) {
		json_array_foreach(list, i, item)
		{
			const char *text = json_string_value(item);
			if (text != NULL)
				(void)addresses_add_text(&q->found, text);
		}
	}
	json_decref(root);
	return fine;
}

static void on_filter_read(struct bufferevent *bev, void *arg)
{
	struct resolution *q = arg;
	struct evbuffer *input = bufferevent_get_input(bev);
	size_t len = evbuffer_get_length(input);
	struct slice bytes = {evbuffer_pullup(input, (ev_ssize_t)len), len};
	struct slice payload;

	enum err rc = frame_decode(&q->decoder, &bytes, &payload);
	bool answered = rc == OK && take_reply(q, payload);
	if (rc == ERR_AGAIN) {
		(void)evbuffer_drain(input, len);
		return;
	}
	close_filter(q);
	if (answered) {
		finish(q, N_("has no address"));
	} else {
		ask_stubs(q);
	}
}

static void on_filter_event(struct bufferevent *bev UNUSED, short what, void *arg)
{
	struct resolution *q = arg;

	if ((what & BEV_EVENT_CONNECTED) != 0)
		return;
	close_filter(q);
	ask_stubs(q);
}

static bool send_request(struct resolution *q)
{
	uint8_t header[FRAME_HEADER_BYTES];
	json_t *request = json_pack("{s:s, s:s}", "command", "resolve", "name", q->host);
	char *text = request != NULL ? json_dumps(request, JSON_COMPACT) : NULL;
	bool fine = text != NULL && frame_encode_header(header, strlen(text)) == OK &&
	    bufferevent_write(q->filter, header, sizeof header) == 0 &&
	    bufferevent_write(q->filter, text, strlen(text)) == 0;

	free(text);
	json_decref(request);
	return fine;
}

static bool ask_filter(struct resolution *q)
{
	static const struct timeval wait = {FILTER_TIMEOUT_S, 0};
	struct sockaddr_un where = {.sun_family = AF_UNIX};
	int n = snprintf(
	    where.sun_path, sizeof where.sun_path, "%s", q->resolver->options.control_path);

	if (n <= 0 || (size_t)n >= sizeof where.sun_path)
		return false;
	q->filter = bufferevent_socket_new(
	    q->resolver->base, -1, BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
	if (q->filter == NULL)
		return false;
	bufferevent_setcb(q->filter, on_filter_read, NULL, on_filter_event, q);
	(void)bufferevent_set_timeouts(q->filter, &wait, &wait);
	if (bufferevent_socket_connect(
	        q->filter, (struct sockaddr *)&where, (int)sizeof where) == 0 &&
	    bufferevent_enable(q->filter, EV_READ | EV_WRITE) == 0 && send_request(q))
		return true;
	close_filter(q);
	return false;
}

/* ---- */

static bool is_localhost(const char *host)
{
	struct slice name = slice_of(host);
	return slice_equal(name, SLICE_LIT("localhost")) ||
	    slice_ends(name, SLICE_LIT(".localhost"));
}

static void on_first(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct resolution *q = arg;

	if (addresses_add_text(&q->found, q->host)) {
		finish(q, ""); /* an address is its own answer */
	} else if (is_localhost(q->host)) {
		(void)addresses_add_text(&q->found, "127.0.0.1");
		(void)addresses_add_text(&q->found, "::1");
		finish(q, "");
	} else if (!ask_filter(q)) {
		ask_stubs(q);
	}
}

struct resolution *resolve_start(
    struct resolver *r, const char *host, resolve_done done, void *context)
{
	static const struct timeval now = {0, 0};
	struct resolution *q = calloc(1, sizeof *q);

	if (q == NULL)
		return NULL;
	q->resolver = r;
	q->done = done;
	q->context = context;
	(void)snprintf(q->host, sizeof q->host, "%s", host);
	frame_decoder_init(&q->decoder, REPLY_MAX_BYTES);
	q->first = evtimer_new(r->base, on_first, q);
	if (q->first == NULL || evtimer_add(q->first, &now) != 0) {
		if (q->first != NULL)
			event_free(q->first);
		free(q);
		return NULL;
	}
	q->next = r->questions;
	r->questions = q;
	return q;
}

enum err resolver_new(
    struct resolver **out, struct event_base *base, const struct resolver_options *options)
{
	struct resolver *r = calloc(1, sizeof *r);

	if (r == NULL)
		return ERR_MEMORY;
	r->base = base;
	r->options = *options;
	*out = r;
	return OK;
}

void resolver_free(struct resolver *r)
{
	if (r == NULL)
		return;
	struct resolution *q = r->questions;
	while (q != NULL) {
		struct resolution *next = q->next;
		resolve_cancel(q);
		q = next;
	}
	free(r);
}
