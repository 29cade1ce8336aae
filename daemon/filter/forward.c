#include "filter/forward.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "filter/clients.h"
#include "filter/exchange.h"
#include "filter/obtain.h"
#include "filter/rebind.h"
#include "filter/review.h"

enum {
	PORTS_MAX = FORWARD_EXCHANGES_MAX * 2
};

/* ---- the wheel: when an exchange looks up again ---- */

static void wheel_remove(struct exchange *ex)
{
	struct forwarder *f = ex->forwarder;

	if (ex->prev != NULL) {
		ex->prev->next = ex->next;
	} else {
		f->wheel[ex->slot] = ex->next;
	}
	if (ex->next != NULL)
		ex->next->prev = ex->prev;
}

static void wheel_add(struct exchange *ex)
{
	struct forwarder *f = ex->forwarder;

	ex->slot = (unsigned)(ex->wake_ms / WHEEL_TICK_MS % WHEEL_SLOTS);
	ex->prev = NULL;
	ex->next = f->wheel[ex->slot];
	if (ex->next != NULL)
		ex->next->prev = ex;
	f->wheel[ex->slot] = ex;
}

static void sleep_until(struct exchange *ex, uint64_t wake_ms)
{
	uint64_t deadline_ms = ex->start_ms + FORWARD_DEADLINE_MS;

	wheel_remove(ex);
	ex->wake_ms = wake_ms < deadline_ms ? wake_ms : deadline_ms;
	wheel_add(ex);
}

/* ---- the pool ---- */

static struct exchange *exchange_take(struct forwarder *f)
{
	struct exchange *ex = f->free_list;

	if (ex != NULL) {
		f->free_list = ex->next;
	} else if (f->used < FORWARD_EXCHANGES_MAX) {
		ex = &f->pool[f->used++];
	} else {
		return NULL;
	}
	if (f->active++ == 0) {
		const struct timeval tick = {0, WHEEL_TICK_MS * 1000};
		f->tick_number = f->worker->now.mono_ms / WHEEL_TICK_MS;
		(void)event_add(f->tick, &tick);
	}
	ex->forwarder = f;
	ex->counted = false;
	return ex;
}

/* One that counts for the client who asks: a client whose names all hang must not take the
 * whole pool (T16). NULL: he has his share, or the pool is empty. */
static struct exchange *exchange_take_for(
    struct worker *w, struct request *r, const struct asker *asker)
{
	struct shares *questions = &w->filter->questions;

	if (!shares_take(questions, asker->share, clients_questions_max(w, r))) {
		counter_add(&w->counters.capped_questions, 1);
		r->over_share = true;
		return NULL;
	}
	struct exchange *ex = exchange_take(w->forwarder);
	if (ex == NULL) {
		shares_give(questions, asker->share);
		return NULL;
	}
	ex->counted = true;
	ex->share = asker->share;
	return ex;
}

static void exchange_release(struct exchange *ex)
{
	struct forwarder *f = ex->forwarder;

	wheel_remove(ex);
	if (ex->counted)
		shares_give(&f->worker->filter->questions, ex->share);
	for (unsigned i = 0; i < ex->tries; i++)
		attempt_close(&ex->attempts[i]);
	ex->next = f->free_list;
	f->free_list = ex;
	if (--f->active == 0)
		(void)event_del(f->tick);
}

/* ---- settling ---- */

/* What other workers are sent when there is no memory for a copy: SERVFAIL. Never freed:
 * its readers start at one and each that is added leaves again. */
static struct letter no_memory = {.readers = 1, .failed = true, .ede = EDE_OTHER};

/* A letter of its own for other workers, who read it when they come to it. */
static struct letter *copy_letter(const struct letter *from)
{
	struct letter *copy = malloc(sizeof *copy + from->len);
	if (copy == NULL) {
		letter_hold(&no_memory);
		return &no_memory;
	}
	copy->stored_ms = from->stored_ms;
	copy->memory = from->memory;
	copy->failed = from->failed;
	copy->ede = from->ede;
	copy->len = from->len;
	atomic_init(&copy->readers, 1);
	memcpy(copy->bytes, from->bytes, from->len);
	return copy;
}

