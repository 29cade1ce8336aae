#include "filter/probe.h"

#include <stdlib.h>

#include "filter/exchange.h"
#include "filter/loop.h"
#include "kit/log.h"

enum {
	WANTED_MS = 60000,           /* so long after a question its route is in demand */
	PROBE_MS = 1000,             /* of a server that is down, in demand */
	PROBE_ALL_DOWN_MS = 1500,    /* nobody asks, but nobody could be answered either */
	PROBE_IDLE_MS = 5000,        /* nobody asks, and others are up */
	ROUND_MS = 10 * 60 * 1000,   /* between two rounds that found nothing */
	ROUND_FOUND_MS = 30 * 1000,  /* while some server is left out */
	ROUND_WANTED_MS = 10 * 1000, /* between two rounds in any case */
	BACKGROUND_MAX = FORWARD_EXCHANGES_MAX / 4,
};

struct probing {
	uint64_t began_ms; /* of the last round */
	bool under_way;
	uint64_t set_ids[ROUTES_MAX]; /* that the last round was about */
	unsigned answered[ROUTES_MAX];
	unsigned told[ROUTES_MAX]; /* servers that the log knows to be left out */
};

enum err probing_new(struct probing **out)
{
	struct probing *p = calloc(1, sizeof *p);

	if (p == NULL)
		return ERR_MEMORY;
	*out = p;
	return OK;
}

void probing_free(struct probing *p)
{
	free(p);
}

static void probe_begin(
    struct forwarder *f, unsigned route, unsigned server, struct slice name, uint16_t qtype)
{
	const struct cache_key key = cache_key_of(f->worker->filter->cache, name, qtype, 0);
	const struct exchange_plan plan = {
	    .purpose = EXCHANGE_PROBE,
	    .key = &key,
	    .memory =
	        memory_of(f->worker, snapshot_route_tag(f->worker->snapshot, route), 0),
	    .route = route,
	    .server = server,
	};
	struct exchange *ex =
	    f->background < BACKGROUND_MAX ? exchange_begin(f, &plan) : NULL;

	if (ex != NULL)
		exchange_run(ex);
}

/* ---- is it back? ---- */

static uint32_t interval_ms(
    const struct health *h, const struct upstream_set *set, uint64_t now_ms)
{
	if (now_ms - h->asked_ms < WANTED_MS)
		return PROBE_MS;
	return health_all_down(h, set, 0) ? PROBE_ALL_DOWN_MS : PROBE_IDLE_MS;
}

/* Once for all workers: the first that finds it down, and the first of those that found it down
 * that finds it up again. */
static void tell_state(const struct forwarder *f, unsigned route, unsigned server)
{
	atomic_uint *told = &f->worker->filter->told_down[route];
	struct server_health *s = &f->worker->forwarder->health[route].servers[server];
	unsigned bit = 1u << server;
	bool down = health_is_down(s);
	char address[ADDR_TEXT_MAX];

	if (down == s->told_down)
		return;
	s->told_down = down;
	unsigned before = down ? atomic_fetch_or(told, bit) : atomic_fetch_and(told, ~bit);
	if (down == ((before & bit) != 0))
		return;
	addr_to_text_port(
	    address, &snapshot_route(f->worker->snapshot, route)->servers[server].addr);
	if (down)
		log_warn(
		    "upstream", "%s does not answer: others first, and probes", address);
	else
		log_info("upstream", "%s answers again", address);
}

/* What every server of a route must know: the root's name servers; its own zone. */
static struct slice known_name(const struct snapshot *s, unsigned route, uint16_t *qtype)
{
	static const uint8_t ROOT[1] = {0};
	const struct config_zones *zones = &s->config->upstream.zones;
	unsigned r = ROUTE_DEFAULT;

	for (size_t z = 0; z < zones->count; z++) {
		const struct dname *apex = &zones->items[z].zone.name;
		if (zones->items[z].servers.count == 0 || ++r != route)
			continue;
		*qtype = TYPE_SOA;
		return (struct slice){apex->wire, apex->len};
	}
	*qtype = TYPE_NS;
	return (struct slice){ROOT, sizeof ROOT};
}

static void look_for_recovery(struct forwarder *f, unsigned route)
{
	const struct upstream_set *set = snapshot_route(f->worker->snapshot, route);
	struct health *h = &f->health[route];
	uint64_t now_ms = f->worker->now.mono_ms;

	health_follow(h, set);
	for (unsigned i = 0; i < set->count; i++) {
		struct server_health *s = &h->servers[i];
		tell_state(f, route, i);
		if ((!health_is_down(s) && !health_is_unwell(s)) || now_ms < s->probe_at_ms)
			continue;
		s->probe_at_ms = now_ms + interval_ms(h, set, now_ms);
		uint16_t qtype;
		struct slice name = known_name(f->worker->snapshot, route, &qtype);
		probe_begin(f, route, i, name, qtype);
	}
}

