#include "filter/tcp_server.h"
#include "filter/diagnosing.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "filter/tcp_places.h"
#include "net/frame.h"

enum {
	SWEEP_MS = 500
};

/* A connection lives while its socket is open or an asker of it waits. */
struct tcp_connection {
	struct tcp_server *server;
	struct tcp_connection *prev; /* newest activity first */
	struct tcp_connection *next;
	struct bufferevent *stream; /* NULL once closed */
	struct addr client;
	struct addr local;
	bool given_up;       /* to be closed by the next sweep */
	bool half_closed;    /* the client has said all it will; it may still listen */
	unsigned waiting;    /* askers that hold it */
	uint64_t active_ms;  /* last whole message or answer */
	uint64_t message_ms; /* first octet of the message under way; 0: none */
	uint64_t stuck_ms;   /* since when output waits; 0: it does not */
	struct frame frame;
	uint8_t storage[TCP_QUERY_BYTES];
};

struct tcp_server {
	struct worker *worker;
	struct tcp_connection *head;
	struct tcp_connection *tail;
	struct evconnlistener *listeners[WORKER_LISTENERS_MAX];
	size_t listener_count;
	struct event *sweep;
	bool paused;  /* nobody is accepted before the next sweep */
	int spare_fd; /* given up for a moment to turn a client away when fds run out */
};

static void unlink_connection(struct tcp_connection *c)
{
	struct tcp_server *s = c->server;

	if (c->prev != NULL) {
		c->prev->next = c->next;
	} else {
		s->head = c->next;
	}
	if (c->next != NULL) {
		c->next->prev = c->prev;
	} else {
		s->tail = c->prev;
	}
	c->prev = NULL;
	c->next = NULL;
}

static void link_newest(struct tcp_connection *c)
{
	struct tcp_server *s = c->server;

	c->prev = NULL;
	c->next = s->head;
	if (s->head != NULL) {
		s->head->prev = c;
	} else {
		s->tail = c;
	}
	s->head = c;
}

static void touch(struct tcp_connection *c)
{
	c->active_ms = c->server->worker->now.mono_ms;
	unlink_connection(c);
	link_newest(c);
}

static void connection_close(struct tcp_connection *c)
{
	if (c->stream != NULL) {
		bufferevent_free(c->stream);
		c->stream = NULL;
		tcp_places_leave(c->server->worker->filter->tcp_places, &c->client);
	}
	if (c->waiting == 0) {
		unlink_connection(c);
		free(c);
	}
}

/* ---- the transport of late answers ---- */

static void tcp_hold(struct asker *asker, const struct request *r)
{
	/* The path is the connection; const in the request because most only look. */
	asker->tcp = (struct tcp_connection *)(uintptr_t)r->path;
	asker->tcp->waiting++;
}

static void write_answer(struct tcp_connection *c, struct slice answer)
{
	uint8_t head[2];
	struct evbuffer *out = bufferevent_get_output(c->stream);

	/* The room first: a length without its message would put the stream out of step. */
	if (evbuffer_expand(out, sizeof head + answer.len) != 0)
		return; /* no memory: the client asks again */
	frame_head(head, answer.len);
	(void)evbuffer_add(out, head, sizeof head);
	(void)evbuffer_add(out, answer.ptr, answer.len);
	touch(c);
	if (c->stuck_ms == 0)
		c->stuck_ms = c->active_ms;
}

static bool is_full(const struct tcp_connection *c)
{
	return c->waiting >= TCP_INFLIGHT_MAX ||
	    evbuffer_get_length(bufferevent_get_output(c->stream)) > TCP_OUTPUT_BYTES;
}

static void read_messages(struct tcp_connection *c);

static void tcp_send_late(struct asker *asker, struct slice answer)
{
	struct tcp_connection *c = asker->tcp;

	if (c->stream == NULL || c->given_up)
		return;
	/* Not closed here: whoever handles its messages may be at work on it. */
	if (evbuffer_get_length(bufferevent_get_output(c->stream)) > TCP_OUTPUT_MAX_BYTES) {
		c->given_up = true;
	} else {
		write_answer(c, answer);
	}
}

