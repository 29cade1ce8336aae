#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <sys/socket.h>

#include "filter/exchange.h"

enum {
	EDNS_SIZE = 1232,      /* RFC 9715: fits every path without fragments */
	REPLY_BYTES = 4096,    /* some answer with more than was asked for */
	MISMATCHES_TO_TCP = 8, /* somebody guesses at this query (T5): leave UDP */
	READS_PER_WAKE = 64,   /* of one socket, then the others */
};

static struct worker *worker_of(const struct attempt *a)
{
	return a->exchange->forwarder->worker;
}

/* What is known of the servers that it is one of. */
static struct health *health_of(const struct attempt *a)
{
	struct health *health = exchange_health(a->exchange);

	return health->set_id == a->set_id ? health : &a->exchange->forwarder->bygone;
}

/* A fresh ID and letter case for every send, retries included (T1, T7). TCP needs no help
 * against guessing, and a server that lower-cases questions can be asked there. */
static void write_query(struct attempt *a, bool mixed_case)
{
	struct exchange *ex = a->exchange;
	struct query q = {
	    .qname = name_of(&ex->qname),
	    .qtype = ex->key.qtype,
	    .dnssec_ok = (ex->key.flags & CACHE_FLAG_DO) != 0,
	    .checking_disabled = (ex->key.flags & CACHE_FLAG_CD) != 0,
	    .edns_udp_size = ex->without_edns ? 0 : EDNS_SIZE,
	};

	worker_random(ex->forwarder->worker, &q.id, sizeof q.id);
	if (mixed_case)
		worker_random(
		    ex->forwarder->worker, q.case_bits, (size_t)(ex->qname.len + 7) / 8);
	a->query_len = query_write(a->query, sizeof a->query, &q);
}

void attempt_close(struct attempt *a)
{
	if (a->exchange == NULL)
		return;
	source_port_close(a->exchange->forwarder->ports, a->port);
	if (a->stream != NULL)
		bufferevent_free(a->stream);
	a->port = NULL;
	a->stream = NULL;
	a->exchange = NULL;
}

/* What came over UDP asks for TCP: the same attempt goes on there. */
static void move_to_stream(struct attempt *a)
{
	if (!attempt_over_tcp(a))
		exchange_attempt_failed(a->exchange, a, EDE_OTHER);
}

/* ERR_FULL: we have no socket left, which says nothing about the server. */
static enum err udp_begin(struct attempt *a)
{
	struct forwarder *f = a->exchange->forwarder;
	enum err rc = source_port_open(&a->port, f->ports, &a->server.addr, a);

	if (rc != OK)
		return rc;
	write_query(a, !health_of(a)->servers[a->server_index].lowers_case);
	counter_add(&f->worker->counters.upstream_queries, 1);
	ssize_t n = send(source_port_fd(a->port), a->query, a->query_len, MSG_DONTWAIT);
	return n == (ssize_t)a->query_len ? OK : ERR_IO;
}

static enum err begin(struct attempt *a)
{
	if (!a->server.tcp)
		return udp_begin(a);
	errno = 0;
	if (attempt_over_tcp(a))
		return OK;
	return errno == EMFILE || errno == ENFILE ? ERR_FULL : ERR_IO;
}

enum err attempt_begin(struct exchange *ex, unsigned server)
{
	struct forwarder *f = ex->forwarder;
	const struct upstream_set *set = exchange_servers(ex);
	struct attempt *a = &ex->attempts[ex->tries];

	a->exchange = ex;
	a->set_id = set->id;
	a->server_index = server;
	a->server = set->servers[server];
	a->sent_ms = f->worker->now.mono_ms;
	a->give_up_ms = NEVER_MS;
	a->mismatches = 0;
	a->port = NULL;
	a->stream = NULL;
	enum err rc = begin(a);
	if (rc == ERR_FULL) {
		attempt_close(a);
		return rc;
	}
	ex->tries++;
	ex->tried.tries[server]++;
	struct health *health = health_of(a);
	counter_add(&health->servers[server].queries, 1);
	if (rc == OK)
		return OK;
	health_failed(health, server, a->sent_ms);
	ex->tried.over |= (uint16_t)(1u << server);
	ex->ede = EDE_NETWORK_ERROR;
	attempt_close(a);
	return rc;
}