/* ---- is it us? ---- */

static void begin_round(struct forwarder *f)
{
	const struct snapshot *s = f->worker->snapshot;
	struct loop_watch *watch = &f->worker->filter->loops;
	struct probing *p = f->probing;
	uint64_t token = 0;

	worker_random(f->worker, &token, sizeof token);
	p->began_ms = f->worker->now.mono_ms;
	p->under_way = true;
	for (unsigned r = 0; r <= s->zone_routes; r++) {
		const struct upstream_set *set = snapshot_route(s, r);
		p->answered[r] = 0;
		atomic_store(&watch->routes[r].seen, 0);
		if (p->set_ids[r] == set->id)
			continue;
		p->set_ids[r] = set->id;
		p->told[r] = 0;
		atomic_store(&watch->routes[r].found, 0);
		atomic_store(&f->worker->filter->told_down[r], 0);
		atomic_store_explicit(
		    &watch->routes[r].set_id, set->id, memory_order_release);
	}
	atomic_store(&watch->wanted, false);
	atomic_store(&watch->until_ms, p->began_ms + LOOP_ROUND_MS);
	atomic_store_explicit(&watch->token, token, memory_order_release);
	for (unsigned r = 0; r <= s->zone_routes; r++) {
		for (unsigned i = 0; i < snapshot_route(s, r)->count; i++) {
			struct name_buf name;
			loop_write_name(&name, token, r, i);
			probe_begin(f, r, i, (struct slice){name.wire, name.len}, TYPE_A);
		}
	}
}

static void tell(
    struct probing *p, const struct snapshot *s, unsigned route, unsigned found)
{
	const struct upstream_set *set = snapshot_route(s, route);

	for (unsigned i = 0; i < set->count; i++) {
		char address[ADDR_TEXT_MAX];
		unsigned bit = 1u << i;
		if ((found & bit) == (p->told[route] & bit))
			continue;
		addr_to_text_port(address, &set->servers[i].addr);
		if ((found & bit) != 0)
			log_warn("upstream",
			    "%s sends our questions back to us, a loop: left out", address);
		else
			log_info("upstream", "%s no longer leads back to us", address);
	}
	p->told[route] = found;
}

/* Who has answered a name that did not come back to us is clean again. */
static void end_round(struct forwarder *f)
{
	const struct snapshot *s = f->worker->snapshot;
	struct loop_watch *watch = &f->worker->filter->loops;
	struct probing *p = f->probing;

	p->under_way = false;
	atomic_store_explicit(&watch->token, 0, memory_order_release);
	for (unsigned r = 0; r <= s->zone_routes; r++) {
		unsigned seen = atomic_load(&watch->routes[r].seen);
		unsigned clean = p->answered[r] & ~seen;
		unsigned found = atomic_fetch_and(&watch->routes[r].found, ~clean) & ~clean;
		if (p->set_ids[r] == snapshot_route(s, r)->id)
			tell(p, s, r, found);
	}
}

static bool is_time_for_round(const struct forwarder *f)
{
	const struct snapshot *s = f->worker->snapshot;
	const struct loop_watch *watch = &f->worker->filter->loops;
	const struct probing *p = f->probing;
	uint64_t age_ms = f->worker->now.mono_ms - p->began_ms;
	unsigned found = 0;

	for (unsigned r = 0; r <= s->zone_routes; r++) {
		if (p->set_ids[r] != snapshot_route(s, r)->id)
			return true;
		found |= p->told[r];
	}
	if (age_ms > ROUND_WANTED_MS && atomic_load(&watch->wanted))
		return true;
	return age_ms > (found != 0 ? (uint64_t)ROUND_FOUND_MS : (uint64_t)ROUND_MS);
}

static void look_for_loops(struct forwarder *f)
{
	const struct probing *p = f->probing;

	if (!p->under_way && is_time_for_round(f))
		begin_round(f);
	else if (p->under_way && f->worker->now.mono_ms >= p->began_ms + LOOP_ROUND_MS)
		end_round(f);
}

/* ---- both ---- */

void probe_answered(struct exchange *ex)
{
	struct forwarder *f = ex->forwarder;

	if (loop_is_name(name_of(&ex->qname)) &&
	    exchange_servers(ex)->id == ex->tried.set_id)
		f->probing->answered[ex->route] |= 1u << ex->server;
	exchange_release(ex);
}

void probe_look(struct forwarder *f)
{
	for (unsigned r = 0; r <= f->worker->snapshot->zone_routes; r++)
		look_for_recovery(f, r);
	if (f->worker->index == 0)
		look_for_loops(f);
}
