#include "filter/neighbour_watch.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "filter/neighbour_wire.h"
#include "kit/log.h"

enum {
	ROUND_S = 60,
	RETRY_S = 1,
	DATAGRAMS_PER_WAKE = 64, /* then main has other things to do */
	/* A table that changes all the while is told for so long until a round counts. */
	INTERRUPTED_MAX = 3
};

struct neighbour_watch {
	struct neighbours *neighbours;
	void (*on_addresses)(void *context);
	void *context;
	int fd;
	struct event *readable;
	struct event *timer; /* the next round, or trying a failed one again */
	uint32_t asked;      /* the number of the last question */
	uint32_t sequence;   /* of the round under way; 0: none is */
	bool interrupted;
	unsigned interrupted_rounds;
	bool full_said;
	_Alignas(8) uint8_t bytes[NEIGHBOUR_MESSAGES_BYTES];
};

static void wait_for_round(struct neighbour_watch *w, int seconds)
{
	const struct timeval wait = {seconds, 0};

	(void)evtimer_add(w->timer, &wait);
}

static void begin_round(struct neighbour_watch *w)
{
	_Alignas(8) uint8_t question[NEIGHBOUR_REQUEST_BYTES];

	if (++w->asked == 0)
		w->asked = 1;
	size_t len = neighbour_ask_all(question, w->asked);
	/* A round that never ends is replaced by the next one. */
	wait_for_round(w, ROUND_S);
	if (send(w->fd, question, len, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)len) {
		wait_for_round(w, RETRY_S);
		return;
	}
	neighbours_begin_round(w->neighbours);
	w->sequence = w->asked;
	w->interrupted = false;
}

/* Lines may be missing from a table that changed while it was told: nothing is forgotten for
 * that, unless it never stands still. */
static void end_round(struct neighbour_watch *w)
{
	w->sequence = 0;
	if (w->interrupted && ++w->interrupted_rounds < INTERRUPTED_MAX) {
		wait_for_round(w, RETRY_S);
		return;
	}
	w->interrupted_rounds = 0;
	neighbours_end_round(w->neighbours);
	neighbours_set_told(w->neighbours, true); /* it may have refused a round before */
}

static void refused(struct neighbour_watch *w, int why)
{
	w->sequence = 0;
	/* A round is under way on this socket already: the kernel tells one at a time. */
	if (why == EBUSY) {
		wait_for_round(w, RETRY_S);
		return;
	}
	neighbours_set_told(w->neighbours, false);
	log_warn("neighbours",
	    "the kernel does not tell us its neighbours (%s): no device is known by its MAC "
	    "address",
	    strerror(why));
}

static void take_line(struct neighbour_watch *w, const struct neighbour *line)
{
	if (neighbours_put(w->neighbours, line) || w->full_said)
		return;
	w->full_said = true;
	log_warn("neighbours",
	    "more than %d neighbours: further ones are looked up one by one",
	    NEIGHBOURS_MAX);
}

static void take_message(struct neighbour_watch *w, const struct neighbour_message *m)
{
	bool of_round = w->sequence != 0 && m->sequence == w->sequence;

	if (of_round && m->interrupted)
		w->interrupted = true;
	switch (m->said) {
	case NEIGHBOUR_LINE:
		take_line(w, &m->line);
		break;
	case NEIGHBOUR_ADDRESSES:
		w->on_addresses(w->context);
		break;
	case NEIGHBOUR_END:
		if (of_round)
			end_round(w);
		break;
	case NEIGHBOUR_REFUSED:
		if (of_round && m->error != 0)
			refused(w, m->error);
		break;
	case NEIGHBOUR_OTHER:
		break;
	}
}

/* False: nothing more is there. */
static bool take_datagram(struct neighbour_watch *w)
{
	struct neighbour_message m;
	int n = neighbour_receive(w->fd, w->bytes, sizeof w->bytes);

	if (n < 0 && errno == ENOBUFS) {
		begin_round(w); /* some were lost: the whole table again */
		return true;
	}
	if (n <= 0)
		return false;
	struct slice rest = {w->bytes, (size_t)n};
	while (neighbour_next(&rest, &m))
		take_message(w, &m);
	return true;
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
	struct neighbour_watch *w = context;

	(void)fd;
	(void)what;
	for (unsigned i = 0; i < DATAGRAMS_PER_WAKE && take_datagram(w); i++)
		continue;
}

static void on_round(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	begin_round(context);
}

static enum err watch(struct neighbour_watch *w, struct event_base *base)
{
	w->readable = event_new(base, w->fd, EV_READ | EV_PERSIST, on_readable, w);
	w->timer = evtimer_new(base, on_round, w);
	if (w->readable == NULL || w->timer == NULL || event_add(w->readable, NULL) != 0)
		return ERR_MEMORY;
	neighbours_set_told(w->neighbours, true);
	begin_round(w);
	return OK;
}

enum err neighbour_watch_open(struct neighbour_watch **out, struct event_base *base,
    struct neighbours *n, void (*on_addresses)(void *context), void *context)
{
	struct neighbour_watch *w = calloc(1, sizeof *w);
	enum err rc = OK;

	if (w == NULL)
		return ERR_MEMORY;
	w->neighbours = n;
	w->on_addresses = on_addresses;
	w->context = context;
	w->fd = neighbour_socket(RTMGRP_NEIGH | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR);
	if (w->fd < 0) {
		refused(w, errno);
	} else {
		rc = watch(w, base);
	}
	if (rc != OK) {
		neighbour_watch_close(w);
		return rc;
	}
	*out = w;
	return OK;
}

void neighbour_watch_close(struct neighbour_watch *w)
{
	if (w == NULL)
		return;
	if (w->readable != NULL)
		event_free(w->readable);
	if (w->timer != NULL)
		event_free(w->timer);
	if (w->fd >= 0)
		(void)close(w->fd);
	free(w);
}
