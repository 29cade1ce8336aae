#include "kit/link.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/text.h"
#include "kit/log.h"

#define WORD_CONFIG  "config"
#define WORD_OK      "ok"
#define WORD_READY   "ready"
#define WORD_ALIVE   "alive"
#define WORD_REFUSED "refused: "

struct link {
	int fd;
	struct event *readable;
	struct event *alive;
	struct event_base *base;
	struct link_handlers handlers;
};

static bool say(int fd, const char *text)
{
	ssize_t n = send(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT);
	return n == (ssize_t)strlen(text);
}

/* The descriptor a message carried, or -1. The room is for one; the kernel closes more. */
static int carried_descriptor(struct msghdr *message)
{
	int fd = -1;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL;
	     c = CMSG_NXTHDR(message, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
		    c->cmsg_len == CMSG_LEN(sizeof fd))
			memcpy(&fd, CMSG_DATA(c), sizeof fd);
	return fd;
}

/* One message; its length, 0 at the end, -1 with errno. */
static ssize_t receive(int fd, char *text, size_t size, int *descriptor)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec part = {text, size - 1};
	struct msghdr message = {.msg_iov = &part,
	    .msg_iovlen = 1,
	    .msg_control = control.room,
	    .msg_controllen = sizeof control.room};

	ssize_t n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	*descriptor = n < 0 ? -1 : carried_descriptor(&message);
	text[n < 0 ? 0 : n] = 0;
	return n;
}

static void answer_config(struct link *l, int config_fd)
{
	struct diag why = {0};
	char text[LINK_MESSAGE_BYTES];

	enum err rc = l->handlers.on_config(l->handlers.context, config_fd, &why);
	if (rc == OK)
		(void)snprintf(text, sizeof text, WORD_OK);
	else
		(void)snprintf(text, sizeof text, WORD_REFUSED "%s",
		    why.text[0] != 0 ? why.text : err_text(rc));
	if (!say(l->fd, text))
		log_warn("link", "the supervisor cannot be told \"%.40s\"", text);
}

static void on_end(struct link *l)
{
	(void)event_del(l->readable);
	if (l->handlers.on_closed != NULL)
		l->handlers.on_closed(l->handlers.context);
	else
		(void)event_base_loopbreak(l->base);
}

static void on_readable(evutil_socket_t fd, short what UNUSED, void *context)
{
	struct link *l = context;
	char text[LINK_MESSAGE_BYTES];
	int config_fd;

	ssize_t n = receive((int)fd, text, sizeof text, &config_fd);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0)
		on_end(l);
	else if (strcmp(text, WORD_CONFIG) == 0 && config_fd >= 0)
		answer_config(l, config_fd);
	else
		log_warn("link", "unknown message from the supervisor, ignored");
	if (config_fd >= 0)
		(void)close(config_fd);
}

/* A supervisor that does not read has other troubles: it is not told again. */
static void on_alive(evutil_socket_t fd UNUSED, short what UNUSED, void *context)
{
	const struct link *l = context;

	(void)say(l->fd, WORD_ALIVE);
}

static void free_link(struct link *l)
{
	if (l->readable != NULL)
		event_free(l->readable);
	if (l->alive != NULL)
		event_free(l->alive);
	free(l);
}

enum err link_open(struct link **out, struct event_base *base, int fd,
    const struct link_handlers *handlers)
{
	const struct timeval often = {.tv_sec = LINK_ALIVE_S};
	struct link *l = calloc(1, sizeof *l);

	if (l == NULL)
		return ERR_MEMORY;
	*l = (struct link){.fd = fd, .base = base, .handlers = *handlers};
	l->readable = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, l);
	l->alive = event_new(base, -1, EV_PERSIST, on_alive, l);
	if (l->readable == NULL || l->alive == NULL || event_add(l->readable, NULL) != 0 ||
	    event_add(l->alive, &often) != 0) {
		free_link(l);
		return ERR_MEMORY;
	}
	*out = l;
	return OK;
}

void link_close(struct link *l)
{
	if (l == NULL)
		return;
	(void)close(l->fd);
	free_link(l);
}

void link_say_ready(struct link *l)
{
	if (l != NULL && !say(l->fd, WORD_READY))
		log_warn("link", "the supervisor cannot be told that we are ready");
}

enum err link_make_pair(int fds[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) != 0)
		return ERR_IO;
	return OK;
}

enum err link_send_config(int fd, int config_fd)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {0};
	char word[] = WORD_CONFIG;
	struct iovec part = {word, sizeof word - 1};
	struct msghdr message = {.msg_iov = &part,
	    .msg_iovlen = 1,
	    .msg_control = control.room,
	    .msg_controllen = sizeof control.room};
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof config_fd);
	memcpy(CMSG_DATA(c), &config_fd, sizeof config_fd);
	if (sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
		return OK;
	return errno == EAGAIN || errno == ENOBUFS ? ERR_AGAIN : ERR_IO;
}

enum link_word link_receive(int fd, char *why, size_t why_size)
{
	char text[LINK_MESSAGE_BYTES];
	int carried;

	ssize_t n = receive(fd, text, sizeof text, &carried);
	if (carried >= 0)
		(void)close(carried);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? LINK_NOTHING : LINK_CLOSED;
	if (n == 0)
		return LINK_CLOSED;
	if (strcmp(text, WORD_READY) == 0)
		return LINK_READY;
	if (strcmp(text, WORD_OK) == 0)
		return LINK_OK;
	if (strcmp(text, WORD_ALIVE) == 0)
		return LINK_ALIVE;
	if (strncmp(text, WORD_REFUSED, sizeof WORD_REFUSED - 1) != 0)
		return LINK_NOISE;
	text_printable(why, why_size, slice_of(text + sizeof WORD_REFUSED - 1));
	return LINK_REFUSED;
}