static void tcp_release(struct asker *asker)
{
	struct tcp_connection *c = asker->tcp;

	asker->tcp = NULL;
	c->waiting--;
	if (c->stream == NULL) {
		connection_close(c);
		return;
	}
	/* Room again: what lies in the input may be read on. */
	if (c->waiting == TCP_INFLIGHT_MAX - 1)
		(void)bufferevent_enable(c->stream, EV_READ);
}

static uint16_t tcp_limit(const struct worker *w)
{
	(void)w;
	return 0;
}

const struct transport TCP_TRANSPORT = {
    tcp_hold, tcp_send_late, tcp_release, tcp_limit, .proves_address = true};

/* ---- reading ---- */

static void handle_message(struct tcp_connection *c, struct slice packet)
{
	struct worker *w = c->server->worker;
	struct request *r = &w->requests[0];

	*r = (struct request){.transport = &TCP_TRANSPORT, .path = c, .fd = -1};
	r->client = c->client;
	r->local = c->local;
	counter_add(&w->counters.tcp, 1);
	query_read_all(w, r, packet);
	if (r->fate == MESSAGE_DROP)
		return;
	size_t len = query_handle(w, r, w->late_answer, sizeof w->late_answer);
	if (w->diagnosing)
		diagnosing_answered(w, r, (struct slice){w->late_answer, len});
	if (len > 0) {
		latency_add_at_once(&w->latency, 1);
		write_answer(c, (struct slice){w->late_answer, len});
	}
}

/* Takes messages from `*input` while there is room for their answers; what is left stays in
 * it. False when the connection was closed. */
static bool feed(struct tcp_connection *c, struct slice *input)
{
	while (input->len > 0 && !is_full(c)) {
		struct slice message;
		enum err rc = frame_feed(&c->frame, input, &message);
		if (rc == ERR_AGAIN)
			break;
		if (rc != OK) {
			connection_close(c);
			return false;
		}
		c->message_ms = 0;
		touch(c);
		handle_message(c, message);
	}
	uint64_t now_ms = c->server->worker->now.mono_ms;
	if (frame_is_idle(&c->frame)) {
		c->message_ms = 0;
	} else if (c->message_ms == 0) {
		c->message_ms = now_ms;
	}
	return true;
}

static void read_messages(struct tcp_connection *c)
{
	struct evbuffer *in = bufferevent_get_input(c->stream);

	while (evbuffer_get_length(in) > 0) {
		if (is_full(c)) {
			(void)bufferevent_disable(c->stream, EV_READ);
			return;
		}
		uint8_t bite[512];
		ev_ssize_t n = evbuffer_copyout(in, bite, sizeof bite);
		struct slice rest = {bite, n > 0 ? (size_t)n : 0};
		if (n <= 0 || !feed(c, &rest))
			return;
		(void)evbuffer_drain(in, (size_t)n - rest.len);
	}
}

static void on_read(struct bufferevent *stream, void *context)
{
	struct tcp_connection *c = context;
	struct worker *w = c->server->worker;

	(void)stream;
	worker_wake(w);
	read_messages(c);
	worker_rest(w);
}

/* Half closed, and nothing is left to be answered or sent. */
static bool has_heard_all(const struct tcp_connection *c)
{
	return c->half_closed && c->waiting == 0 &&
	    evbuffer_get_length(bufferevent_get_input(c->stream)) == 0 &&
	    evbuffer_get_length(bufferevent_get_output(c->stream)) == 0;
}

static void on_drained(struct bufferevent *stream, void *context)
{
	struct tcp_connection *c = context;
	struct worker *w = c->server->worker;

	worker_wake(w);
	c->stuck_ms = 0;
	if (has_heard_all(c)) {
		connection_close(c);
	} else if (!is_full(c)) {
		(void)bufferevent_enable(stream, EV_READ);
		read_messages(c);
	}
	worker_rest(w);
}

