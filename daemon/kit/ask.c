#include "kit/ask.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "kit/log.h"

enum {
	/* Answers at a time: what one of them makes is sent before the next ones are read, so
	 * that a flood of questions does not fill memory with their pages. */
	ASK_ROUND = 16
};

struct waiting {
	bool used;
	uint32_t id;
	ask_on_answer on_answer;
	void *context;
	struct event *timer;
};

struct ask {
	struct event_base *base;
	struct sockaddr_un address;
	int fd; /* -1: not connected */
	struct event *readable;
	uint32_t last_id;
	bool given_up;
	struct waiting slots[ASK_PENDING_MAX];
};

/* Frees the slot first: the callback may ask again. */
static void settle(struct waiting *w, const struct verdict_answer *answer)
{
	ask_on_answer on_answer = w->on_answer;
	void *context = w->context;

	event_free(w->timer);
	*w = (struct waiting){.used = false};
	on_answer(context, answer);
}

static void disconnect(struct ask *a)
{
	if (a->readable != NULL)
		event_free(a->readable);
	a->readable = NULL;
	if (a->fd >= 0)
		close(a->fd);
	a->fd = -1;
}

static void settle_by_id(struct ask *a, const struct verdict_answer *answer)
{
	for (size_t i = 0; i < ASK_PENDING_MAX; i++) {
		if (a->slots[i].used && a->slots[i].id == answer->id) {
			settle(&a->slots[i], answer);
			return;
		}
	}
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
	struct ask *a = context;
	uint8_t message[VERDICT_MAX_BYTES];

	(void)what;
	for (unsigned n = 0; n < ASK_ROUND && a->fd == fd; n++) {
		ssize_t len = recv(fd, message, sizeof message, MSG_DONTWAIT | MSG_TRUNC);
		if (len < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (len <= 0) {
			disconnect(a);
			return;
		}
		struct verdict_answer answer;
		struct slice bytes = {message, (size_t)len};
		if ((size_t)len <= sizeof message &&
		    verdict_decode_answer(bytes, &answer) == OK)
			settle_by_id(a, &answer);
	}
}

static bool connect_now(struct ask *a)
{
	if (a->fd >= 0)
		return true;
	a->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (a->fd < 0)
		return false;
	if (connect(a->fd, (const struct sockaddr *)&a->address, sizeof a->address) == 0) {
		a->readable =
		    event_new(a->base, a->fd, EV_READ | EV_PERSIST, on_readable, a);
	}
	if (a->readable == NULL || event_add(a->readable, NULL) != 0) {
		log_warn("ask", "no verdicts from the filter (%s): going on without",
		    strerror(errno));
		disconnect(a);
		return false;
	}
	return true;
}

static void on_timeout(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	settle(context, NULL);
}

static bool send_question(
    struct ask *a, uint32_t id, struct dname name, const struct addr *client)
{
	struct verdict_question q = {
	    .id = id, .family = client->family == AF_INET ? 4 : 6, .name_len = name.len};
	uint8_t message[VERDICT_MAX_BYTES];
	size_t len;

	if (name.len > sizeof q.name)
		return false;
	memcpy(q.address, client->bytes, sizeof q.address);
	memcpy(q.name, name.wire, name.len);
	if (verdict_encode_question(&q, message, &len) != OK)
		return false;
	/* A filter that was restarted since leaves a dead connection: once more, anew. */
	for (unsigned attempt = 0; attempt < 2; attempt++) {
		if (!connect_now(a))
			return false;
		if (send(a->fd, message, len, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)len)
			return true;
		if (errno == EAGAIN)
			return false;
		disconnect(a);
	}
	return false;
}

static struct waiting *free_slot(struct ask *a)
{
	for (size_t i = 0; i < ASK_PENDING_MAX; i++) {
		if (!a->slots[i].used)
			return &a->slots[i];
	}
	return NULL;
}

void ask_verdict(struct ask *a, struct dname name, const struct addr *client,
    ask_on_answer on_answer, void *context)
{
	const struct timeval wait = {0, ASK_WAIT_MS * 1000};
	struct waiting *w = a->given_up ? NULL : free_slot(a);
	uint32_t id = ++a->last_id;

	if (w == NULL || !send_question(a, id, name, client)) {
		on_answer(context, NULL);
		return;
	}
	*w = (struct waiting){.used = true,
	    .id = id,
	    .on_answer = on_answer,
	    .context = context,
	    .timer = evtimer_new(a->base, on_timeout, w)};
	if (w->timer == NULL || evtimer_add(w->timer, &wait) != 0) {
		if (w->timer != NULL)
			event_free(w->timer);
		*w = (struct waiting){.used = false};
		on_answer(context, NULL);
	}
}

enum err ask_open(struct ask **out, struct event_base *base, const char *path)
{
	struct ask *a = calloc(1, sizeof *a);

	if (a == NULL)
		return ERR_MEMORY;
	a->base = base;
	a->fd = -1;
	a->address.sun_family = AF_UNIX;
	if (strlen(path) >= sizeof a->address.sun_path) {
		free(a);
		return ERR_RANGE;
	}
	memcpy(a->address.sun_path, path, strlen(path) + 1);
	*out = a;
	return OK;
}

void ask_give_up(struct ask *a)
{
	if (a == NULL)
		return;
	a->given_up = true; /* who asks again hears the same */
	for (size_t i = 0; i < ASK_PENDING_MAX; i++) {
		if (a->slots[i].used)
			settle(&a->slots[i], NULL);
	}
}

void ask_close(struct ask *a)
{
	if (a == NULL)
		return;
	for (size_t i = 0; i < ASK_PENDING_MAX; i++) {
		if (a->slots[i].used)
			event_free(a->slots[i].timer);
	}
	disconnect(a);
	free(a);
}
