#include "kit/http_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kit/log.h"

enum {
	/* At most so many at a time: what is open is served before more is taken, and an
	 * overload waits in the kernel's queue, where it costs little. */
	ACCEPT_ROUND = 16,
	PAUSE_FULL_MS = 5,
	PAUSE_ERROR_MS = 200
};

struct http_listening {
	SLIST_ENTRY(http_listening) entry;
	struct http_server *server;
	struct event *acceptable;
	int fd;
	const struct http_door *door;
};

/* ---- the plain door ---- */

static void plain_enter(void *context, struct http_exchange *x, int fd)
{
	struct bufferevent *stream =
	    bufferevent_socket_new(x->server->base, fd, BEV_OPT_CLOSE_ON_FREE);

	(void)context;
	if (stream != NULL) {
		http_begin(x, stream);
	} else {
		close(fd);
		http_drop(x);
	}
}

static void plain_abandon(void *context, struct http_exchange *x)
{
	(void)context;
	(void)x; /* it begins when it enters: nothing is ever left at this door */
}

static void plain_finish(void *context, struct bufferevent *stream)
{
	(void)context;
	(void)shutdown(bufferevent_getfd(stream), SHUT_WR);
}

static const struct http_door plain_door = {
    .enter = plain_enter, .abandon = plain_abandon, .finish = plain_finish};

/* ---- places ---- */

static unsigned count_client(const struct http_server *server, const struct addr *peer)
{
	const struct http_exchange *x;

	TAILQ_FOREACH (x, &server->exchanges, entry) {
		if (addr_equal(&x->peer, peer))
			return x->of_client;
	}
	return 0;
}

/* Is `x` better to lose than `than`, which is older? What has been answered goes first; then
 * what belongs to who holds most. */
static bool goes_before(const struct http_exchange *x, const struct http_exchange *than)
{
	bool answered = x->phase == HTTP_LINGER;

	if (than == NULL || answered != (than->phase == HTTP_LINGER))
		return than == NULL || answered;
	return x->of_client > than->of_client;
}

/* What gives its place to a new connection, of `peer` if that is not NULL; NULL when each of
 * them waits for its handler, which has a deadline of its own. */
static struct http_exchange *find_victim(
    const struct http_server *server, const struct addr *peer)
{
	struct http_exchange *x, *worst = NULL;

	TAILQ_FOREACH (x, &server->exchanges, entry) {
		bool may_go =
		    x->phase != HTTP_WAIT && (peer == NULL || addr_equal(&x->peer, peer));
		if (may_go && goes_before(x, worst))
			worst = x;
	}
	return worst;
}

static bool evict(struct http_server *server, const struct addr *peer)
{
	struct http_exchange *victim = find_victim(server, peer);

	if (victim != NULL)
		http_exchange_give_up(victim);
	return victim != NULL;
}

static bool is_full(const struct http_server *server)
{
	return server->count >= server->limits.connections &&
	    find_victim(server, NULL) == NULL;
}

static bool find_place(struct http_server *server, const struct addr *peer)
{
	if (!server->handlers.may_ask(server->handlers.context, peer))
		return false;
	bool shared = server->handlers.is_shared != NULL &&
	    server->handlers.is_shared(server->handlers.context, peer);
	if (!shared && count_client(server, peer) >= server->limits.per_client)
		return evict(server, peer);
	return server->count < server->limits.connections || evict(server, NULL);
}

void http_server_make_room(struct http_server *server, size_t bytes)
{
	struct http_exchange *x, *next;
	size_t pending = bytes;

	TAILQ_FOREACH (x, &server->exchanges, entry)
		pending += http_exchange_pending(x);
	for (x = TAILQ_FIRST(&server->exchanges);
	     x != NULL && pending > server->handlers.pending_max_bytes; x = next) {
		next = TAILQ_NEXT(x, entry);
		size_t freed = http_exchange_pending(x);
		pending -= freed;
		if (freed > 0)
			http_exchange_give_up(x);
	}
}

/* ---- listening ---- */

static void set_listening(struct http_server *server, bool on)
{
	struct http_listening *l;

	SLIST_FOREACH (l, &server->listeners, entry)
		if (on) {
			event_add(l->acceptable, NULL);
		} else {
			event_del(l->acceptable);
		}
}