/* Answers this worker's askers and sends the others theirs, worker by worker. */
static void deliver(struct worker *w, struct waiter *all, const struct letter *letter)
{
	struct asker *others[FILTER_WORKERS_MAX] = {NULL};
	bool any_other = false;

	while (all != NULL) {
		struct asker *asker = (struct asker *)all;
		all = all->next;
		if (asker->home == w) {
			query_finish(asker, letter);
			continue;
		}
		asker->waiter.next = (struct waiter *)others[asker->home->index];
		others[asker->home->index] = asker;
		any_other = true;
	}
	struct letter *copy = any_other ? copy_letter(letter) : NULL;
	for (unsigned i = 0; copy != NULL && i < w->filter->worker_count; i++) {
		if (others[i] != NULL)
			worker_mail(w->filter->workers[i], others[i], copy);
	}
	if (copy != NULL)
		letter_drop(copy);
}

/* Ends the exchange; everybody who asked gets what is in the forwarder's letter. */
static void settle(struct exchange *ex)
{
	struct forwarder *f = ex->forwarder;
	struct worker *w = f->worker;
	struct asker *first = ex->asker;
	struct waiter *joined = inflight_settle(w->filter->inflight, &ex->key);

	exchange_release(ex);
	query_finish(first, f->letter);
	deliver(w, joined, f->letter);
}

/* What was known of the name when it was asked for, if that still holds, and whether anybody
 * speaks of what its answer leads to: found out once for all who wait. */
static uint64_t memory_of_answer(const struct exchange *ex, const struct stored *stored)
{
	const struct worker *w = ex->forwarder->worker;
	const struct snapshot *s = w->snapshot;
	unsigned flags = memory_says(w, ex->memory, MEMORY_UNLISTED) ? MEMORY_UNLISTED : 0u;
	bool may_be_private = memory_says(w, ex->memory, MEMORY_AT_HOME) ||
	    !s->config->upstream.rebind_protection;

	if (review_is_plain(s->policy, &s->state, w->scratch, stored))
		flags |= MEMORY_PLAIN;
	if (memory_says(w, ex->memory, MEMORY_SOUND) &&
	    (may_be_private || !rebind_has_inside(stored)))
		flags |= MEMORY_SOUND;
	return memory_of(w, memory_route_tag(ex->memory), flags);
}

void exchange_succeed(struct exchange *ex)
{
	struct forwarder *f = ex->forwarder;
	struct worker *w = f->worker;
	struct stored stored;

	f->letter->failed = false;
	f->letter->stored_ms = w->now.mono_ms;
	f->letter->memory = 0;
	struct slice bytes = {f->letter->bytes, f->letter->len};
	bool good = stored_view(&stored, bytes);
	if (good)
		f->letter->memory = memory_of_answer(ex, &stored);
	/* Into the cache before the question is settled, so that nobody falls between. */
	if (good && stored.ttl_s > 0) {
		const struct cache_entry entry = {
		    .answer = bytes,
		    .stored_ms = w->now.mono_ms,
		    .expires_ms = w->now.mono_ms + (uint64_t)stored.ttl_s * 1000,
		    .user_bits = f->letter->memory,
		    .kind =
		        stored.kind == STORED_POSITIVE ? CACHE_POSITIVE : CACHE_NEGATIVE,
		};
		(void)cache_put(w->filter->cache, &ex->key, &entry);
	}
	settle(ex);
}

static void fail(struct exchange *ex)
{
	struct forwarder *f = ex->forwarder;

	for (unsigned i = 0; i < ex->tries; i++) {
		if (ex->attempts[i].exchange != NULL)
			attempt_is_late(&ex->attempts[i]);
	}
	counter_add(&f->worker->counters.failed, 1);
	f->letter->failed = true;
	f->letter->memory = 0;
	f->letter->ede = (uint16_t)ex->ede;
	f->letter->len = 0;
	settle(ex);
}