void attempt_is_late(struct attempt *a)
{
	struct worker *w = worker_of(a);
	struct health *health = health_of(a);

	health_failed(health, a->server_index, w->now.mono_ms);
	counter_add(&health->servers[a->server_index].timeouts, 1);
	counter_add(&w->counters.upstream_timeouts, 1);
}

/* Servers that were asked before the one that has answered and have said nothing yet:
 * one that is silent for ever must not be waited for by every question. */
static void note_late_ones(const struct attempt *winner)
{
	struct exchange *ex = winner->exchange;

	for (unsigned i = 0; i < ex->tries; i++) {
		struct attempt *a = &ex->attempts[i];
		if (a->exchange != NULL && a->server_index != winner->server_index &&
		    a->sent_ms < winner->sent_ms)
			attempt_is_late(a);
	}
}

static struct stored_limits limits_of(const struct exchange *ex)
{
	const struct config_cache *cache = &ex->forwarder->worker->snapshot->config->cache;

	return (struct stored_limits){
	    .max_ttl_s = (uint32_t)(cache->max_ttl_ms / 1000),
	    .negative_ttl_s = (uint32_t)(cache->negative_ttl_ms / 1000),
	    .failure_ttl_s = 1,
	    .keep_dnssec = (ex->key.flags & CACHE_FLAG_DO) != 0,
	};
}

static void take_answer(struct attempt *a, struct slice reply)
{
	struct exchange *ex = a->exchange;
	struct letter *letter = ex->forwarder->letter;
	const struct stored_limits limits = limits_of(ex);
	enum err rc =
	    stored_from_reply(letter->bytes, LETTER_BYTES, &letter->len, reply, &limits);

	if (rc == OK) {
		note_late_ones(a);
		exchange_succeed(ex);
	} else if (rc == ERR_FORMAT && a->stream == NULL) {
		/* Perhaps forged, perhaps the truth comes after it: keep waiting (T4). */
		counter_add(&worker_of(a)->counters.upstream_mismatches, 1);
		exchange_attempt_spoiled(ex, a);
	} else {
		exchange_attempt_failed(ex, a, EDE_OTHER);
	}
}

/* A server from before EDNS says FORMERR (RFC 6891 section 7). Some say NOTIMP, which may
 * mean anything: others are asked first, as they are. */
static bool dislikes_edns(const struct exchange *ex, unsigned rcode)
{
	return !ex->without_edns &&
	    (rcode == RCODE_FORMERR ||
	        (rcode == RCODE_NOTIMP && !exchange_has_untried(ex)));
}

/* What a matching reply says about the attempt. */
static void judge_reply(struct attempt *a, struct slice reply)
{
	struct exchange *ex = a->exchange;
	struct health *health = health_of(a);
	unsigned rcode = load_u16(reply.ptr + 2) & FLAG_RCODE_MASK;
	bool helpful = rcode == RCODE_NOERROR || rcode == RCODE_NXDOMAIN;

	health_answered(health, a->server_index, a->sent_ms, worker_of(a)->now.mono_ms);
	if (helpful)
		health_was_helpful(health, a->server_index);
	if (ex->purpose == EXCHANGE_PROBE) {
		probe_answered(ex);
	} else if (reply_is_truncated(reply) && a->stream == NULL) {
		move_to_stream(a);
	} else if (dislikes_edns(ex, rcode)) {
		unsigned server = a->server_index;
		ex->without_edns = true;
		attempt_close(a);
		exchange_ask_again(ex, server);
	} else if (!helpful) {
		health_refused(health, a->server_index);
		exchange_attempt_failed(ex, a, EDE_NO_REACHABLE_AUTHORITY);
	} else {
		take_answer(a, reply);
	}
}

/* Not what we asked. One of these is noise; many are somebody guessing. */
static void count_mismatch(struct attempt *a)
{
	counter_add(&worker_of(a)->counters.upstream_mismatches, 1);
	if (++a->mismatches >= MISMATCHES_TO_TCP)
		move_to_stream(a);
}

/* The server does not keep the letters' case: it is asked again in lower case, and from now
 * on. Nobody else knows ID and port, so nobody else can say so; if it was somebody all the
 * same, this attempt still waits for the truth (T4). */
static void leave_mixed_case(struct attempt *a)
{
	counter_add(&worker_of(a)->counters.upstream_mismatches, 1);
	health_of(a)->servers[a->server_index].lowers_case = true;
	exchange_ask_again(a->exchange, a->server_index);
}

