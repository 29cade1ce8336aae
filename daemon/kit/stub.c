#include "kit/stub.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kit/stub_answer.h"

enum {
	HOST_BYTES = 256,
	TCP_HEADER_BYTES = 2,
	REPLY_MAX_BYTES = 65535
};

struct stub {
	struct event_base *base;
	const struct upstreams *upstreams;
	char host[HOST_BYTES];
	enum stub_type type;
	unsigned timeout_ms;
	stub_done done;
	void *context;

	size_t server; /* the one being asked */
	bool tcp;
	int fd;
	struct event *io;    /* on fd; NULL between tries */
	struct event *timer; /* a try's end, and the first step */
	/* With room for TCP's length in front; what is sent starts at 0 or at 2. */
	uint8_t query[TCP_HEADER_BYTES + STUB_QUERY_BYTES];
	size_t query_len;
	size_t sent;
	uint8_t *reply; /* TCP: length and message so far */
	size_t reply_len;
};

static void try_server(struct stub *s);

static void close_try(struct stub *s)
{
	if (s->io != NULL)
		event_free(s->io);
	s->io = NULL;
	if (s->fd >= 0)
		(void)close(s->fd);
	s->fd = -1;
	s->reply_len = 0;
	s->sent = 0;
}

void stub_cancel(struct stub *s)
{
	if (s == NULL)
		return;
	close_try(s);
	if (s->timer != NULL)
		event_free(s->timer);
	free(s->reply);
	free(s);
}

static void finish(struct stub *s, enum err rc, const struct addresses *found)
{
	static const struct addresses none;

	s->done(s->context, rc, found != NULL ? found : &none);
	stub_cancel(s);
}

static void next_server(struct stub *s)
{
	close_try(s);
	s->server++;
	try_server(s);
}

static struct slice query_of(const struct stub *s)
{
	return (struct slice){s->query + TCP_HEADER_BYTES, s->query_len};
}

/* True when the try goes on waiting; otherwise `s` may be gone. */
static bool take_reply(struct stub *s, struct slice message)
{
	struct addresses found = {.count = 0};

	switch (stub_answer_read(&found, message, query_of(s))) {
	case OK:
		finish(s, OK, &found);
		return false;
	case ERR_AGAIN:
		if (s->tcp) {
			next_server(s);
			return false;
		}
		close_try(s);
		s->tcp = true;
		try_server(s);
		return false;
	case ERR_FORMAT:
		return true;
	default:
		next_server(s);
		return false;
	}
}

static void on_udp(evutil_socket_t fd, short what UNUSED, void *arg)
{
	struct stub *s = arg;
	uint8_t message[STUB_UDP_BYTES + 512];

	for (;;) {
		ssize_t n = recv(fd, message, sizeof message, MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0) {
			next_server(s);
			return;
		}
		if (!take_reply(s, (struct slice){message, (size_t)n}))
			return;
	}
}

/* Sends what is left of the query; false when the connection is broken. */
static bool push_tcp(struct stub *s)
{
	size_t total = TCP_HEADER_BYTES + s->query_len;
	ssize_t n = send(s->fd, s->query + s->sent, total - s->sent, MSG_NOSIGNAL);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	s->sent += (size_t)n;
	if (s->sent < total)
		return true;
	event_free(s->io);
	s->io = NULL;
	return true;
}

static bool pull_tcp(struct stub *s)
{
	ssize_t n = recv(s->fd, s->reply + s->reply_len,
	    TCP_HEADER_BYTES + REPLY_MAX_BYTES - s->reply_len, 0);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	s->reply_len += (size_t)n;
	return n > 0;
}

