#include "filter/forward.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "filter/clients.h"
#include "filter/exchange.h"
#include "filter/obtain.h"
#include "filter/probe.h"
#include "filter/rebind.h"
#include "filter/review.h"
#include "filter/stale.h"

enum {
	REFRESHES_MAX = FORWARD_EXCHANGES_MAX / 8, /* at once: the rest is for askers */
};

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
	copy->stale = from->stale;
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

/* What is in the forwarder's letter goes to the leader's own asker and to all who joined. */
static void give(struct worker *w, struct asker *first, struct waiter *joined)
{
	const struct letter *letter = w->forwarder->letter;

	if (first != NULL)
		query_finish(first, letter);
	deliver(w, joined, letter);
}

/* Ends the exchange; everybody who waits gets the letter. */
static void settle(struct exchange *ex)
{
	struct worker *w = ex->forwarder->worker;
	struct asker *first = ex->asker;
	struct waiter *joined = inflight_settle(w->filter->inflight, &ex->key);

	exchange_release(ex);
	give(w, first, joined);
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

/* A good answer takes the place of what was kept, and leaves none of it where it may not be
 * kept itself. */
static void keep(const struct exchange *ex, const struct letter *letter, uint32_t ttl_s,
    enum cache_kind kind)
{
	struct cache *cache = ex->forwarder->worker->filter->cache;
	const struct cache_entry entry = {
	    .answer = {letter->bytes, letter->len},
	    .stored_ms = letter->stored_ms,
	    .expires_ms = letter->stored_ms + (uint64_t)ttl_s * 1000,
	    .user_bits = letter->memory,
	    .kind = kind,
	};

	if (ttl_s == 0 || !cache_put(cache, &ex->key, &entry))
		(void)cache_remove(cache, &ex->key);
}

void exchange_succeed(struct exchange *ex)
{
	struct forwarder *f = ex->forwarder;
	struct letter *letter = f->letter;
	struct stored stored;

	letter->failed = false;
	letter->stale = false;
	letter->stored_ms = f->worker->now.mono_ms;
	letter->memory = 0;
	health_question_answered(exchange_health(ex));
	failures_forget(f->failures, ex->key.hash);
	/* Into the cache before the question is settled, so that nobody falls between. */
	if (stored_view(&stored, (struct slice){letter->bytes, letter->len})) {
		letter->memory = memory_of_answer(ex, &stored);
		keep(ex, letter, stored.ttl_s,
		    stored.kind == STORED_POSITIVE ? CACHE_POSITIVE : CACHE_NEGATIVE);
	}
	settle(ex);
}

/* An expired answer as the forwarder's letter, if one is kept. */
static bool write_stale_letter(const struct exchange *ex)
{
	struct letter *letter = ex->forwarder->letter;
	struct writer into = writer_over(letter->bytes, LETTER_BYTES);
	struct cache_hit hit;

	const struct forward_question question = {ex->key, ex->memory, ex->route};
	if (!stale_find(ex->forwarder->worker, &question, &into, &hit))
		return false;
	letter->failed = false;
	letter->stale = true;
	letter->stored_ms = ex->forwarder->worker->now.mono_ms;
	letter->memory = hit.user_bits;
	letter->len = into.len;
	return true;
}

static void write_failed_letter(struct letter *letter, enum ede_code ede)
{
	letter->failed = true;
	letter->stale = false;
	letter->memory = 0;
	letter->ede = (uint16_t)ede;
	letter->len = 0;
}

void exchange_is_slow(struct exchange *ex)
{
	struct worker *w = ex->forwarder->worker;
	struct asker *first = ex->asker;

	if (!write_stale_letter(ex))
		return;
	ex->asker = NULL;
	give(w, first, inflight_take(w->filter->inflight, &ex->key));
}

static void note_failure(struct exchange *ex)
{
	struct forwarder *f = ex->forwarder;
	struct health *health = exchange_health(ex);
	struct failure_note note = {
	    .ede = (uint16_t)ex->ede,
	    .epoch = health->recoveries,
	    .now_ms = f->worker->now.mono_ms,
	};

	worker_random(f->worker, &note.jitter, sizeof note.jitter);
	failures_add(f->failures, ex->key.hash, &note);
	health_question_failed(health);
}

void exchange_fail(struct exchange *ex)
{
	struct forwarder *f = ex->forwarder;

	for (unsigned i = 0; i < ex->tries; i++) {
		if (ex->attempts[i].exchange != NULL)
			attempt_is_late(&ex->attempts[i]);
	}
	if (ex->purpose == EXCHANGE_PROBE) {
		exchange_release(ex);
		return;
	}
	note_failure(ex);
	if (!write_stale_letter(ex)) {
		counter_add(&f->worker->counters.failed, 1);
		write_failed_letter(f->letter, ex->ede);
	}
	settle(ex);
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

static void on_probe_timer(evutil_socket_t fd, short what, void *context)
{
	struct forwarder *f = context;

	(void)fd;
	(void)what;
	worker_wake(f->worker);
	probe_look(f);
	worker_rest(f->worker);
}

/* ---- beginning ---- */

struct forward_outlook forward_outlook(
    struct worker *w, const struct forward_question *question)
{
	struct forwarder *f = w->forwarder;
	unsigned route = question->route < ROUTES_MAX ? question->route : ROUTE_DEFAULT;
	const struct upstream_set *set = snapshot_route(w->snapshot, route);
	struct health *health = &f->health[route];

	health_follow(health, set);
	health->asked_ms = w->now.mono_ms;
	const struct failure failure = failures_look(
	    f->failures, question->key.hash, health->recoveries, w->now.mono_ms);
	bool nobody =
	    health_all_down(health, set, loop_found(&w->filter->loops, route, set));
	bool at_once = w->snapshot->config->cache.stale.wait_ms == 0;
	bool trouble = nobody || failure.state != FAILURE_NONE;
	return (struct forward_outlook){
	    .trouble = trouble,
	    .stale_first = trouble || at_once,
	    /* Where nobody is there, probes find out when somebody is. */
	    .refresh =
	        nobody ? failure.state == FAILURE_NONE : failure.state != FAILURE_NOW,
	    .failed = failure.state == FAILURE_NOW,
	    .ede = (enum ede_code)failure.ede,
	};
}

/* A question that was to be led here and cannot be: who joined meanwhile hears so. */
static void abandon(struct worker *w, const struct cache_key *key)
{
	struct letter *letter = w->forwarder->letter;

	write_failed_letter(letter, EDE_OTHER);
	deliver(w, inflight_settle(w->filter->inflight, key), letter);
}

static bool lead(struct worker *w, const struct forward_question *question,
    enum exchange_purpose purpose, struct asker *asker)
{
	const struct exchange_plan plan = {
	    .purpose = purpose,
	    .key = &question->key,
	    .memory = question->memory,
	    .route = question->route,
	    .asker = asker,
	};
	struct exchange *ex = exchange_begin(w->forwarder, &plan);

	if (ex == NULL) {
		abandon(w, &question->key);
		return false;
	}
	counter_add(&w->counters.forwarded, asker != NULL ? 1 : 0);
	exchange_run(ex);
	return true;
}

/* What we ask comes back to us from where we asked it: worth a look. */
static void suspect_loop(struct worker *w, const struct request *r, unsigned route)
{
	const struct upstream_set *set = snapshot_route(w->snapshot, route);

	for (unsigned i = 0; i < set->count; i++) {
		if (addr_equal(&set->servers[i].addr, &r->client))
			atomic_store_explicit(
			    &w->filter->loops.wanted, true, memory_order_relaxed);
	}
}

enum forward_result forward_start(
    struct worker *w, struct request *r, const struct forward_question *question)
{
	struct shares *questions = &w->filter->questions;
	struct asker *asker = asker_take(w, r);
	if (asker == NULL)
		return FORWARD_FULL;
	switch (inflight_join(w->filter->inflight, &question->key, &asker->waiter)) {
	case INFLIGHT_JOINED:
		counter_add(&w->counters.joined, 1);
		suspect_loop(w, r, question->route);
		return FORWARD_WAITS;
	case INFLIGHT_FULL:
		asker_release(asker);
		return FORWARD_FULL;
	case INFLIGHT_LEADER:
		break;
	}
	if (!shares_take(questions, asker->share, clients_questions_max(w, r))) {
		/* A client whose names all hang must not take the whole pool (T16). */
		counter_add(&w->counters.capped_questions, 1);
		r->over_share = true;
		abandon(w, &question->key);
	} else if (lead(w, question, EXCHANGE_FOR_ASKERS, asker)) {
		return FORWARD_WAITS;
	} else {
		shares_give(questions, asker->share);
	}
	asker_release(asker);
	return FORWARD_FULL;
}

bool forward_refresh(struct worker *w, const struct forward_question *question)
{
	return w->forwarder->background < REFRESHES_MAX &&
	    inflight_lead(w->filter->inflight, &question->key) &&
	    lead(w, question, EXCHANGE_REFRESH, NULL);
}

/* ---- life ---- */

static enum err build(struct forwarder *f, struct worker *w)
{
	const struct timeval often = {0, PROBE_TIMER_MS * 1000};

	f->worker = w;
	f->pool = calloc(FORWARD_EXCHANGES_MAX, sizeof *f->pool);
	f->letter = calloc(1, sizeof *f->letter + LETTER_BYTES);
	if (f->pool == NULL || f->letter == NULL)
		return ERR_MEMORY;
	enum err rc = source_port_pool_new(&f->ports, w->filter->ports_max);
	if (rc == OK)
		rc = failures_new(&f->failures, FAILURES_PLACES);
	if (rc == OK)
		rc = probing_new(&f->probing);
	if (rc != OK)
		return rc;
	f->ports_event = event_new(
	    w->base, source_port_pool_fd(f->ports), EV_READ | EV_PERSIST, on_ports, f);
	f->tick = event_new(w->base, -1, EV_PERSIST, exchange_on_tick, f);
	f->probe_timer = event_new(w->base, -1, EV_PERSIST, on_probe_timer, f);
	if (f->ports_event == NULL || f->tick == NULL || f->probe_timer == NULL ||
	    event_add(f->ports_event, NULL) != 0 || event_add(f->probe_timer, &often) != 0)
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
	if (f->probe_timer != NULL)
		event_free(f->probe_timer);
	source_port_pool_free(f->ports);
	failures_free(f->failures);
	probing_free(f->probing);
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
	    .down = health_is_down(s),
	};
}
