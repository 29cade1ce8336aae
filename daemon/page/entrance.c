#include "page/entrance.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <event2/bufferevent_ssl.h>

#include "conf/config.h"
#include "kit/log.h"
#include "kit/tls.h"
#include "page/hello.h"
#include "page/leaves.h"
#include "page/sessions.h"

enum {
	ASK_TIMES = 10 /* ASK_WAIT_MS each: there is no neutral page to fall back to here */
};

/* A connection from accept to its stream. */
struct entrant {
	LIST_ENTRY(entrant) entry;
	struct entrance *home;
	struct http_exchange *exchange; /* NULL: it has gone while we asked */
	int fd;
	struct event *readable;
	unsigned asked; /* times */
	size_t want;    /* octets that were waited for; 0: any */
	struct name_buf name;
};

struct entrance {
	struct event_base *base;
	const struct config *config;
	struct ask *ask;
	struct limits *limits;
	SSL_CTX *context;
	struct certificate portal; /* own NULL: none */
	struct sessions *sessions;
	struct leaves *leaves; /* NULL: there is no CA */
	struct http_door door;
	LIST_HEAD(, entrant) entrants;
};

/* ---- the end of an entrant -------------------------------------------------------------- */

static void forget(struct entrant *e)
{
	LIST_REMOVE(e, entry);
	if (e->readable != NULL)
		event_free(e->readable);
	free(e);
}

/* Without a word: nobody there speaks TLS. */
static void drop(struct entrant *e)
{
	(void)close(e->fd);
	http_drop(e->exchange);
	forget(e);
}

static void refuse(struct entrant *e)
{
	tls_refuse_close(e->fd);
	http_drop(e->exchange);
	forget(e);
}

static void let_in(struct entrant *e, const struct certificate *certificate)
{
	struct bufferevent *stream =
	    tls_accept(e->home->context, e->home->base, e->fd, certificate);

	if (stream == NULL) {
		refuse(e);
		return;
	}
	/* Without a place in the count it lives no longer than any other connection. */
	if (sessions_add(e->home->sessions, stream, bufferevent_openssl_get_ssl(stream)) !=
	    OK)
		log_debug("tls", "no memory to count a session");
	http_begin(e->exchange, stream);
	forget(e);
}

/* ---- which certificate ------------------------------------------------------------------ */

static void on_leaf(void *context, const struct certificate *leaf)
{
	struct entrant *e = context;

	if (e->exchange == NULL)
		forget(e);
	else if (leaf == NULL)
		refuse(e);
	else
		let_in(e, leaf);
}

static void ask_for_leaf(struct entrant *e)
{
	leaves_get(e->home->leaves, name_of(&e->name), http_peer(e->exchange), on_leaf, e);
}

static void ask_filter(struct entrant *e);

static void on_verdict(void *context, const struct verdict_answer *answer)
{
	struct entrant *e = context;

	if (e->exchange == NULL)
		forget(e);
	else if (answer == NULL && e->asked < ASK_TIMES)
		ask_filter(e);
	else if (answer == NULL || !answer->blocked)
		refuse(e);
	else
		ask_for_leaf(e);
}

static void ask_filter(struct entrant *e)
{
	e->asked++;
	ask_verdict(e->home->ask, name_of(&e->name), http_peer(e->exchange), on_verdict, e);
}

