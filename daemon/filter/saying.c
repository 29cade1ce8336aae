#include "filter/saying.h"

#include "base/buf.h"
#include "kit/log.h"

void saying_zones_without_servers(const struct snapshot *s)
{
	const struct config_zones *zones = &s->config->upstream.zones;
	unsigned route = 0;

	for (size_t i = 0; i < zones->count; i++) {
		const struct config_zone *zone = &zones->items[i];
		if (zone->servers.count > 0 && snapshot_route(s, ++route)->count == 0) {
			log_error("upstream",
			    "no server is left for the zone %s: its names fail",
			    zone->zone.text);
		}
	}
}

static void say_empty_categories(const struct policy *policy)
{
	struct buf names = BUF_INIT(2048);
	uint64_t empty = policy_empty_categories(policy);

	for (size_t i = 0; i < policy_category_count(policy); i++) {
		if ((empty >> i & 1) != 0)
			buf_printf(&names, " %s", policy_category_at(policy, i)->name);
	}
	if (empty != 0) {
		log_warn("rules",
		    "to be blocked, but no feed fills them:%s; 0 names is no protection",
		    buf_cstr(&names));
	}
	buf_deinit(&names);
}

void saying_rules(const struct snapshot *s)
{
	struct ruledb_stat stat;

	if (!s->state.enforce) {
		log_warn("rules",
		    "a trial (filter.enforce: off): only locked and security categories "
		    "block, all else is counted as it would be");
	}

	if (s->rules->db == NULL) {
		log_error("rules", "no rules: %s (filter.without_rules)",
		    s->refuse_all ? "every question is refused"
		                  : "no feed blocks anything");
	} else {
		ruledb_stat(s->rules->db, &stat);
		log_info("rules", "in force: %llu names of %u feeds%s",
		    (unsigned long long)stat.names, stat.feeds,
		    s->rules->origin == RULES_PACKAGED ? ", those that ship" : "");
	}
	say_empty_categories(s->policy);
}

void saying_windows(const struct snapshot *from, const struct snapshot *to)
{
	for (uint8_t i = 0; i < policy_tier_count(to->policy); i++) {
		uint64_t before = from->state.tiers[i].windows;
		uint64_t after = to->state.tiers[i].windows;
		for (uint16_t w = 0; w < 64; w++) {
			if ((before >> w & 1) == (after >> w & 1))
				continue;
			log_info("timetable", "%s: \"%s\" %s",
			    policy_tier_at(to->policy, i)->name,
			    policy_window_name(to->policy, i, w),
			    (after >> w & 1) != 0 ? "begins" : "is over");
		}
	}
}
