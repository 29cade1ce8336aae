#include "kit/control_server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>

#include "base/words.h"
#include "control/frame.h"
#include "kit/log.h"

#define PAGE_NAME "lachan-page"

enum {
	NAME_BYTES = 32,
	GROUPS_MAX = 256, /* supplementary groups of a peer that are looked at */
	SOCKET_MODE = 0660,
	SOCKET_MODE_ALONE = 0600,
	READ_BYTES = 4096
};

struct control_peer {
	struct control_server *server;
	struct control_peer *next;
	struct bufferevent *stream;
	struct event *doom; /* frees the peer from the loop, never from below its caller */
	struct frame_decoder decoder;
	void *data;
	uid_t uid;
	bool guest;
	bool doomed;    /* nothing is read, queued or handed out any more */
	bool finishing; /* doomed once its output is sent */
};

struct control_server {
	struct event_base *base;
	struct evconnlistener *listener;
	struct control_handlers handlers;
	struct control_peer *peers;
	unsigned peer_count;
	struct sockaddr_un at;
	ino_t inode; /* of our socket, so that a successor's is not removed */
};

static void peer_free(struct control_peer *peer)
{
	struct control_server *server = peer->server;

	if (server->handlers.on_closed != NULL)
		server->handlers.on_closed(server->handlers.context, peer);
	for (struct control_peer **at = &server->peers; *at != NULL; at = &(*at)->next)
		if (*at == peer) {
			*at = peer->next;
			server->peer_count--;
			break;
		}
	bufferevent_free(peer->stream);
	event_free(peer->doom);
	frame_decoder_deinit(&peer->decoder);
	free(peer);
}

static void on_doom(evutil_socket_t fd UNUSED, short what UNUSED, void *context)
{
	peer_free(context);
}

static void peer_doom(struct control_peer *peer)
{
	if (peer->doomed)
		return;
	peer->doomed = true;
	(void)bufferevent_disable(peer->stream, EV_READ | EV_WRITE);
	event_active(peer->doom, EV_TIMEOUT, 0);
}

static void on_read(struct bufferevent *stream, void *context)
{
	struct control_peer *peer = context;
	struct control_server *server = peer->server;
	uint8_t bytes[READ_BYTES];

	while (!peer->doomed) {
		size_t n = bufferevent_read(stream, bytes, sizeof bytes);
		if (n == 0)
			return;
		struct slice input = {bytes, n};
		enum err rc = OK;
		while (rc == OK && !peer->doomed && !peer->finishing) {
			struct slice request;
			rc = frame_decode(&peer->decoder, &input, &request);
			if (rc == OK)
				server->handlers.on_request(
				    server->handlers.context, peer, request);
		}
		explicit_bzero(bytes, n);
		if (rc != OK && rc != ERR_AGAIN)
			peer_doom(peer);
	}
}

static void on_written(struct bufferevent *stream UNUSED, void *context)
{
	struct control_peer *peer = context;

	if (peer->finishing)
		peer_doom(peer);
}

/* The end of the stream, an error, or CONTROL_IDLE_S of silence. */
static void on_event(struct bufferevent *stream UNUSED, short what UNUSED, void *context)
{
	peer_doom(context);
}

static bool in_group(int fd, const struct ucred *who, gid_t group)
{
	gid_t groups[GROUPS_MAX];
	socklen_t len = sizeof groups;

	if (who->gid == group)
		return true;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) != 0)
		return false;
	for (size_t i = 0; i < len / sizeof groups[0]; i++)
		if (groups[i] == group)
			return true;
	return false;
}

/* The name of a process, as the kernel has it; false without such a process, or without /proc
 * for it. */
static bool read_name(pid_t pid, char out[NAME_BYTES])
{
	char path[64];

	(void)snprintf(path, sizeof path, "/proc/%ld/comm", (long)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, out, NAME_BYTES - 1);
	if (fd >= 0)
		(void)close(fd);
	if (n <= 0)
		return false;
	out[n] = 0;
	out[strcspn(out, "\n")] = 0;
	return true;
}

/* One that has gone before it could be looked at may have been it. Where /proc shows us nobody
 * but ourselves, this cannot be told, and modes and users are all there is. */
static bool is_page(pid_t pid)
{
	char name[NAME_BYTES];

	if (read_name(pid, name))
		return strcmp(name, PAGE_NAME) == 0;
	return read_name(1, name);
}