/* Nobody shall use up what the filter answers us. */
static bool may_ask(const struct entrant *e)
{
	struct timespec now;

	return clock_gettime(CLOCK_MONOTONIC, &now) == 0 &&
	    limits_take_request(e->home->limits, http_peer(e->exchange),
	        (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000) == 0;
}

static void choose(struct entrant *e)
{
	struct entrance *home = e->home;
	bool is_portal = e->name.len > 0 &&
	    name_equal(name_of(&e->name), home->config->pages.portal.name.name);

	if (is_portal && home->portal.own != NULL)
		let_in(e, &home->portal);
	else if (e->name.len == 0 || home->leaves == NULL || !may_ask(e))
		refuse(e);
	else if (is_portal)
		ask_for_leaf(e);
	else
		ask_filter(e);
}

/* ---- the hello -------------------------------------------------------------------------- */

/* The kernel wakes us again when that much is there, not for each octet of a trickle. */
static bool wait_for_octets(struct entrant *e, size_t count)
{
	int octets = (int)count; /* at most HELLO_MAX_BYTES */

	return setsockopt(e->fd, SOL_SOCKET, SO_RCVLOWAT, &octets, sizeof octets) == 0;
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
	struct entrant *e = context;
	uint8_t bytes[HELLO_MAX_BYTES];
	size_t want = 0;

	(void)what;
	ssize_t got = recv(fd, bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	/* Fewer than we waited for: the client has ended. */
	if (got <= 0 || (size_t)got < e->want) {
		drop(e);
		return;
	}
	enum err rc = hello_find_name((struct slice){bytes, (size_t)got}, &e->name, &want);
	e->want = want;
	if (rc == ERR_AGAIN && wait_for_octets(e, want))
		return;
	event_del(e->readable);
	if (rc != OK || !wait_for_octets(e, 1))
		drop(e);
	else
		choose(e);
}

/* ---- the door --------------------------------------------------------------------------- */

static void enter(void *context, struct http_exchange *x, int fd)
{
	struct entrance *home = context;
	struct entrant *e = calloc(1, sizeof *e);

	if (e == NULL) {
		(void)close(fd);
		http_drop(x);
		return;
	}
	*e = (struct entrant){.home = home, .exchange = x, .fd = fd};
	LIST_INSERT_HEAD(&home->entrants, e, entry);
	e->readable = event_new(home->base, fd, EV_READ | EV_PERSIST, on_readable, e);
	if (e->readable == NULL || event_add(e->readable, NULL) != 0)
		drop(e);
}

static void abandon(void *context, struct http_exchange *x)
{
	struct entrance *home = context;
	struct entrant *e;

	LIST_FOREACH (e, &home->entrants, entry)
		if (e->exchange == x)
			break;
	if (e == NULL)
		return;
	bool asking = event_pending(e->readable, EV_READ, NULL) == 0;
	(void)close(e->fd);
	e->exchange = NULL;
	if (!asking)
		forget(e); /* else the answer finds it without an exchange */
}

static void finish(void *context, struct bufferevent *stream)
{
	(void)context;
	tls_finish(stream);
}

const struct http_door *entrance_door(const struct entrance *e)
{
	return &e->door;
}

/* ---- life ------------------------------------------------------------------------------- */

static void read_portal(struct entrance *e)
{
	const struct config_certificate *files = &e->config->pages.portal.certificate;
	struct certificate fresh;
	struct diag why = {.text = ""};
	bool bad_key;

	if (files->file.text[0] == 0)
		return;
	enum err rc = certificate_read(&fresh, files, &bad_key, &why);
	if (rc == OK) {
		certificate_deinit(&e->portal);
		e->portal = fresh;
	} else if (e->portal.own != NULL) {
		log_info("tls",
		    "the portal's certificate stays as it was read (%s); a restart reads a "
		    "new one",
		    why.text);
	} else {
		log_error("tls", "pages.portal.certificate: %s",
		    why.text[0] != 0 ? why.text : err_text(rc));
	}
}

enum err entrance_open(
    struct entrance **out, const struct entrance_needs *needs, struct diag *why)
{
	struct entrance *e = calloc(1, sizeof *e);
	enum err rc = ERR_MEMORY;

	if (e != NULL) {
		*e = (struct entrance){.base = needs->base,
		    .config = needs->config,
		    .ask = needs->ask,
		    .limits = needs->limits,
		    .context = tls_context(),
		    .door = {enter, abandon, finish, e, true}};
		LIST_INIT(&e->entrants);
		rc = e->context == NULL ? ERR_MEMORY : sessions_open(&e->sessions);
	}
	if (rc == OK && needs->config->pages.ca.file.text[0] != 0)
		rc = leaves_open(&e->leaves, needs->desk, needs->mono_s);
	if (rc != OK) {
		diag_set(why, "TLS: %s", err_text(rc));
		entrance_close(e);
		return rc;
	}
	read_portal(e);
	*out = e;
	return OK;
}

void entrance_use_config(struct entrance *e, const struct config *config)
{
	e->config = config;
	read_portal(e);
}

void entrance_care(struct entrance *e, uint64_t mono_s)
{
	if (e->leaves != NULL)
		leaves_care(e->leaves, mono_s);
	sessions_care(e->sessions);
}

void entrance_stop(struct entrance *e)
{
	if (e != NULL && e->leaves != NULL)
		leaves_stop(e->leaves);
}

void entrance_close(struct entrance *e)
{
	if (e == NULL)
		return;
	while (!LIST_EMPTY(&e->entrants))
		forget(LIST_FIRST(&e->entrants));
	leaves_close(e->leaves);
	sessions_close(e->sessions);
	certificate_deinit(&e->portal);
	SSL_CTX_free(e->context);
	free(e);
}