static void on_tcp(evutil_socket_t fd, short what, void *arg)
{
	struct stub *s = arg;

	if ((what & EV_WRITE) != 0) {
		if (!push_tcp(s)) {
			next_server(s);
			return;
		}
		if (s->io == NULL) {
			s->io = event_new(s->base, fd, EV_READ | EV_PERSIST, on_tcp, s);
			if (s->io == NULL || event_add(s->io, NULL) != 0)
				next_server(s);
		}
		return;
	}
	if (!pull_tcp(s)) {
		next_server(s);
		return;
	}
	if (s->reply_len < TCP_HEADER_BYTES)
		return;
	size_t len = load_u16(s->reply);
	/* One question a connection: anything but its answer ends the try. */
	if (s->reply_len >= TCP_HEADER_BYTES + len &&
	    take_reply(s, (struct slice){s->reply + TCP_HEADER_BYTES, len}))
		next_server(s);
}

static bool open_try(struct stub *s, const struct upstream *u)
{
	int type = (s->tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK;

	struct sockaddr_storage to;
	socklen_t to_len = addr_to_sockaddr(&to, &u->addr);

	s->fd = socket(u->addr.family, type, 0);
	if (s->fd < 0)
		return false;
	/* The kernel picks the port at random; connected, so that only this server's
	 * datagrams reach us. */
	if (connect(s->fd, (const struct sockaddr *)&to, to_len) != 0 &&
	    errno != EINPROGRESS)
		return false;
	short flags = s->tcp ? EV_WRITE | EV_PERSIST : EV_READ | EV_PERSIST;
	s->io = event_new(s->base, s->fd, flags, s->tcp ? on_tcp : on_udp, s);
	if (s->io == NULL || event_add(s->io, NULL) != 0)
		return false;
	struct slice query = query_of(s);
	return s->tcp || send(s->fd, query.ptr, query.len, 0) == (ssize_t)query.len;
}

static bool make_query(struct stub *s)
{
	uint16_t id;

	if (getrandom(&id, sizeof id, 0) != (ssize_t)sizeof id)
		return false;
	struct writer w = writer_over(s->query + TCP_HEADER_BYTES, STUB_QUERY_BYTES);
	if (stub_answer_make_query(&w, s->host, s->type, id) != OK)
		return false;
	s->query_len = w.len;
	store_u16(s->query, (uint16_t)w.len);
	if (s->tcp && s->reply == NULL)
		s->reply = malloc(TCP_HEADER_BYTES + REPLY_MAX_BYTES);
	return !s->tcp || s->reply != NULL;
}

/* Asks the server whose turn it is, or those after it. */
static void try_server(struct stub *s)
{
	struct timeval wait = {s->timeout_ms / 1000, s->timeout_ms % 1000 * 1000};

	for (; s->server < s->upstreams->count; s->server++) {
		const struct upstream *u = &s->upstreams->items[s->server];
		s->tcp = s->tcp || u->tcp;
		if (!make_query(s)) {
			finish(s, ERR_FORMAT, NULL);
			return;
		}
		if (open_try(s, u)) {
			(void)evtimer_add(s->timer, &wait);
			return;
		}
		close_try(s);
		s->tcp = false;
	}
	finish(s, ERR_TIMEOUT, NULL);
}

/* The first step is taken from the loop, so that `done` never runs within stub_start();
 * later the timer ends a try. */
static void on_timer(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct stub *s = arg;

	if (s->fd < 0) {
		try_server(s);
		return;
	}
	s->tcp = false;
	next_server(s);
}

struct stub *stub_start(struct event_base *base, const struct stub_question *question,
    stub_done done, void *context)
{
	static const struct timeval now = {0, 0};
	struct stub *s = calloc(1, sizeof *s);

	if (s == NULL)
		return NULL;
	s->base = base;
	s->upstreams = question->upstreams;
	/* What does not fit is no host name; its cut form must not be asked instead. */
	if (strlen(question->host) < sizeof s->host)
		(void)snprintf(s->host, sizeof s->host, "%s", question->host);
	s->type = question->type;
	s->timeout_ms = question->timeout_ms;
	s->done = done;
	s->context = context;
	s->fd = -1;
	s->timer = evtimer_new(base, on_timer, s);
	if (s->timer == NULL || evtimer_add(s->timer, &now) != 0) {
		stub_cancel(s);
		return NULL;
	}
	return s;
}
