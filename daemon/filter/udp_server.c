#include "filter/udp_server.h"
#include "filter/diagnosing.h"

#include "filter/clients.h"
#include "filter/pace.h"

enum {
	BATCHES_PER_WAKE = 4 /* then the other sockets have their turn */
};

static void udp_hold(struct asker *asker, const struct request *r)
{
	asker->udp.path = *(const struct udp_path *)r->path;
	asker->udp.fd = r->fd;
}

static void udp_send_late(struct asker *asker, struct slice answer)
{
	struct worker *w = asker->home;

	if (w->now.mono_ms - asker->arrived_ms >= PACE_LATE_MS) {
		const struct late_answer late = {
		    asker->share, asker->udp.fd, &asker->udp.path, answer};
		pace_send(w->pace, &late);
		return;
	}
	unsigned dropped =
	    udp_outbox_add(w->outbox, asker->udp.fd, &asker->udp.path, answer);
	if (dropped > 0)
		counter_add(&w->counters.dropped, dropped);
}

static void udp_release(struct asker *asker)
{
	(void)asker; /* holds nothing */
}

static uint16_t udp_limit(const struct worker *w)
{
	return (uint16_t)w->snapshot->config->server.max_udp_size_bytes;
}

const struct transport UDP_TRANSPORT = {
    udp_hold, udp_send_late, udp_release, udp_limit, .proves_address = false};

static void read_datagram(
    struct worker *w, const struct listener *listener, unsigned i, struct request *r)
{
	const struct udp_path *path = udp_batch_path(w->batch, i);

	r->transport = &UDP_TRANSPORT;
	r->path = path;
	r->fd = listener->fd;
	r->client = udp_path_peer(path);
	r->local = listener->bound.family != 0 ? listener->bound : udp_path_local(path);
	query_read(w, r, udp_batch_datagram(w->batch, i));
	/* A source port of 0 has no way back, and a cut datagram is no message. */
	if (r->client.port == 0 || udp_batch_truncated(w->batch, i))
		r->fate = MESSAGE_DROP;
}

/* Thousands of questions more than a client may have are no reason for thousands of answers
 * at once. */
static void answer_in_turn(struct worker *w, const struct request *r, size_t len)
{
	const struct late_answer late = {
	    .client = share_of(clients_hash(w, r)),
	    .fd = r->fd,
	    .path = r->path,
	    .bytes = {udp_batch_answer(w->batch), len},
	};

	pace_send(w->pace, &late);
}

/* 1 when there is an answer to send now. */
static unsigned answer_datagram(struct worker *w, unsigned i, struct request *r)
{
	if (r->fate == MESSAGE_DROP) {
		counter_add(&w->counters.dropped, 1);
		return 0;
	}
	size_t len = query_handle(w, r, udp_batch_answer(w->batch), UDP_ANSWER_BYTES);
	if (w->diagnosing) {
		const struct slice answer = {udp_batch_answer(w->batch), len};
		diagnosing_answered(w, r, answer);
	}
	if (len == 0)
		return 0;
	if (r->over_share) {
		answer_in_turn(w, r, len);
		return 0;
	}
	udp_batch_reply(w->batch, i, len);
	return 1;
}

/* Each step for the whole chunk before the next: what one asks memory for has come by the
 * time the next one looks (query.h). */
static void serve_batch(struct worker *w, const struct listener *listener, unsigned count)
{
	unsigned answered = 0;

	for (unsigned first = 0; first < count; first += REQUESTS_PER_CHUNK) {
		unsigned n =
		    count - first < REQUESTS_PER_CHUNK ? count - first : REQUESTS_PER_CHUNK;
		query_begin_chunk(w);
		for (unsigned k = 0; k < n; k++)
			read_datagram(w, listener, first + k, &w->requests[k]);
		for (unsigned k = 0; k < n; k++)
			query_read_on(w, &w->requests[k]);
		for (unsigned k = 0; k < n; k++)
			query_look(w, &w->requests[k]);
		for (unsigned k = 0; k < n; k++)
			query_look_on(w, &w->requests[k]);
		for (unsigned k = 0; k < n; k++)
			answered += answer_datagram(w, first + k, &w->requests[k]);
	}
	latency_add_at_once(&w->latency, answered);
	/* Last: who sees them counted may rely on what became of them. */
	counter_add(&w->counters.udp, count);
	unsigned dropped = udp_batch_flush(w->batch, listener->fd);
	if (dropped > 0)
		counter_add(&w->counters.dropped, dropped);
}

void udp_on_readable(evutil_socket_t fd, short what, void *context)
{
	const struct listener *listener = context;
	struct worker *w = listener->worker;

	(void)what;
	worker_wake(w);
	for (int i = 0; i < BATCHES_PER_WAKE; i++) {
		int n = udp_batch_receive(w->batch, fd);
		if (n <= 0)
			break;
		serve_batch(w, listener, (unsigned)n);
		if (n < UDP_BATCH_COUNT)
			break;
	}
	worker_rest(w);
}