static bool has_open_attempt(const struct exchange *ex)
{
	for (unsigned i = 0; i < ex->tries; i++) {
		if (ex->attempts[i].exchange != NULL)
			return true;
	}
	return false;
}

/* Asks one more server, or as many as it takes until one takes the query. */
static void ask_on(struct exchange *ex)
{
	struct forwarder *f = ex->forwarder;
	uint64_t now_ms = f->worker->now.mono_ms;

	while (ex->tries < FORWARD_ATTEMPTS_MAX) {
		if (!attempt_begin(ex)) {
			if (exchange_servers(ex)->count == 0)
				break;
			continue;
		}
		unsigned server = ex->attempts[ex->tries - 1].server_index;
		sleep_until(ex,
		    now_ms +
		        health_patience_ms(
		            exchange_health(ex), server, exchange_servers(ex)->timeout_ms));
		return;
	}
	if (has_open_attempt(ex)) {
		sleep_until(ex, ex->start_ms + FORWARD_DEADLINE_MS);
	} else {
		fail(ex);
	}
}

void exchange_attempt_failed(struct exchange *ex, struct attempt *a, enum ede_code ede)
{
	ex->ede = ede;
	attempt_close(a);
	/* The same server twice in a row helps nobody; when all were asked, only those that
	 * still may answer are waited for. */
	const struct upstream_set *set = exchange_servers(ex);
	unsigned all =
	    set->count >= UPSTREAM_SERVERS_MAX ? UINT16_MAX : (1u << set->count) - 1;
	if ((ex->tried_mask & all) != all)
		ask_on(ex);
	else if (!has_open_attempt(ex))
		fail(ex);
}

void exchange_ask_again(struct exchange *ex, unsigned server)
{
	ex->tried_mask &= ~(1u << server);
	ask_on(ex);
}

static void wake(struct exchange *ex)
{
	uint64_t now_ms = ex->forwarder->worker->now.mono_ms;

	if (now_ms >= ex->start_ms + FORWARD_DEADLINE_MS) {
		fail(ex);
	} else {
		ask_on(ex);
	}
}

static void on_tick(evutil_socket_t fd, short what, void *context)
{
	struct forwarder *f = context;
	struct worker *w = f->worker;

	(void)fd;
	(void)what;
	worker_wake(w);
	uint64_t last = w->now.mono_ms / WHEEL_TICK_MS;
	if (last - f->tick_number > WHEEL_SLOTS)
		f->tick_number = last - WHEEL_SLOTS;
	for (; f->tick_number < last; f->tick_number++) {
		struct exchange *ex = f->wheel[f->tick_number % WHEEL_SLOTS];
		while (ex != NULL) {
			struct exchange *next = ex->next;
			if (ex->wake_ms <= w->now.mono_ms) {
				wake(ex);
				/* Waking may settle others of this slot: begin again. */
				next = f->wheel[f->tick_number % WHEEL_SLOTS];
			}
			ex = next;
		}
	}
	worker_rest(w);
}

static void on_ports(evutil_socket_t fd, short what, void *context)
{
	struct forwarder *f = context;

	(void)fd;
	(void)what;
	worker_wake(f->worker);
	source_port_pool_run(f->ports, attempt_on_ready, f);
	worker_rest(f->worker);
}

/* ---- beginning ---- */

static void exchange_init(struct exchange *ex, const struct request *r,
    const struct forward_question *question, struct asker *asker)
{
	struct worker *w = ex->forwarder->worker;
	struct slice name = question->key.name;

	ex->asker = asker;
	name_copy(&ex->qname, (struct dname){name.ptr, name.len});
	ex->key = question->key;
	ex->memory = question->memory;
	ex->route = question->route < ROUTES_MAX ? question->route : ROUTE_DEFAULT;
	ex->key.name = (struct slice){ex->qname.wire, ex->qname.len};
	ex->dnssec_ok = r->message.edns.dnssec_ok;
	ex->checking_disabled = (r->message.flags & FLAG_CD) != 0;
	ex->without_edns = false;
	ex->start_ms = w->now.mono_ms;
	ex->wake_ms = ex->start_ms + FORWARD_DEADLINE_MS;
	ex->tries = 0;
	ex->tried_mask = 0;
	ex->ede = EDE_NO_REACHABLE_AUTHORITY;
	wheel_add(ex);
}