static bool may_ask(
    int fd, const struct control_handlers *handlers, uid_t *uid, bool *guest)
{
	struct ucred who;
	socklen_t len = sizeof who;

	*guest = false;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) != 0)
		return false;
	*uid = who.uid;
	if (handlers->page != CONTROL_PAGE_AS_WE && is_page(who.pid)) {
		*guest = true;
		return handlers->page == CONTROL_PAGE_AS_GUEST;
	}
	if (who.uid == 0 || who.uid == geteuid())
		return true;
	if (handlers->ourselves_alone)
		return false;
	if (in_group(fd, &who, getegid()))
		return true;
	*guest = handlers->guests != 0 && in_group(fd, &who, handlers->guests);
	return *guest;
}

static struct control_peer *peer_new(struct control_server *server, int fd)
{
	struct control_peer *peer = calloc(1, sizeof *peer);

	if (peer == NULL)
		return NULL;
	peer->server = server;
	peer->stream = bufferevent_socket_new(server->base, fd, BEV_OPT_CLOSE_ON_FREE);
	peer->doom = event_new(server->base, -1, 0, on_doom, peer);
	if (peer->stream == NULL || peer->doom == NULL) {
		if (peer->stream != NULL)
			bufferevent_free(peer->stream);
		else
			(void)close(fd);
		if (peer->doom != NULL)
			event_free(peer->doom);
		free(peer);
		return NULL;
	}
	frame_decoder_init(&peer->decoder, CONTROL_REQUEST_BYTES);
	return peer;
}

static void on_accept(struct evconnlistener *listener UNUSED, evutil_socket_t fd,
    struct sockaddr *from UNUSED, int from_len UNUSED, void *context)
{
	struct control_server *server = context;
	const struct timeval idle = {.tv_sec = CONTROL_IDLE_S};
	uid_t uid = (uid_t)-1;
	bool guest = false;
	bool welcome = may_ask((int)fd, &server->handlers, &uid, &guest);

	if (server->peer_count >= CONTROL_CLIENTS_MAX) {
		(void)close((int)fd);
		log_warn("control", "too many clients (%d), one was turned away",
		    CONTROL_CLIENTS_MAX);
		return;
	}
	struct control_peer *peer = peer_new(server, (int)fd);
	if (peer == NULL)
		return;
	peer->uid = uid;
	peer->guest = guest;
	peer->next = server->peers;
	server->peers = peer;
	server->peer_count++;
	bufferevent_setcb(peer->stream, on_read, on_written, on_event, peer);
	bufferevent_set_timeouts(peer->stream, &idle, &idle);
	if (!welcome) {
		log_warn("control", "user %u may not ask here, refused", (unsigned)uid);
		if (control_reply_error(peer,
		        "not permitted: root, the gateway's user, or a "
		        "member of its group only"))
			control_peer_finish(peer);
	} else if (bufferevent_enable(peer->stream, EV_READ | EV_WRITE) != 0)
		peer_doom(peer);
}

/* EMFILE and kin: the client waits in the backlog; a pause keeps the loop from spinning. */
static void on_accept_error(struct evconnlistener *listener UNUSED, void *context UNUSED)
{
	const struct timespec pause = {.tv_nsec = 10000000};

	log_warn("control", "accept: %s", strerror(errno));
	(void)nanosleep(&pause, NULL);
}

/* Removes what an earlier process left; ERR_EXISTS when somebody answers. */
static enum err clear_place(const struct sockaddr_un *at, struct diag *why)
{
	struct stat st;

	if (lstat(at->sun_path, &st) != 0)
		return OK;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool alive = fd >= 0 && S_ISSOCK(st.st_mode) &&
	    connect(fd, (const struct sockaddr *)at, sizeof *at) == 0;
	if (fd >= 0)
		(void)close(fd);
	if (alive || !S_ISSOCK(st.st_mode)) {
		diag_set(why,
		    alive ? _("%s: another one of us is running there (end it first)")
		          : _("%s is in the way (remove it)"),
		    at->sun_path);
		return ERR_EXISTS;
	}
	(void)unlink(at->sun_path);
	return OK;
}

/* A bound socket with its mode and group; -1 with errno. */
static int bind_socket(
    const struct sockaddr_un *at, const struct control_handlers *handlers, ino_t *inode)
{
	const mode_t mode = handlers->ourselves_alone ? SOCKET_MODE_ALONE : SOCKET_MODE;
	gid_t guests = handlers->guests;
	struct stat st;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	/* By umask and setfsgid(), not chmod() and chown(): in a folder of another user the
	 * name could have become a link to somebody's file between the two calls. */
	mode_t before = umask(0777 & ~mode);
	if (guests != 0)
		(void)setfsgid(guests);
	bool bound = bind(fd, (const struct sockaddr *)at, sizeof *at) == 0;
	if (guests != 0)
		(void)setfsgid(getegid());
	(void)umask(before);
	if (!bound || lstat(at->sun_path, &st) != 0) {
		int kept = errno;
		(void)close(fd);
		errno = kept;
		return -1;
	}
	*inode = st.st_ino;
	return fd;
}

