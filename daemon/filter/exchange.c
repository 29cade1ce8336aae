#include "filter/exchange.h"

#include "filter/loop.h"

enum {
	AGAIN_MS = 700,
	AGAIN_QUIET_MS = 1600, /* the same where nothing says that it was lost */
	LOOK_MS = 100,         /* whether something does by now */
	LAST_MS = 2100,        /* the third and last query leaves, at the earliest */
	SOCKET_AGAIN_MS =
	    2 * WHEEL_TICK_MS, /* without one to spare: others come to an end */
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

static uint64_t sooner(uint64_t a_ms, uint64_t b_ms)
{
	return a_ms < b_ms ? a_ms : b_ms;
}

static uint64_t later(uint64_t a_ms, uint64_t b_ms)
{
	return a_ms > b_ms ? a_ms : b_ms;
}

/* Until the first of all that it waits for. */
static void sleep_on(struct exchange *ex)
{
	uint64_t wake_ms = ex->start_ms + FORWARD_DEADLINE_MS;

	wake_ms = sooner(wake_ms, sooner(ex->ask_at_ms, ex->stale_at_ms));
	for (unsigned i = 0; i < ex->tries; i++) {
		if (ex->attempts[i].exchange != NULL)
			wake_ms = sooner(wake_ms, ex->attempts[i].give_up_ms);
	}
	wheel_remove(ex);
	ex->wake_ms = wake_ms;
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
	return ex;
}

void exchange_release(struct exchange *ex)
{
	struct forwarder *f = ex->forwarder;

	wheel_remove(ex);
	for (unsigned i = 0; i < ex->tries; i++)
		attempt_close(&ex->attempts[i]);
	if (ex->counted)
		shares_give(&f->worker->filter->questions, ex->share);
	if (ex->purpose != EXCHANGE_FOR_ASKERS)
		f->background--;
	ex->next = f->free_list;
	f->free_list = ex;
	if (--f->active == 0)
		(void)event_del(f->tick);
}

struct exchange *exchange_begin(struct forwarder *f, const struct exchange_plan *plan)
{
	struct exchange *ex = exchange_take(f);
	const struct worker *w = f->worker;
	uint64_t wait_ms = w->snapshot->config->cache.stale.wait_ms;

	if (ex == NULL)
		return NULL;
	ex->purpose = plan->purpose;
	ex->asker = plan->asker;
	ex->counted = plan->asker != NULL;
	if (plan->asker != NULL)
		ex->share = plan->asker->share;
	name_copy(&ex->qname, (struct dname){plan->key->name.ptr, plan->key->name.len});
	ex->key = *plan->key;
	ex->key.name = (struct slice){ex->qname.wire, ex->qname.len};
	ex->memory = plan->memory;
	ex->route = plan->route < ROUTES_MAX ? plan->route : ROUTE_DEFAULT;
	ex->server = plan->server;
	ex->without_edns = false;
	ex->asked_over_tcp = false;
	ex->start_ms = w->now.mono_ms;
	ex->ask_at_ms = NEVER_MS;
	ex->stale_at_ms =
	    plan->purpose == EXCHANGE_PROBE ? NEVER_MS : ex->start_ms + wait_ms;
	ex->wake_ms = ex->start_ms + FORWARD_DEADLINE_MS;
	ex->tries = 0;
	ex->tried = (struct health_tried){.set_id = exchange_servers(ex)->id};
	ex->ede = EDE_NO_REACHABLE_AUTHORITY;
	if (plan->purpose != EXCHANGE_FOR_ASKERS)
		f->background++;
	wheel_add(ex);
	return ex;
}

/* ---- one try more ---- */

static bool has_open_attempt(const struct exchange *ex)
{
	for (unsigned i = 0; i < ex->tries; i++) {
		if (ex->attempts[i].exchange != NULL)
			return true;
	}
	return false;
}

static bool choose(struct exchange *ex, unsigned *server)
{
	const struct upstream_set *set = exchange_servers(ex);
	struct health *health = exchange_health(ex);

	if (ex->tries >= FORWARD_ATTEMPTS_MAX || set->count == 0)
		return false;
	health_follow(health, set);
	/* Another list since: what was tried were others. */
	if (ex->tried.set_id != set->id)
		ex->tried = (struct health_tried){.set_id = set->id};
	if (ex->purpose == EXCHANGE_PROBE) {
		*server = ex->server;
		return ex->tries == 0 && ex->server < set->count;
	}
	unsigned avoided =
	    loop_found(&ex->forwarder->worker->filter->loops, ex->route, set);
	return health_choose(health, set, avoided, &ex->tried, server);
}

/* When a server that is being waited for may be asked the same once more. A datagram may be
 * lost: likely so where what was asked later has been answered. More often the server has to
 * ask others first, and the next one adds nothing. */
static uint64_t again_at_ms(const struct exchange *ex, unsigned server)
{
	uint64_t now_ms = ex->forwarder->worker->now.mono_ms;
	uint64_t first_ms = 0, last_ms = 0;

	for (unsigned i = 0; i < ex->tries; i++) {
		const struct attempt *a = &ex->attempts[i];
		if (a->exchange == NULL || a->server_index != server)
			continue;
		first_ms = last_ms == 0 ? a->sent_ms : first_ms;
		last_ms = a->sent_ms;
	}
	if (last_ms == 0)
		return 0;
	if (ex->tried.tries[server] > 1)
		return later(last_ms + AGAIN_MS, first_ms + LAST_MS);
	if (now_ms < last_ms + AGAIN_MS ||
	    exchange_health(ex)->servers[server].newest_ms >= last_ms)
		return last_ms + AGAIN_MS;
	return sooner(now_ms + LOOK_MS, last_ms + AGAIN_QUIET_MS);
}

/* Tries this server, and plans the next try. */
static enum err ask(struct exchange *ex, unsigned server)
{
	enum err rc = attempt_begin(ex, server);