enum forward_result forward_start(
    struct worker *w, struct request *r, const struct forward_question *question)
{
	struct asker *asker = asker_take(w, r);
	if (asker == NULL)
		return FORWARD_FULL;
	switch (inflight_join(w->filter->inflight, &question->key, &asker->waiter)) {
	case INFLIGHT_JOINED:
		counter_add(&w->counters.joined, 1);
		return FORWARD_WAITS;
	case INFLIGHT_FULL:
		asker_release(asker);
		return FORWARD_FULL;
	case INFLIGHT_LEADER:
		break;
	}
	struct exchange *ex = exchange_take_for(w, r, asker);
	if (ex == NULL) {
		struct letter *letter = w->forwarder->letter;
		letter->failed = true;
		letter->memory = 0;
		letter->ede = EDE_OTHER;
		letter->len = 0;
		deliver(w, inflight_settle(w->filter->inflight, &question->key), letter);
		asker_release(asker);
		return FORWARD_FULL;
	}
	counter_add(&w->counters.forwarded, 1);
	exchange_init(ex, r, question, asker);
	ask_on(ex);
	return FORWARD_WAITS;
}

/* ---- life ---- */

static enum err build(struct forwarder *f, struct worker *w)
{
	f->worker = w;
	f->pool = calloc(FORWARD_EXCHANGES_MAX, sizeof *f->pool);
	f->letter = calloc(1, sizeof *f->letter + LETTER_BYTES);
	if (f->pool == NULL || f->letter == NULL)
		return ERR_MEMORY;
	enum err rc = source_port_pool_new(&f->ports, PORTS_MAX);
	if (rc != OK)
		return rc;
	f->ports_event = event_new(
	    w->base, source_port_pool_fd(f->ports), EV_READ | EV_PERSIST, on_ports, f);
	f->tick = event_new(w->base, -1, EV_PERSIST, on_tick, f);
	if (f->ports_event == NULL || f->tick == NULL ||
	    event_add(f->ports_event, NULL) != 0)
		return ERR_MEMORY;
	return OK;
}

enum err forwarder_new(struct forwarder **out, struct worker *w)
{
	struct forwarder *f = calloc(1, sizeof *f);
	if (f == NULL)
		return ERR_MEMORY;
	*out = f; /* whole enough for forwarder_free() */
	return build(f, w);
}

void forwarder_free(struct forwarder *f)
{
	if (f == NULL)
		return;
	for (size_t i = 0; f->pool != NULL && i < f->used; i++) {
		for (unsigned k = 0; k < FORWARD_ATTEMPTS_MAX; k++)
			attempt_close(&f->pool[i].attempts[k]);
	}
	if (f->ports_event != NULL)
		event_free(f->ports_event);
	if (f->tick != NULL)
		event_free(f->tick);
	source_port_pool_free(f->ports);
	free(f->letter);
	free(f->pool);
	free(f);
}

struct upstream_health forwarder_health(const struct worker *w, unsigned route, unsigned i)
{
	const struct server_health *s = &w->forwarder->health[route].servers[i];

	return (struct upstream_health){
	    .srtt_us = atomic_load_explicit(&s->srtt_us, memory_order_relaxed),
	    .failures = atomic_load_explicit(&s->failures, memory_order_relaxed),
	    .queries = atomic_load_explicit(&s->queries, memory_order_relaxed),
	    .timeouts = atomic_load_explicit(&s->timeouts, memory_order_relaxed),
	    .down = atomic_load_explicit(&s->failures, memory_order_relaxed) >=
	        HEALTH_FAILURES_TO_DOWN,
	};
}