static void on_resume(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	set_listening(context, true);
}

static void pause_listening(struct http_server *server, unsigned ms)
{
	struct timeval pause = {0, (suseconds_t)ms * 1000};

	set_listening(server, false);
	event_add(server->resume, &pause);
}

static void admit(const struct http_listening *l, int fd, const struct addr *peer)
{
	struct http_exchange *x = find_place(l->server, peer)
	    ? http_exchange_new(l->server, l->door, peer)
	    : NULL;

	if (x == NULL) {
		close(fd);
	} else {
		l->door->enter(l->door->context, x, fd);
	}
}

/* Without a pause a listener without descriptors to accept into would spin. */
static void on_accept_error(struct http_server *server, int error)
{
	if (error == EAGAIN || error == EINTR || error == ECONNABORTED)
		return;
	if ((error == EMFILE || error == ENFILE) && evict(server, NULL))
		return;
	log_warn("page", "cannot accept connections: %s; trying again in %d ms",
	    evutil_socket_error_to_string(error), PAUSE_ERROR_MS);
	pause_listening(server, PAUSE_ERROR_MS);
}

static void on_acceptable(evutil_socket_t listener, short what, void *context)
{
	struct http_listening *l = context;

	(void)what;
	for (unsigned i = 0; i < ACCEPT_ROUND; i++) {
		struct sockaddr_storage from = {.ss_family = AF_UNSPEC};
		socklen_t len = sizeof from;
		if (is_full(l->server)) {
			pause_listening(l->server, PAUSE_FULL_MS);
			return;
		}
		int fd = accept4(
		    listener, (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0) {
			on_accept_error(l->server, errno);
			return;
		}
		struct addr peer = addr_from_sockaddr(&from);
		admit(l, fd, &peer);
	}
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
	if (server->handlers.body_max_bytes == 0)
		server->handlers.body_max_bytes = HTTP_BODY_MAX_BYTES;
	if (server->handlers.pending_max_bytes == 0)
		server->handlers.pending_max_bytes = HTTP_PENDING_MAX_BYTES;
	TAILQ_INIT(&server->exchanges);
	SLIST_INIT(&server->listeners);
	server->resume = evtimer_new(base, on_resume, server);
	if (server->resume == NULL) {
		free(server);
		return ERR_MEMORY;
	}
	*out = server;
	return OK;
}

enum err http_listen_take(struct http_server *server, int fd, const struct http_door *door)
{
	struct http_listening *l = calloc(1, sizeof *l);

	if (l == NULL)
		return ERR_MEMORY;
	l->server = server;
	l->door = door == NULL ? &plain_door : door;
	l->fd = fd;
	l->acceptable = event_new(server->base, fd, EV_READ | EV_PERSIST, on_acceptable, l);
	if (l->acceptable == NULL || evutil_make_socket_nonblocking(fd) != 0 ||
	    event_priority_set(
	        l->acceptable, event_base_get_npriorities(server->base) - 1) != 0 ||
	    event_add(l->acceptable, NULL) != 0) {
		if (l->acceptable != NULL)
			event_free(l->acceptable);
		free(l);
		return ERR_MEMORY;
	}
	SLIST_INSERT_HEAD(&server->listeners, l, entry);
	return OK;
}

void http_stop_listening(struct http_server *server)
{
	event_del(server->resume);
	while (!SLIST_EMPTY(&server->listeners)) {
		struct http_listening *l = SLIST_FIRST(&server->listeners);
		SLIST_REMOVE_HEAD(&server->listeners, entry);
		event_free(l->acceptable);
		close(l->fd);
		free(l);
	}
}

void http_close(struct http_server *server)
{
	if (server == NULL)
		return;
	while (!TAILQ_EMPTY(&server->exchanges))
		http_exchange_release(TAILQ_FIRST(&server->exchanges));
	http_stop_listening(server);
	event_free(server->resume);
	free(server);
}

unsigned http_connection_count(const struct http_server *server)
{
	return server->count;
}

unsigned http_answering_count(const struct http_server *server)
{
	const struct http_exchange *x;
	unsigned count = 0;

	TAILQ_FOREACH (x, &server->exchanges, entry)
		count += x->phase == HTTP_WAIT || x->phase == HTTP_DRAIN;
	return count;
}
