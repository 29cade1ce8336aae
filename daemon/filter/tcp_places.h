/* tcp_places -- how many TCP connections there are: in all, of one client, of one IPv6 /64.
 *
 * Who has one address of a /64 can have them all, so a /64 has at most half of all places; no
 * less, since a whole LAN may be one /64.
 * The kernel spreads a client's connections over the workers, so the caps of server.tcp are
 * kept in one table. Its lock is taken when a connection opens or closes, never for a query.
 * Threads: any. */
#ifndef FILTER_TCP_PLACES_H
#define FILTER_TCP_PLACES_H

#include "base/err.h"
#include "net/addr.h"

struct tcp_places;

enum {
	TCP_PLACES_MAX = 65536
};

MUST_CHECK enum err tcp_places_new(struct tcp_places **out);
void tcp_places_free(struct tcp_places *places);

enum tcp_place {
	TCP_PLACE_TAKEN,      /* give it back with tcp_places_leave() */
	TCP_PLACE_ALL_FULL,   /* `connections` are open */
	TCP_PLACE_CLIENT_FULL /* this client has its `per_client`, or its /64 its half */
};
enum tcp_place tcp_places_take(struct tcp_places *places, const struct addr *client,
    uint64_t connections, uint64_t per_client);
/* Open ones. */
size_t tcp_places_count(struct tcp_places *places);
void tcp_places_leave(struct tcp_places *places, const struct addr *client);

#endif
