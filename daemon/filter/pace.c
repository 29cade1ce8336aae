#include "filter/pace.h"

#include <stdlib.h>
#include <string.h>

enum {
	COUNTS = SHARE_SLOTS /* of each row */
};

/* An answer that waits for its window. */
struct parcel {
	struct parcel *next;
	struct share client;
	int fd;
	struct udp_path path;
	size_t len;
	uint8_t bytes[];
};

struct pace {
	struct worker *worker;
	uint64_t window; /* the number of the one that is counted */
	uint8_t sent[2][COUNTS];
	struct parcel *head; /* the oldest */
	struct parcel **tail;
	unsigned queued;
	size_t queued_bytes;
	struct event *tick;
};

_Static_assert(PACE_ANSWERS <= UINT8_MAX, "counts are octets");

static unsigned allowed(const struct worker *w)
{
	unsigned workers = w->filter->worker_count;
	unsigned each = PACE_ANSWERS / (workers == 0 ? 1 : workers);

	return each > PACE_ANSWERS_MIN ? each : PACE_ANSWERS_MIN;
}

static void follow_clock(struct pace *p)
{
	uint64_t window = p->worker->now.mono_ms / PACE_WINDOW_MS;

	if (window == p->window)
		return;
	p->window = window;
	memset(p->sent, 0, sizeof p->sent);
}

/* True: it may leave in this window, and is counted. */
static bool has_turn(struct pace *p, struct share client)
{
	uint8_t *a = &p->sent[0][client.at[0]];
	uint8_t *b = &p->sent[1][client.at[1]];
	unsigned max = allowed(p->worker);

	if (*a >= max && *b >= max)
		return false;
	*a = (uint8_t)(*a + (*a < UINT8_MAX ? 1 : 0));
	*b = (uint8_t)(*b + (*b < UINT8_MAX ? 1 : 0));
	return true;
}

static void send_now(
    struct worker *w, int fd, const struct udp_path *path, struct slice bytes)
{
	unsigned dropped = udp_outbox_add(w->outbox, fd, path, bytes);

	if (dropped > 0)
		counter_add(&w->counters.dropped, dropped);
}

static void wait_for_window(struct pace *p)
{
	const struct timeval interval = {0, PACE_WINDOW_MS * 1000};

	(void)event_add(p->tick, &interval);
}

static bool keep(struct pace *p, const struct late_answer *late)
{
	size_t len = late->bytes.len;

	if (p->queued >= PACE_QUEUE_MAX || p->queued_bytes + len > PACE_QUEUE_BYTES)
		return false;
	struct parcel *parcel = malloc(sizeof *parcel + len);
	if (parcel == NULL)
		return false;
	parcel->next = NULL;
	parcel->client = late->client;
	parcel->fd = late->fd;
	parcel->path = *late->path;
	parcel->len = len;
	memcpy(parcel->bytes, late->bytes.ptr, len);
	*p->tail = parcel;
	p->tail = &parcel->next;
	p->queued_bytes += len;
	if (p->queued++ == 0)
		wait_for_window(p);
	return true;
}

void pace_send(struct pace *p, const struct late_answer *late)
{
	struct worker *w = p->worker;

	follow_clock(p);
	if (has_turn(p, late->client)) {
		send_now(w, late->fd, late->path, late->bytes);
	} else if (keep(p, late)) {
		counter_add(&w->counters.paced, 1);
	} else {
		counter_add(&w->counters.dropped_paced, 1);
	}
}

/* Takes out of the queue what has its turn now; the order among the rest stays. */
static void release(struct pace *p)
{
	struct parcel **at = &p->head;

	while (*at != NULL) {
		struct parcel *parcel = *at;
		if (!has_turn(p, parcel->client)) {
			at = &parcel->next;
			continue;
		}
		*at = parcel->next;
		send_now(p->worker, parcel->fd, &parcel->path,
		    (struct slice){parcel->bytes, parcel->len});
		p->queued--;
		p->queued_bytes -= parcel->len;
		free(parcel);
	}
	p->tail = at;
}

static void on_tick(evutil_socket_t fd, short what, void *context)
{
	struct pace *p = context;

	(void)fd;
	(void)what;
	worker_wake(p->worker);
	follow_clock(p);
	release(p);
	if (p->queued > 0)
		wait_for_window(p);
	worker_rest(p->worker);
}

enum err pace_new(struct pace **out, struct worker *w)
{
	struct pace *p = calloc(1, sizeof *p);

	if (p == NULL)
		return ERR_MEMORY;
	p->worker = w;
	p->tail = &p->head;
	p->tick = evtimer_new(w->base, on_tick, p);
	if (p->tick == NULL) {
		free(p);
		return ERR_MEMORY;
	}
	*out = p;
	return OK;
}

void pace_free(struct pace *p)
{
	if (p == NULL)
		return;
	while (p->head != NULL) {
		struct parcel *parcel = p->head;
		p->head = parcel->next;
		free(parcel);
	}
	event_free(p->tick);
	free(p);
}