static void on_end(struct bufferevent *stream, short what, void *context)
{
	struct tcp_connection *c = context;

	(void)stream;
	/* A client may close its side behind its last query and wait for the answers. */
	c->half_closed = (what & BEV_EVENT_EOF) != 0;
	if (!c->half_closed || has_heard_all(c))
		connection_close(c);
}

/* ---- accepting ---- */

/* The connection idle longest of this worker, closed. False when none is idle. */
static bool make_room(struct tcp_server *s)
{
	for (struct tcp_connection *c = s->tail; c != NULL; c = c->prev) {
		if (c->waiting > 0)
			continue;
		connection_close(c);
		return true;
	}
	return false;
}

static bool take_place(struct tcp_server *s, const struct addr *client)
{
	const struct config_server *config = &s->worker->snapshot->config->server;
	struct tcp_places *places = s->worker->filter->tcp_places;
	uint64_t most = s->worker->filter->tcp_connections_max;
	if (config->tcp.connections < most)
		most = config->tcp.connections;
	enum tcp_place place =
	    tcp_places_take(places, client, most, config->tcp.per_client);

	/* A stranger may not push anybody out. */
	if (place == TCP_PLACE_ALL_FULL &&
	    policy_client(s->worker->snapshot->policy, client, MAC_NONE).may_ask &&
	    make_room(s)) {
		place = tcp_places_take(places, client, most, config->tcp.per_client);
	}
	return place == TCP_PLACE_TAKEN;
}

/* The kernel's buffer would grow to megabytes for each client that does not read. */
static void bound_socket(int fd)
{
	int bytes = TCP_SOCKET_BYTES;

	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
}

/* False: nothing was made, and the descriptor is still the caller's. */
static bool connection_open(
    struct tcp_server *s, evutil_socket_t fd, const struct addr *client)
{
	struct tcp_connection *c = calloc(1, sizeof *c);
	if (c == NULL)
		return false;
	c->stream = bufferevent_socket_new(s->worker->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (c->stream == NULL) {
		free(c);
		return false;
	}
	bound_socket(fd);
	struct sockaddr_storage sa = {0};
	socklen_t len = sizeof sa;
	if (getsockname(fd, (struct sockaddr *)&sa, &len) == 0)
		c->local = addr_from_sockaddr(&sa);
	c->server = s;
	c->client = *client;
	c->active_ms = s->worker->now.mono_ms;
	frame_init(&c->frame, c->storage, sizeof c->storage);
	link_newest(c);
	/* Not by a watermark: setting one without memory ends the process (libevent 2.1). */
	(void)bufferevent_set_max_single_read(c->stream, TCP_QUERY_BYTES);
	bufferevent_setcb(c->stream, on_read, on_drained, on_end, c);
	(void)bufferevent_enable(c->stream, EV_READ | EV_WRITE);
	return true;
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd,
    struct sockaddr *sa, int len, void *context)
{
	struct tcp_server *s = context;
	struct sockaddr_storage from = {0};

