#include "kit/http_internal.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <event2/buffer.h>

enum {
	/* What a peer may send behind its request before it is cut off, where bodies may not be
	 * longer: who sent a form that is too long shall read so, a flood shall not be drained
	 * for ever. */
	THROWN_AWAY_MAX_BYTES = 256 * 1024
};

static void on_deadline(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	http_exchange_give_up(context);
}

static void arm(struct http_exchange *x, unsigned ms)
{
	struct timeval tv = {ms / 1000, (suseconds_t)(ms % 1000) * 1000};
	event_add(x->deadline, &tv);
}

/* ---- life ---- */

/* The other connections of the client of `x`; what they know of each other changes by
 * `change`. */
static unsigned count_siblings(const struct http_exchange *x, int change)
{
	struct http_exchange *other;
	unsigned count = 0;

	TAILQ_FOREACH (other, &x->server->exchanges, entry) {
		if (other == x || !addr_equal(&other->peer, &x->peer))
			continue;
		other->of_client += (unsigned)change;
		count++;
	}
	return count;
}

struct http_exchange *http_exchange_new(
    struct http_server *server, const struct http_door *door, const struct addr *peer)
{
	struct http_exchange *x = calloc(1, sizeof *x);

	if (x == NULL)
		return NULL;
	x->server = server;
	x->door = door;
	x->peer = *peer;
	x->deadline = evtimer_new(server->base, on_deadline, x);
	if (x->deadline == NULL) {
		free(x);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&server->exchanges, x, entry);
	server->count++;
	x->of_client = count_siblings(x, 1) + 1;
	arm(x, server->limits.request_ms);
	return x;
}

static void release_stream(struct http_exchange *x)
{
	if (x->stream != NULL)
		bufferevent_free(x->stream);
	x->stream = NULL;
	event_del(x->deadline);
}

/* Without a word to the door. */
static void forget(struct http_exchange *x)
{
	release_stream(x);
	TAILQ_REMOVE(&x->server->exchanges, x, entry);
	x->server->count--;
	(void)count_siblings(x, -1);
	event_free(x->deadline);
	if (x->head_bytes != NULL) /* a session's cookie, a school's token */
		explicit_bzero(x->head_bytes, x->head_len);
	free(x->head_bytes);
	if (x->body_bytes != NULL) /* a password, what happened to somebody */
		explicit_bzero(x->body_bytes, x->body_len);
	free(x->body_bytes);
	free(x);
}

void http_exchange_release(struct http_exchange *x)
{
	if (x->phase == HTTP_DOOR)
		x->door->abandon(x->door->context, x);
	forget(x);
}

void http_exchange_give_up(struct http_exchange *x)
{
	if (x->phase == HTTP_WAIT) {
		release_stream(x);
	} else {
		http_exchange_release(x);
	}
}

size_t http_exchange_pending(const struct http_exchange *x)
{
	return x->phase != HTTP_DRAIN
	    ? 0
	    : evbuffer_get_length(bufferevent_get_output(x->stream));
}

/* ---- the answer ---- */

static const char *reason_phrase(unsigned status)
{
	switch (status) {
	case 200:
		return "OK";
	case 201:
		return "Created";
	case 303:
		return "See Other";
	case 304:
		return "Not Modified";
	case 400:
		return "Bad Request";
	case 401:
		return "Unauthorized";
	case 403:
		return "Forbidden";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	case 409:
		return "Conflict";
	case 411:
		return "Length Required";
	case 413:
		return "Content Too Large";
	case 415:
		return "Unsupported Media Type";
	case 417:
		return "Expectation Failed";
	case 422:
		return "Unprocessable Content";
	case 429:
		return "Too Many Requests";
	case 431:
		return "Request Header Fields Too Large";
	case 451:
		return "Unavailable For Legal Reasons";
	case 500:
		return "Internal Server Error";
	case 503:
		return "Service Unavailable";
	case 505:
		return "HTTP Version Not Supported";
	default:
		return "Error";
	}
}