/* A server that does not read past the OPT record, and so cannot say what was asked. The
 * question goes out again without; this attempt still waits, as above. */
static void leave_edns(struct attempt *a)
{
	counter_add(&worker_of(a)->counters.upstream_mismatches, 1);
	a->exchange->without_edns = true;
	exchange_ask_again(a->exchange, a->server_index);
}

void attempt_on_ready(void *context, struct source_port *port, void *user)
{
	struct attempt *a = user;

	(void)context;
	for (int i = 0; i < READS_PER_WAKE; i++) {
		uint8_t reply[REPLY_BYTES];
		ssize_t n = recv(source_port_fd(port), reply, sizeof reply, MSG_DONTWAIT);
		if (n < 0 && errno == ECONNREFUSED) {
			health_failed(
			    health_of(a), a->server_index, worker_of(a)->now.mono_ms);
			exchange_attempt_failed(a->exchange, a, EDE_NETWORK_ERROR);
			return;
		}
		if (n < 0)
			return;
		struct slice bytes = {reply, (size_t)n};
		const struct slice query = {a->query, a->query_len};
		if (reply_matches(bytes, query) || reply_is_bare_failure(bytes, query)) {
			judge_reply(a, bytes);
		} else if (reply_matches_but_for_case(bytes, query)) {
			leave_mixed_case(a);
		} else if (!a->exchange->without_edns &&
		    reply_refuses_to_read(bytes, query)) {
			leave_edns(a);
		} else {
			count_mismatch(a);
		}
		/* Settled, failed or moved to TCP: the socket is no longer this attempt's. */
		if (a->exchange == NULL || a->port != port)
			return;
	}
}

/* ---- over TCP ---- */

static void stream_failed(struct attempt *a)
{
	health_failed(health_of(a), a->server_index, worker_of(a)->now.mono_ms);
	exchange_attempt_failed(a->exchange, a, EDE_NETWORK_ERROR);
}

static void on_stream_read(struct bufferevent *stream, void *context)
{
	struct attempt *a = context;
	struct worker *w = worker_of(a);
	struct evbuffer *in = bufferevent_get_input(stream);
	uint8_t head[2];

	worker_wake(w);
	if (evbuffer_copyout(in, head, sizeof head) == (ev_ssize_t)sizeof head) {
		size_t need = sizeof head + load_u16(head);
		uint8_t *all = evbuffer_get_length(in) >= need
		    ? evbuffer_pullup(in, (ev_ssize_t)need)
		    : NULL;
		struct slice reply = {
		    all == NULL ? NULL : all + sizeof head, need - sizeof head};
		if (all == NULL) {
			; /* not whole yet */
		} else if (reply_matches(reply, (struct slice){a->query, a->query_len})) {
			judge_reply(a, reply);
		} else {
			stream_failed(a);
		}
	}
	worker_rest(w);
}

static void on_stream_event(struct bufferevent *stream, short what, void *context)
{
	struct attempt *a = context;
	struct worker *w = worker_of(a);
	uint8_t head[2];

	worker_wake(w);
	if ((what & BEV_EVENT_CONNECTED) != 0) {
		store_u16(head, (uint16_t)a->query_len);
		(void)bufferevent_write(stream, head, sizeof head);
		(void)bufferevent_write(stream, a->query, a->query_len);
	} else {
		stream_failed(a);
	}
	worker_rest(w);
}

/* Asks the attempt's server over TCP, in place of UDP if it was that. Callbacks are
 * deferred: a refusal that connect() knows at once must not come back into this call. */
bool attempt_over_tcp(struct attempt *a)
{
	struct exchange *ex = a->exchange;
	struct worker *w = worker_of(a);
	struct sockaddr_storage sa;
	socklen_t len = addr_to_sockaddr(&sa, &a->server.addr);

	source_port_close(ex->forwarder->ports, a->port);
	a->port = NULL;
	write_query(a, false);
	counter_add(&w->counters.upstream_queries, 1);
	a->stream = bufferevent_socket_new(
	    w->base, -1, BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
	if (a->stream == NULL)
		return false;
	bufferevent_setcb(a->stream, on_stream_read, NULL, on_stream_event, a);
	(void)bufferevent_enable(a->stream, EV_READ | EV_WRITE);
	/* What fails at once has no callback: no descriptor, no way there. */
	return bufferevent_socket_connect(
	           a->stream, (const struct sockaddr *)&sa, (int)len) == 0;
}
