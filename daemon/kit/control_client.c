#include "kit/control_client.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/words.h"

static enum err explain_connect(const char *path, int error, struct diag *why)
{
	switch (error) {
	case ENOENT:
	case ECONNREFUSED:
		diag_set(
		    why, _("%s: nobody answers there (is the gateway running?)"), path);
		return ERR_NOT_FOUND;
	case EACCES:
	case EPERM:
		diag_set(why,
		    _("%s: not permitted (ask as root, or as a member of its group)"),
		    path);
		return ERR_DENIED;
	case EAGAIN:
		diag_set(why, _("%s: too busy to answer (try again)"), path);
		return ERR_TIMEOUT;
	default:
		diag_set(why, "%s: %s", path, strerror(error));
		return ERR_IO;
	}
}

static int connect_to(const char *path, unsigned timeout_ms)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	const struct timeval limit = {.tv_sec = (time_t)(timeout_ms / 1000),
	    .tv_usec = (suseconds_t)(timeout_ms % 1000 * 1000)};
	size_t len = strlen(path);

	if (len >= sizeof at.sun_path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(at.sun_path, path, len);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) != 0 ||
	    connect(fd, (const struct sockaddr *)&at, sizeof at) != 0) {
		int kept = errno;
		(void)close(fd);
		errno = kept;
		return -1;
	}
	return fd;
}

enum err control_client_open(
    struct control_client *c, const char *path, unsigned timeout_ms, struct diag *why)
{
	c->fd = connect_to(path, timeout_ms);
	c->timeout_ms = timeout_ms;
	c->rest = SLICE_EMPTY;
	if (c->fd < 0)
		return explain_connect(path, errno, why);
	frame_decoder_init(&c->decoder, FRAME_MAX_BYTES);
	return OK;
}

void control_client_close(struct control_client *c)
{
	if (c->fd < 0)
		return;
	(void)close(c->fd);
	c->fd = -1;
	frame_decoder_deinit(&c->decoder);
}

static enum err explain_wait(struct diag *why)
{
	if (errno == EAGAIN || errno == EWOULDBLOCK) {
		diag_set(why, _("no answer in time (try again)"));
		return ERR_TIMEOUT;
	}
	if (errno == EPIPE || errno == ECONNRESET) {
		diag_set(why, _("the gateway closed the connection"));
		return ERR_CLOSED;
	}
	diag_set(why, "%s", strerror(errno));
	return ERR_IO;
}

static enum err send_all(int fd, struct slice data, struct diag *why)
{
	while (data.len > 0) {
		ssize_t n = send(fd, data.ptr, data.len, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return explain_wait(why);
		data.ptr += n;
		data.len -= (size_t)n;
	}
	return OK;
}

enum err control_client_send(
    struct control_client *c, struct slice request, struct diag *why)
{
	uint8_t header[FRAME_HEADER_BYTES];

	enum err rc = frame_encode_header(header, request.len);
	if (rc != OK) {
		diag_set(why, _("the request is too long"));
		return rc;
	}
	rc = send_all(c->fd, (struct slice){header, sizeof header}, why);
	return rc == OK ? send_all(c->fd, request, why) : rc;
}

enum err control_client_receive(
    struct control_client *c, struct slice *payload, struct diag *why)
{
	for (;;) {
		enum err rc = frame_decode(&c->decoder, &c->rest, payload);
		if (rc != ERR_AGAIN) {
			if (rc != OK)
				diag_set(
				    why, _("the answer cannot be read: %s"), err_text(rc));
			return rc;
		}
		ssize_t n = recv(c->fd, c->input, sizeof c->input, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return explain_wait(why);
		if (n == 0) {
			diag_set(why, _("the gateway closed the connection"));
			return ERR_CLOSED;
		}
		c->rest = (struct slice){c->input, (size_t)n};
	}
}

enum err control_client_ask(
    struct control_client *c, struct slice request, struct slice *answer, struct diag *why)
{
	enum err rc = control_client_send(c, request, why);
	return rc == OK ? control_client_receive(c, answer, why) : rc;
}