static void append_date(struct evbuffer *out)
{
	time_t now = time(NULL);
	struct tm utc;
	char text[64];

	if (gmtime_r(&now, &utc) != NULL &&
	    strftime(text, sizeof text, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &utc) > 0)
		evbuffer_add_printf(out, "%s", text);
}

static void write_reply(struct http_exchange *x, const struct http_reply *reply)
{
	bool with_body = x->head.method != HEAD_HEAD && reply->body.len > 0;
	struct evbuffer *out = bufferevent_get_output(x->stream);

	http_server_make_room(x->server, with_body ? reply->body.len : 0);
	x->phase = HTTP_DRAIN;
	evbuffer_add_printf(
	    out, "HTTP/1.1 %u %s\r\n", reply->status, reason_phrase(reply->status));
	append_date(out);
	evbuffer_add_printf(out, "%s", reply->headers);
	if (reply->status != 304) /* its length would be that of what it stands for */
		evbuffer_add_printf(out, "Content-Length: %zu\r\n", reply->body.len);
	evbuffer_add_printf(out, "Connection: close\r\n\r\n");
	if (with_body)
		evbuffer_add(out, reply->body.ptr, reply->body.len);
	arm(x, x->server->limits.answer_ms);
}

void http_reply(struct http_exchange *x, const struct http_reply *reply)
{
	if (x->stream == NULL) {
		forget(x);
	} else {
		write_reply(x, reply);
	}
}

static void refuse(struct http_exchange *x, unsigned status)
{
	struct http_reply reply = {.status = status,
	    .headers = status == 405 ? "Allow: GET, HEAD\r\nCache-Control: no-store\r\n"
	                             : "Cache-Control: no-store\r\n"};
	const struct http_handlers *handlers = &x->server->handlers;

	if (handlers->on_refusal != NULL)
		handlers->on_refusal(handlers->context, status, &reply);
	write_reply(x, &reply);
}

/* ---- the body ---- */

static void hand_over(struct http_exchange *x)
{
	x->phase = HTTP_WAIT;
	arm(x, x->server->limits.answer_ms);
	x->server->handlers.on_request(x->server->handlers.context, x);
}

static void read_body(struct http_exchange *x, struct evbuffer *in)
{
	int got = evbuffer_remove(
	    in, x->body_bytes + x->body_len, x->head.body_bytes - x->body_len);

	x->body_len += got > 0 ? (size_t)got : 0;
	if (x->body_len == x->head.body_bytes)
		hand_over(x);
}

/* 0: the body may come, and there is room for it. */
static unsigned admit_body(struct http_exchange *x)
{
	const struct http_handlers *handlers = &x->server->handlers;

	if (x->head.is_packed && !handlers->takes_packed)
		return 415;
	unsigned status =
	    handlers->on_post == NULL ? 405 : handlers->on_post(handlers->context, x);
	if (status != 0)
		return status;
	if (x->head.body_bytes > handlers->body_max_bytes)
		return 413;
	x->body_bytes = malloc(x->head.body_bytes + 1u);
	return x->body_bytes == NULL ? 503 : 0;
}

static void begin_body(struct http_exchange *x, struct evbuffer *in)
{
	static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
	unsigned status = admit_body(x);

	if (status != 0) {
		refuse(x, status);
		return;
	}
	x->phase = HTTP_BODY;
	if (x->head.expects_continue && evbuffer_get_length(in) < x->head.body_bytes)
		(void)bufferevent_write(x->stream, go_on, sizeof go_on - 1);
	read_body(x, in);
}

/* ---- the head ---- */

static unsigned take_head(struct http_exchange *x, struct evbuffer *in, size_t len)
{
	x->head_bytes = malloc(len);
	if (x->head_bytes == NULL)
		return 503;
	evbuffer_remove(in, x->head_bytes, len);
	x->head_len = len;
	return head_parse((struct slice){x->head_bytes, len}, &x->head);
}