static enum err listen_at(struct control_server *server, struct diag *why)
{
	enum err rc = clear_place(&server->at, why);
	if (rc != OK)
		return rc;
	int fd = bind_socket(&server->at, &server->handlers, &server->inode);
	if (fd < 0) {
		diag_set(why, "%s: %s", server->at.sun_path, strerror(errno));
		return ERR_IO;
	}
	server->listener = evconnlistener_new(server->base, on_accept, server,
	    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, CONTROL_CLIENTS_MAX, fd);
	if (server->listener == NULL) {
		(void)close(fd);
		diag_set(why, "%s: %s", server->at.sun_path, strerror(errno));
		return ERR_IO;
	}
	evconnlistener_set_error_cb(server->listener, on_accept_error);
	return OK;
}

enum err control_server_open(struct control_server **out, struct event_base *base,
    const char *path, const struct control_handlers *handlers, struct diag *why)
{
	size_t len = strlen(path);
	struct control_server *server = calloc(1, sizeof *server);

	if (server == NULL)
		return ERR_MEMORY;
	server->base = base;
	server->handlers = *handlers;
	server->at.sun_family = AF_UNIX;
	if (len >= sizeof server->at.sun_path) {
		diag_set(why, _("%s: too long for a socket (%zu bytes at most)"), path,
		    sizeof server->at.sun_path - 1);
		free(server);
		return ERR_RANGE;
	}
	memcpy(server->at.sun_path, path, len);
	enum err rc = listen_at(server, why);
	if (rc != OK) {
		free(server);
		return rc;
	}
	*out = server;
	return OK;
}

void control_server_close(struct control_server *server)
{
	struct stat st;

	if (server == NULL)
		return;
	while (server->peers != NULL)
		peer_free(server->peers);
	evconnlistener_free(server->listener);
	if (lstat(server->at.sun_path, &st) == 0 && st.st_ino == server->inode)
		(void)unlink(server->at.sun_path);
	free(server);
}

bool control_reply(struct control_peer *peer, struct slice payload)
{
	uint8_t header[FRAME_HEADER_BYTES];
	struct evbuffer *output = bufferevent_get_output(peer->stream);

	if (peer->doomed)
		return false;
	if (frame_encode_header(header, payload.len) != OK ||
	    evbuffer_get_length(output) + payload.len > CONTROL_OUTPUT_BYTES ||
	    evbuffer_add(output, header, sizeof header) != 0 ||
	    evbuffer_add(output, payload.ptr, payload.len) != 0) {
		peer_doom(peer);
		return false;
	}
	return true;
}

static void append_json_text(struct buf *out, const char *text)
{
	buf_byte(out, '"');
	for (const char *c = text; *c != 0; c++)
		if (*c == '"' || *c == '\\')
			buf_printf(out, "\\%c", *c);
		else if ((unsigned char)*c < 0x20 || *c == 0x7f)
			buf_printf(out, "\\u%04x", (unsigned)(unsigned char)*c);
		else
			buf_byte(out, (uint8_t)*c);
	buf_byte(out, '"');
}

bool control_reply_error(struct control_peer *peer, const char *sentence)
{
	struct buf out = BUF_INIT(CONTROL_REQUEST_BYTES);

	buf_text(&out, "{\"ok\":false,\"error\":");
	append_json_text(&out, sentence);
	buf_byte(&out, '}');
	bool made = buf_status(&out) == OK;
	bool sent = made && control_reply(peer, buf_slice(&out));
	if (!made)
		peer_doom(peer); /* without memory for words the end of the line is one */
	buf_deinit(&out);
	return sent;
}

void control_peer_keep(struct control_peer *peer)
{
	const struct timeval idle = {.tv_sec = CONTROL_IDLE_S};

	bufferevent_set_timeouts(peer->stream, NULL, &idle);
}

void control_peer_finish(struct control_peer *peer)
{
	if (peer->doomed)
		return;
	peer->finishing = true;
	(void)bufferevent_disable(peer->stream, EV_READ);
	if (evbuffer_get_length(bufferevent_get_output(peer->stream)) == 0)
		peer_doom(peer);
	else if (bufferevent_enable(peer->stream, EV_WRITE) != 0)
		peer_doom(peer);
}

uid_t control_peer_uid(const struct control_peer *peer)
{
	return peer->uid;
}

bool control_peer_is_guest(const struct control_peer *peer)
{
	return peer->guest;
}

void control_peer_set_data(struct control_peer *peer, void *data)
{
	peer->data = data;
}

void *control_peer_data(const struct control_peer *peer)
{
	return peer->data;
}
