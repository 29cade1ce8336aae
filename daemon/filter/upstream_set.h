/* upstream_set -- the servers that misses are forwarded to, in force for one snapshot.
 *
 * upstream.servers; else those of the system's resolv.conf; else upstream.fallback. Never
 * ourselves: an address of this machine with a port that we listen on is left out (T21). */
#ifndef FILTER_UPSTREAM_SET_H
#define FILTER_UPSTREAM_SET_H

#include "base/err.h"
#include "conf/config.h"
#include "net/addr.h"
#include "net/interfaces.h"

enum {
	UPSTREAM_SERVERS_MAX = 16
};

struct upstream_server {
	struct addr addr; /* with its port */
	bool tcp;         /* tcp://: never over UDP */
};

struct upstream_set {
	struct upstream_server servers[UPSTREAM_SERVERS_MAX];
	unsigned count; /* 0: nothing is known; every miss is a SERVFAIL */
	enum config_strategy strategy;
	uint32_t timeout_ms;
	uint64_t id; /* of the list's content: a worker's measurements hold for one id */
};

/* Fills *out; `resolv_conf` is the path of the system's file. `ours` are this machine's
 * addresses. `skipped` (may be NULL) counts servers left out because they are ourselves. */
void upstream_set_make(struct upstream_set *out, const struct config *config,
    const char *resolv_conf, const struct interfaces *ours, unsigned *skipped);

/* The same of the zone's own servers; its id is of them and of the zone's name, never 0. */
void upstream_set_make_zone(struct upstream_set *out, const struct config *config,
    const struct config_zone *zone, const struct interfaces *ours, unsigned *skipped);

#endif
