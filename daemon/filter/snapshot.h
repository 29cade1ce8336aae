/* snapshot -- all that a query is judged by, published as one pointer.
 *
 * main builds a snapshot, publishes it and frees the one before once every worker has
 * looked up from its work at least once since (worker.h: worker_rest). Nothing in a
 * published snapshot ever changes. Parts that did not change (the configuration, the rules)
 * are shared between successive snapshots and counted by main alone.
 *
 * Owner: main makes, publishes and frees; workers borrow for one batch. */
#ifndef FILTER_SNAPSHOT_H
#define FILTER_SNAPSHOT_H

#include "conf/config.h"
#include "dns/cookie.h"
#include "filter/upstream_set.h"
#include "local/local.h"
#include "net/links.h"
#include "policy/leases.h"
#include "policy/policy.h"
#include "ruledb/ruledb.h"

struct structured_errors;

/* Where a question is forwarded to: a route has its own servers, and workers measure them
 * apart. A route's index is looked up in the snapshot in force at each use: after a wait
 * another one may be. */
enum {
	ROUTE_DEFAULT = 0,
	ROUTES_MAX = 33 /* the default one, and those of zones */
};

enum rules_origin {
	RULES_NONE,
	RULES_OF_STATE, /* state_dir/rules.db */
	RULES_OF_PREVIOUS, /* state_dir/rules.db.prev, since rules.db is damaged or rolled back */
	RULES_PACKAGED /* data_dir/packaged.db */
};

/* A part that several snapshots may hold. Counted by main alone: no atomics. */
struct shared {
	unsigned holders;
	void *object;
	void (*free_object)(void *object);
};

struct rules_part {
	struct ruledb *db; /* NULL: RULES_NONE */
	enum rules_origin origin;
	int64_t loaded_wall_s;
	uint64_t serial;  /* of this process; another one for each load */
	uint64_t file_id; /* of the file it was read from: inode, size and time, hashed */
};

enum snapshot_part {
	PART_CONFIG,
	PART_RULES,
	PART_DEPARTMENT,
	PART_POLICY,
	PART_GRANTS,
	PART_LEASES,
	PART_ERRORS,
	PART_LOCAL,
	PART_ROUTES,
	PART_LINKS,
	SNAPSHOT_PARTS
};

struct snapshot {
	uint64_t generation; /* 1 for the first */
	/* Of this process, never 0: another one whenever rules, configuration, addresses or
	 * grants are others, so that what the cache remembers beside an answer ("nobody's
	 * rule speaks of this name or of its targets") ends with it. Windows and pauses
	 * leave it alone: they change for whom a rule counts, not whether there is one. */
	uint64_t judging_serial;
	const struct config *config;
	const struct rules_part *rules;
	const struct department *department; /* what it requires; main alone reads it */
	const struct policy *policy;
	const struct local *local;     /* names of the school, under the policy's key */
	bool refuse_all;               /* without_rules: refuse, and there are none */
	struct upstream_set upstreams; /* of ROUTE_DEFAULT */
	/* Of the routes 1 to zone_routes; NULL where there is none. Lies in a part. */
	struct upstream_set *zone_upstreams;
	unsigned zone_routes;
	/* What holds now for each tier: pauses, windows, grants, trial. */
	struct policy_state state;
	const struct leases *leases; /* devices that are staff's for a while; NULL: none */
	const struct structured_errors *errors; /* what blocked answers say of themselves */
	struct cookie_secrets cookies;
	const struct links *links; /* on which link an address is */
	struct addr lan4;          /* the LAN's first address of each family, or none */
	struct addr lan6;
	struct shared *parts[SNAPSHOT_PARTS]; /* of main */
};

/* The servers of a route; none for a route that this snapshot does not have. */
static inline const struct upstream_set *snapshot_route(
    const struct snapshot *s, unsigned route)
{
	static const struct upstream_set nobody;

	if (route == ROUTE_DEFAULT)
		return &s->upstreams;
	return route <= s->zone_routes ? &s->zone_upstreams[route - 1] : &nobody;
}

/* What tells the answers of one route from those of another, under whatever configuration: 0
 * for the default one. */
static inline uint16_t snapshot_route_tag(const struct snapshot *s, unsigned route)
{
	if (route == ROUTE_DEFAULT)
		return 0;
	return (uint16_t)(snapshot_route(s, route)->id >> 48 | 1);
}

#endif
