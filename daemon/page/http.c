#include "page/http.h"

#include <stdlib.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>

#include "kit/log.h"

enum phase {
	PHASE_HEAD,
	PHASE_WAIT,  /* the handler has it */
	PHASE_DRAIN, /* the answer is on its way */
	PHASE_LINGER /* we have sent FIN; what still arrives is thrown away */
};

struct http_exchange {
	LIST_ENTRY(http_exchange) entry;
	struct http_server *server;
	struct bufferevent *stream; /* NULL: the peer has gone while the handler waits */
	struct event *deadline;
	enum phase phase;
	struct addr peer;
	struct head head;
	uint8_t *head_bytes; /* what `head` points into */
};

struct listening {
	SLIST_ENTRY(listening) entry;
	struct evconnlistener *listener;
};

struct http_server {
	struct event_base *base;
	struct http_limits limits;
	struct http_handlers handlers;
	LIST_HEAD(, http_exchange) exchanges;
	unsigned count;
	SLIST_HEAD(, listening) listeners;
	struct event *resume; /* after descriptors ran out */
};

static void arm(struct http_exchange *x, unsigned ms)
{
	struct timeval tv = {ms / 1000, (suseconds_t)(ms % 1000) * 1000};
	event_add(x->deadline, &tv);
}

static void release_stream(struct http_exchange *x)
{
	if (x->stream != NULL)
		bufferevent_free(x->stream);
	x->stream = NULL;
	event_del(x->deadline);
}

static void release(struct http_exchange *x)
{
	release_stream(x);
	LIST_REMOVE(x, entry);
	x->server->count--;
	event_free(x->deadline);
	free(x->head_bytes);
	free(x);
}

/* While a handler holds the exchange only its stream may go. */
static void give_up(struct http_exchange *x)
{
	if (x->phase == PHASE_WAIT) {
		release_stream(x);
	} else {
		release(x);
	}
}

