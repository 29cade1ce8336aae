#include "page/inquiry.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>

#include "control/frame.h"

enum {
	READ_BYTES = 4096
};

struct inquiry {
	struct bufferevent *stream;
	struct event *deadline;
	struct frame_decoder decoder;
	inquiry_on_answer *on_answer;
	void *context;
};

void inquiry_drop(struct inquiry *q)
{
	if (q == NULL)
		return;
	if (q->deadline != NULL)
		event_free(q->deadline);
	if (q->stream != NULL)
		bufferevent_free(q->stream);
	frame_decoder_deinit(&q->decoder);
	free(q);
}

/* Takes `answer`. */
static void settle(struct inquiry *q, json_t *answer)
{
	inquiry_on_answer *on_answer = q->on_answer;
	void *context = q->context;

	inquiry_drop(q);
	on_answer(context, answer);
	json_decref(answer);
}

static json_t *parse(struct slice payload)
{
	json_t *answer = json_loadb(
	    (const char *)payload.ptr, payload.len, JSON_REJECT_DUPLICATES, NULL);

	if (json_is_object(answer))
		return answer;
	json_decref(answer);
	return NULL;
}

static void on_readable(struct bufferevent *stream, void *context)
{
	struct inquiry *q = context;
	uint8_t bytes[READ_BYTES];
	size_t n;

	while ((n = bufferevent_read(stream, bytes, sizeof bytes)) > 0) {
		struct slice input = {bytes, n};
		struct slice payload;
		enum err rc = frame_decode(&q->decoder, &input, &payload);
		explicit_bzero(bytes, n); /* somebody's code, or what opens a session */
		if (rc == ERR_AGAIN)
			continue;
		settle(q, rc == OK ? parse(payload) : NULL);
		return;
	}
}

static void on_event(struct bufferevent *stream, short what, void *context)
{
	(void)stream;
	(void)what;
	settle(context, NULL);
}

static void on_deadline(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	settle(context, NULL);
}

static int connect_to(const char *path)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	size_t len = strlen(path);

	if (len >= sizeof at.sun_path)
		return -1;
	memcpy(at.sun_path, path, len);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&at, sizeof at) != 0) {
		(void)close(fd); /* EAGAIN too: its backlog is full */
		fd = -1;
	}
	return fd;
}

static bool ask(struct inquiry *q, struct slice text)
{
	uint8_t header[FRAME_HEADER_BYTES];

	return frame_encode_header(header, text.len) == OK &&
	    bufferevent_write(q->stream, header, sizeof header) == 0 &&
	    bufferevent_write(q->stream, text.ptr, text.len) == 0 &&
	    bufferevent_enable(q->stream, EV_READ | EV_WRITE) == 0;
}

struct inquiry *inquiry_begin(struct event_base *base,
    const struct inquiry_question *question, inquiry_on_answer *on_answer, void *context)
{
	const struct timeval limit = {(time_t)(question->timeout_ms / 1000),
	    (suseconds_t)(question->timeout_ms % 1000) * 1000};
	int fd = connect_to(question->path);
	struct inquiry *q = fd < 0 ? NULL : calloc(1, sizeof *q);

	if (q == NULL) {
		if (fd >= 0)
			(void)close(fd);
		return NULL;
	}
	frame_decoder_init(&q->decoder, question->max_bytes);
	q->on_answer = on_answer;
	q->context = context;
	q->stream = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (q->stream == NULL)
		(void)close(fd);
	q->deadline = evtimer_new(base, on_deadline, q);
	if (q->stream == NULL || q->deadline == NULL ||
	    event_add(q->deadline, &limit) != 0) {
		inquiry_drop(q);
		return NULL;
	}
	bufferevent_setcb(q->stream, on_readable, NULL, on_event, q);
	if (!ask(q, question->text)) {
		inquiry_drop(q);
		return NULL;
	}
	return q;
}