	(void)listener;
	memcpy(&from, sa, (size_t)len < sizeof from ? (size_t)len : sizeof from);
	struct addr client = addr_from_sockaddr(&from);
	worker_wake(s->worker);
	bool placed = take_place(s, &client);
	if (!placed || !connection_open(s, fd, &client)) {
		(void)close(fd);
		if (placed)
			tcp_places_leave(s->worker->filter->tcp_places, &client);
	}
	worker_rest(s->worker);
}

static void set_paused(struct tcp_server *s, bool paused)
{
	if (s->paused == paused)
		return;
	s->paused = paused;
	for (size_t i = 0; i < s->listener_count; i++) {
		if (paused) {
			(void)evconnlistener_disable(s->listeners[i]);
		} else {
			(void)evconnlistener_enable(s->listeners[i]);
		}
	}
}

/* Takes a client in with the spare descriptor and turns him away. Who may ask has an idle
 * connection closed for the next try. */
static bool turn_away(struct tcp_server *s, int listening_fd)
{
	struct sockaddr_storage from = {0};
	socklen_t len = sizeof from;

	if (s->spare_fd >= 0)
		(void)close(s->spare_fd);
	int fd = accept4(listening_fd, (struct sockaddr *)&from, &len, SOCK_CLOEXEC);
	if (fd >= 0)
		(void)close(fd);
	s->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	const struct addr client = addr_from_sockaddr(&from);
	if (fd >= 0 &&
	    policy_client(s->worker->snapshot->policy, &client, MAC_NONE).may_ask)
		(void)make_room(s);
	return fd >= 0;
}

/* Out of descriptors: accept() would fail and be called again at once, for ever (T33). When
 * not even the spare one helps, because another thread was quicker, nobody is accepted for
 * half a second. */
static void on_accept_error(struct evconnlistener *listener, void *context)
{
	struct tcp_server *s = context;
	int why = errno;

	if (why != EMFILE && why != ENFILE)
		return;
	worker_wake(s->worker);
	counter_add(&s->worker->counters.no_descriptor, 1);
	if (!turn_away(s, evconnlistener_get_fd(listener))) {
		(void)make_room(s);
		set_paused(s, true);
	}
	worker_rest(s->worker);
}

/* ---- deadlines ---- */

static bool is_over(const struct tcp_connection *c, uint64_t now_ms, uint64_t idle_ms)
{
	if (c->given_up)
		return true;
	if (c->message_ms != 0 && now_ms - c->message_ms > TCP_MESSAGE_MS)
		return true;
	if (c->stuck_ms != 0 && now_ms - c->stuck_ms > TCP_STUCK_MS)
		return true;
	return c->waiting == 0 && now_ms - c->active_ms > idle_ms;
}

static void on_sweep(evutil_socket_t fd, short what, void *context)
{
	struct tcp_server *s = context;
	struct worker *w = s->worker;

	(void)fd;
	(void)what;
	worker_wake(w);
	set_paused(s, false);
	for (struct tcp_connection *c = s->head; c != NULL;) {
		struct tcp_connection *next = c->next;
		if (is_over(c, w->now.mono_ms, w->snapshot->config->server.tcp.idle_ms))
			connection_close(c);
		c = next;
	}
	worker_rest(w);
}

enum err tcp_server_new(
    struct tcp_server **out, struct worker *w, const int *fds, size_t count)
{
	const struct timeval interval = {0, SWEEP_MS * 1000};
	struct tcp_server *s = calloc(1, sizeof *s);

	if (s == NULL)
		return ERR_MEMORY;
	*out = s; /* whole enough for tcp_server_free() */
	s->worker = w;
	s->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	for (size_t i = 0; i < count && i < WORKER_LISTENERS_MAX; i++) {
		struct evconnlistener *l = evconnlistener_new(
		    w->base, on_accept, s, LEV_OPT_CLOSE_ON_FREE, 0, fds[i]);
		if (l == NULL)
			return ERR_MEMORY;
		evconnlistener_set_error_cb(l, on_accept_error);
		s->listeners[s->listener_count++] = l;
	}
	s->sweep = event_new(w->base, -1, EV_PERSIST, on_sweep, s);
	if (s->sweep == NULL || event_add(s->sweep, &interval) != 0)
		return ERR_MEMORY;
	return OK;
}

void tcp_server_free(struct tcp_server *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->listener_count; i++)
		evconnlistener_free(s->listeners[i]);
	while (s->head != NULL) {
		s->head->waiting = 0; /* nobody is left to answer its askers */
		connection_close(s->head);
	}
	if (s->sweep != NULL)
		event_free(s->sweep);
	if (s->spare_fd >= 0)
		(void)close(s->spare_fd);
	free(s);
}