	if (rc != OK)
		return rc;
	ex->ask_at_ms = ex->forwarder->worker->now.mono_ms +
	    health_patience_ms(
	        exchange_health(ex), server, exchange_servers(ex)->timeout_ms);
	sleep_on(ex);
	return OK;
}

/* Asks one more server, or as many as it takes until one takes the query. */
static void ask_on(struct exchange *ex)
{
	uint64_t now_ms = ex->forwarder->worker->now.mono_ms;
	enum err rc = ERR_IO;
	unsigned server;

	ex->ask_at_ms = NEVER_MS;
	while (choose(ex, &server)) {
		uint64_t at_ms = again_at_ms(ex, server);
		if (at_ms > now_ms) {
			ex->ask_at_ms = at_ms;
			break;
		}
		rc = ask(ex, server);
		if (rc == OK)
			return;
		if (rc == ERR_FULL) {
			ex->ask_at_ms = now_ms + SOCKET_AGAIN_MS;
			break;
		}
	}
	if (rc == ERR_FULL || has_open_attempt(ex))
		sleep_on(ex);
	else
		exchange_fail(ex);
}

bool exchange_has_untried(const struct exchange *ex)
{
	const struct upstream_set *set = exchange_servers(ex);

	for (unsigned i = 0; i < set->count; i++) {
		if (ex->tried.tries[i] == 0)
			return true;
	}
	return false;
}

void exchange_run(struct exchange *ex)
{
	ask_on(ex);
}

void exchange_attempt_failed(struct exchange *ex, struct attempt *a, enum ede_code ede)
{
	ex->ede = ede;
	ex->tried.over |= (uint16_t)(1u << a->server_index);
	attempt_close(a);
	ask_on(ex);
}

void exchange_ask_again(struct exchange *ex, unsigned server)
{
	if (ex->tries < FORWARD_ATTEMPTS_MAX && server < exchange_servers(ex)->count &&
	    ex->tried.tries[server] < HEALTH_TRIES_MAX && ask(ex, server) == OK)
		return;
	ask_on(ex);
}

void exchange_attempt_spoiled(struct exchange *ex, struct attempt *a)
{
	ex->tried.over |= (uint16_t)(1u << a->server_index); /* it would say so again */
	if (a->give_up_ms == NEVER_MS)
		a->give_up_ms = ex->forwarder->worker->now.mono_ms + SPOILED_UDP_MS;
	sleep_on(ex);
}

/* ---- waking ---- */

/* Spoiled attempts whose time is over end; the first of an exchange goes on over TCP. */
static void leave_spoiled(struct exchange *ex, uint64_t now_ms)
{
	for (unsigned i = 0; i < ex->tries; i++) {
		struct attempt *a = &ex->attempts[i];
		if (a->exchange == NULL || a->give_up_ms > now_ms)
			continue;
		bool goes_on = a->stream == NULL && !ex->asked_over_tcp;
		ex->ede = EDE_OTHER;
		ex->asked_over_tcp = true;
		a->give_up_ms = now_ms + SPOILED_TCP_MS;
		if (!goes_on || !attempt_over_tcp(a))
			attempt_close(a);
	}
}

static void wake(struct exchange *ex)
{
	uint64_t now_ms = ex->forwarder->worker->now.mono_ms;

	if (now_ms >= ex->stale_at_ms) {
		ex->stale_at_ms = NEVER_MS;
		exchange_is_slow(ex);
	}
	if (now_ms >= ex->start_ms + FORWARD_DEADLINE_MS) {
		exchange_fail(ex);
		return;
	}
	leave_spoiled(ex, now_ms);
	if (now_ms >= ex->ask_at_ms || !has_open_attempt(ex))
		ask_on(ex);
	else
		sleep_on(ex);
}

void exchange_on_tick(evutil_socket_t fd, short what, void *context)
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
