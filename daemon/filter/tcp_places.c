#include "filter/tcp_places.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
	NETWORK_BYTES6 = 8
};

struct tcp_places {
	pthread_mutex_t lock; /* guards the rest */
	struct addr *clients; /* one for each open connection, in no order */
	size_t count;
	size_t capacity;
};

enum err tcp_places_new(struct tcp_places **out)
{
	struct tcp_places *p = calloc(1, sizeof *p);
	if (p == NULL)
		return ERR_MEMORY;
	(void)pthread_mutex_init(&p->lock, NULL);
	*out = p;
	return OK;
}

void tcp_places_free(struct tcp_places *p)
{
	if (p == NULL)
		return;
	(void)pthread_mutex_destroy(&p->lock);
	free(p->clients);
	free(p);
}

static bool grow(struct tcp_places *p)
{
	size_t capacity = p->capacity == 0 ? 64 : p->capacity * 2;

	if (capacity > TCP_PLACES_MAX)
		return false;
	struct addr *grown = reallocarray(p->clients, capacity, sizeof *grown);
	if (grown == NULL)
		return false;
	p->clients = grown;
	p->capacity = capacity;
	return true;
}

/* Both in one IPv6 /64; a link is no network that somebody has been given. */
static bool same_network(const struct addr *a, const struct addr *b)
{
	return a->family == AF_INET6 && b->family == AF_INET6 && !addr_is_link_local(a) &&
	    memcmp(a->bytes, b->bytes, NETWORK_BYTES6) == 0;
}

/* A walk over all: some hundred addresses, once a connection. */
static enum tcp_place take(struct tcp_places *p, const struct addr *client,
    uint64_t connections, uint64_t per_client)
{
	uint64_t own = 0;
	uint64_t network = 0;
	uint64_t half = connections / 2 > per_client ? connections / 2 : per_client;

	for (size_t i = 0; i < p->count; i++) {
		own += addr_equal(&p->clients[i], client) ? 1 : 0;
		network += same_network(&p->clients[i], client) ? 1 : 0;
	}
	if (own >= per_client || network >= half)
		return TCP_PLACE_CLIENT_FULL;
	if (p->count >= connections || (p->count == p->capacity && !grow(p)))
		return TCP_PLACE_ALL_FULL;
	p->clients[p->count++] = *client;
	return TCP_PLACE_TAKEN;
}

enum tcp_place tcp_places_take(struct tcp_places *p, const struct addr *client,
    uint64_t connections, uint64_t per_client)
{
	(void)pthread_mutex_lock(&p->lock);
	enum tcp_place place = take(p, client, connections, per_client);
	(void)pthread_mutex_unlock(&p->lock);
	return place;
}

size_t tcp_places_count(struct tcp_places *p)
{
	(void)pthread_mutex_lock(&p->lock);
	size_t count = p->count;
	(void)pthread_mutex_unlock(&p->lock);
	return count;
}

void tcp_places_leave(struct tcp_places *p, const struct addr *client)
{
	(void)pthread_mutex_lock(&p->lock);
	for (size_t i = 0; i < p->count; i++) {
		if (addr_equal(&p->clients[i], client)) {
			p->clients[i] = p->clients[--p->count];
			break;
		}
	}
	(void)pthread_mutex_unlock(&p->lock);
}