static void read_head(struct http_exchange *x, struct evbuffer *in)
{
	size_t have = evbuffer_get_length(in);
	size_t look = have < HEAD_MAX_BYTES ? have : HEAD_MAX_BYTES;
	size_t len;

	const uint8_t *bytes = evbuffer_pullup(in, (ev_ssize_t)look);
	if (bytes == NULL)
		return;
	enum err rc = head_find_end((struct slice){bytes, look}, &x->head_seen, &len);
	if (rc == ERR_AGAIN)
		return;
	if (rc != OK) {
		refuse(x, rc == ERR_RANGE ? 431 : 400);
		return;
	}
	unsigned status = take_head(x, in, len);
	if (status != 0) {
		refuse(x, status);
	} else if (x->head.method == HEAD_POST) {
		begin_body(x, in);
	} else {
		hand_over(x);
	}
}

/* ---- the stream ---- */

/* More than one request, or a body that nobody asked for: never looked at. */
static void throw_away(struct http_exchange *x, struct evbuffer *in)
{
	size_t len = evbuffer_get_length(in);

	size_t most = x->server->handlers.body_max_bytes > THROWN_AWAY_MAX_BYTES
	    ? x->server->handlers.body_max_bytes
	    : THROWN_AWAY_MAX_BYTES;

	x->thrown_away += len;
	evbuffer_drain(in, len);
	if (x->thrown_away > most)
		http_exchange_give_up(x);
}

static void on_readable(struct bufferevent *stream, void *context)
{
	struct http_exchange *x = context;
	struct evbuffer *in = bufferevent_get_input(stream);

	if (x->phase == HTTP_HEAD) {
		read_head(x, in);
	} else if (x->phase == HTTP_BODY) {
		read_body(x, in);
	} else {
		throw_away(x, in);
	}
}

/* Called when the output has drained. Closing at once would reset the connection where the
 * peer has sent more than we read, and it could lose the answer; so say FIN and wait. */
static void on_written(struct bufferevent *stream, void *context)
{
	struct http_exchange *x = context;

	if (x->phase != HTTP_DRAIN)
		return;
	x->phase = HTTP_LINGER;
	x->door->finish(x->door->context, stream);
	if (x->peer_finished) {
		forget(x);
	} else {
		arm(x, HTTP_LINGER_MS);
	}
}

/* A peer may close its sending half as soon as it has asked (RFC 9112 section 9.6); only
 * one that closes before or after that has gone. */
static void on_event(struct bufferevent *stream, short what, void *context)
{
	struct http_exchange *x = context;
	bool ended = (what & BEV_EVENT_EOF) != 0;

	(void)stream;
	if ((what & BEV_EVENT_CONNECTED) != 0) /* a door's handshake is done */
		return;
	if (ended && (x->phase == HTTP_WAIT || x->phase == HTTP_DRAIN)) {
		x->peer_finished = true;
		return;
	}
	http_exchange_give_up(x);
}

void http_begin(struct http_exchange *x, struct bufferevent *stream)
{
	x->stream = stream;
	x->phase = HTTP_HEAD;
	bufferevent_setcb(stream, on_readable, on_written, on_event, x);
	(void)bufferevent_priority_set(stream, 0); /* before listeners: see http.h */
	(void)bufferevent_set_max_single_read(stream, 2 * HEAD_MAX_BYTES);
	bufferevent_enable(stream, EV_READ | EV_WRITE);
}

void http_drop(struct http_exchange *x)
{
	forget(x);
}

/* ---- what handlers see ---- */

const struct head *http_head(const struct http_exchange *x)
{
	return &x->head;
}

const struct addr *http_peer(const struct http_exchange *x)
{
	return &x->peer;
}

struct slice http_header_lines(const struct http_exchange *x)
{
	struct slice lines = {x->head_bytes, x->head_len};

	(void)slice_cut(&lines, '\n'); /* the request line */
	return lines;
}

struct slice http_body(const struct http_exchange *x)
{
	return (struct slice){x->body_bytes, x->body_len};
}

bool http_is_secure(const struct http_exchange *x)
{
	return x->door->is_secure;
}

struct bufferevent *http_stream(const struct http_exchange *x)
{
	return x->stream;
}