static const char *reason_phrase(unsigned status)
{
	switch (status) {
	case 200:
		return "OK";
	case 400:
		return "Bad Request";
	case 403:
		return "Forbidden";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	case 413:
		return "Content Too Large";
	case 431:
		return "Request Header Fields Too Large";
	case 451:
		return "Unavailable For Legal Reasons";
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

static void send_reply(struct http_exchange *x, const struct http_reply *reply)
{
	struct evbuffer *out = bufferevent_get_output(x->stream);

	x->phase = PHASE_DRAIN;
	evbuffer_add_printf(
	    out, "HTTP/1.1 %u %s\r\n", reply->status, reason_phrase(reply->status));
	append_date(out);
	evbuffer_add_printf(out, "%sContent-Length: %zu\r\nConnection: close\r\n\r\n",
	    reply->headers, reply->body.len);
	if (x->head.method != HEAD_HEAD && reply->body.len > 0)
		evbuffer_add(out, reply->body.ptr, reply->body.len);
	arm(x, x->server->limits.deadline_ms);
}

void http_reply(struct http_exchange *x, const struct http_reply *reply)
{
	if (x->stream == NULL) {
		release(x);
	} else {
		send_reply(x, reply);
	}
}

static void refuse(struct http_exchange *x, unsigned status)
{
	struct http_reply reply = {.status = status,
	    .headers = status == 405 ? "Allow: GET, HEAD\r\nCache-Control: no-store\r\n"
	                             : "Cache-Control: no-store\r\n"};
	send_reply(x, &reply);
}

static unsigned take_head(struct http_exchange *x, struct evbuffer *in, size_t len)
{
	x->head_bytes = malloc(len);
	if (x->head_bytes == NULL)
		return 503;
	evbuffer_remove(in, x->head_bytes, len);
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
	enum err rc = head_find_end((struct slice){bytes, look}, &len);
	if (rc == ERR_AGAIN)
		return;
	if (rc != OK) {
		refuse(x, rc == ERR_RANGE ? 431 : 400);
		return;
	}
	unsigned status = take_head(x, in, len);
	if (status != 0) {
		refuse(x, status);
		return;
	}
	x->phase = PHASE_WAIT;
	x->server->handlers.on_request(x->server->handlers.context, x);
}

static void on_readable(struct bufferevent *stream, void *context)
{
	struct http_exchange *x = context;
	struct evbuffer *in = bufferevent_get_input(stream);

	if (x->phase == PHASE_HEAD) {
		read_head(x, in);
	} else { /* more than one request, or a body: never looked at */
		evbuffer_drain(in, evbuffer_get_length(in));
	}
}

/* Called when the output has drained. Closing at once would reset the connection where the
 * peer has sent more than we read, and it could lose the answer; so say FIN and wait. */
static void on_written(struct bufferevent *stream, void *context)
{
	struct http_exchange *x = context;

	if (x->phase != PHASE_DRAIN)
		return;
	x->phase = PHASE_LINGER;
	shutdown(bufferevent_getfd(stream), SHUT_WR);
	arm(x, HTTP_LINGER_MS);
}

/* A peer may close its sending half as soon as it has asked (RFC 9112 section 9.6); only
 * one that closes before or after that has gone. */
static void on_event(struct bufferevent *stream, short what, void *context)
{
	struct http_exchange *x = context;
	bool ended = (what & BEV_EVENT_EOF) != 0;

	(void)stream;
	if (ended && (x->phase == PHASE_WAIT || x->phase == PHASE_DRAIN))
		return;
	give_up(x);
}

static void on_deadline(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	give_up(context);
}

static unsigned count_client(const struct http_server *server, const struct addr *peer)
{
	const struct http_exchange *x;
	unsigned count = 0;

	LIST_FOREACH (x, &server->exchanges, entry)
		count += addr_equal(&x->peer, peer) ? 1 : 0;
	return count;
}

static bool may_enter(const struct http_server *server, const struct addr *peer)
{
	return server->count < server->limits.connections &&
	    server->handlers.may_ask(server->handlers.context, peer) &&
	    count_client(server, peer) < server->limits.per_client;
}

static struct http_exchange *exchange_new(struct http_server *server, int fd)
{
	struct http_exchange *x = calloc(1, sizeof *x);

	if (x == NULL)
		return NULL;
	x->deadline = evtimer_new(server->base, on_deadline, x);
	x->stream = bufferevent_socket_new(server->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (x->deadline == NULL || x->stream == NULL) {
		if (x->deadline != NULL)
			event_free(x->deadline);
		if (x->stream != NULL) {
			bufferevent_setfd(x->stream, -1); /* the caller closes it */
			bufferevent_free(x->stream);
		}
		free(x);
		return NULL;
	}
	return x;
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd,
    struct sockaddr *from, int from_len, void *context)
{
	struct http_server *server = context;
	struct sockaddr_storage storage = {.ss_family = AF_UNSPEC};

	(void)listener;
	if (from_len > 0 && (size_t)from_len <= sizeof storage)
		memcpy(&storage, from, (size_t)from_len);
	struct addr peer = addr_from_sockaddr(&storage);
	struct http_exchange *x =
	    may_enter(server, &peer) ? exchange_new(server, fd) : NULL;
	if (x == NULL) {
		close(fd);
		return;
	}
	x->server = server;
	x->peer = peer;
	LIST_INSERT_HEAD(&server->exchanges, x, entry);
	server->count++;
	bufferevent_setcb(x->stream, on_readable, on_written, on_event, x);
	(void)bufferevent_set_max_single_read(x->stream, 2 * HEAD_MAX_BYTES);
	bufferevent_enable(x->stream, EV_READ | EV_WRITE);
	arm(x, server->limits.deadline_ms);
}

static void set_listening(struct http_server *server, bool on)
{
	struct listening *l;

	SLIST_FOREACH (l, &server->listeners, entry)
		if (on) {
			evconnlistener_enable(l->listener);
		} else {
			evconnlistener_disable(l->listener);
		}
}

static void on_resume(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	set_listening(context, true);
}

/* Without a pause a listener without descriptors to accept into would spin. */
static void on_accept_error(struct evconnlistener *listener, void *context)
{
	struct http_server *server = context;
	struct timeval pause = {0, 200 * 1000};

	(void)listener;
	log_warn("page", "cannot accept connections: %s; trying again in 200 ms",
	    evutil_socket_error_to_string(EVUTIL_SOCKET_ERROR()));
	set_listening(server, false);
	event_add(server->resume, &pause);
}

enum err http_open(struct http_server **out, struct event_base *base,
    const struct http_limits *limits, const struct http_handlers *handlers)
{
	struct http_server *server = calloc(1, sizeof *server);

	if (server == NULL)
		return ERR_MEMORY;
	server->base = base;
	server->limits = *limits;
	server->handlers = *handlers;
	LIST_INIT(&server->exchanges);
	SLIST_INIT(&server->listeners);
	server->resume = evtimer_new(base, on_resume, server);
	if (server->resume == NULL) {
		free(server);
		return ERR_MEMORY;
	}
	*out = server;
	return OK;
}

enum err http_listen_take(struct http_server *server, int fd)
{
	struct listening *l = calloc(1, sizeof *l);

	if (l == NULL)
		return ERR_MEMORY;
	/* backlog 0: the socket listens already */
	l->listener = evconnlistener_new(
	    server->base, on_accept, server, LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	if (l->listener == NULL) {
		free(l);
		return ERR_MEMORY;
	}
	evconnlistener_set_error_cb(l->listener, on_accept_error);
	SLIST_INSERT_HEAD(&server->listeners, l, entry);
	return OK;
}

void http_close(struct http_server *server)
{
	if (server == NULL)
		return;
	while (!LIST_EMPTY(&server->exchanges))
		release(LIST_FIRST(&server->exchanges));
	while (!SLIST_EMPTY(&server->listeners)) {
		struct listening *l = SLIST_FIRST(&server->listeners);
		SLIST_REMOVE_HEAD(&server->listeners, entry);
		close(evconnlistener_get_fd(l->listener));
		evconnlistener_free(l->listener);
		free(l);
	}
	event_free(server->resume);
	free(server);
}

unsigned http_connection_count(const struct http_server *server)
{
	return server->count;
}

const struct head *http_head(const struct http_exchange *x)
{
	return &x->head;
}

const struct addr *http_peer(const struct http_exchange *x)
{
	return &x->peer;
}
