/* limit -- how often something may happen in a stretch of time, in all and for one client.
 *
 * Whoever counts begins each stretch anew. The table is bounded: clients that no longer fit
 * into it share one count. Zero-initialise, then limit_init(). Threads: one. */
#ifndef KIT_LIMIT_H
#define KIT_LIMIT_H

#include "net/addr.h"

enum {
	LIMIT_CLIENTS_MAX = 256
};

struct limit {
	unsigned all_max;
	unsigned client_max;
	unsigned all;
	unsigned others; /* of those who found no place */
	size_t count;
	struct {
		struct addr client;
		unsigned taken;
	} clients[LIMIT_CLIENTS_MAX];
};

void limit_init(struct limit *limit, unsigned all_max, unsigned client_max);
/* A new stretch: everybody's count is 0. */
void limit_begin(struct limit *limit);
/* False: it is too often; then nothing is counted. IPv6 clients count by their /64, since a
 * device takes as many addresses of it as it likes. */
MUST_CHECK bool limit_take(struct limit *limit, const struct addr *client);

#endif
