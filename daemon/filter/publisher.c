#include "filter/publisher.h"
#include "filter/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "filter/rules_file.h"
#include "filter/worker.h"
#include "kit/local_time.h"
#include "kit/log.h"

#define RESOLV_CONF "/etc/resolv.conf"

enum {
	LOCAL_PREFIXES_MAX = 256,
	NETWORK_POLL_MS = 30000, /* addresses and resolv.conf may change under us */
};

struct retired {
	struct retired *next;
	struct snapshot *snapshot;
	uint64_t until; /* free once every worker has rested at this generation */
};

struct publisher {
	struct filter *filter;
	struct snapshot *now;
	struct retired *retired;
	uint64_t network_id;
	uint64_t network_polled_ms;
	uint64_t judging_serial;
	uint64_t unusable_id; /* of a rules.db that was looked at and passed over */
};

/* ---- shared parts ---- */

static struct shared *shared_new(void *object, void (*free_object)(void *))
{
	struct shared *s = calloc(1, sizeof *s);
	if (s != NULL) {
		*s = (struct shared){
		    .holders = 1, .object = object, .free_object = free_object};
	}
	return s;
}

static struct shared *shared_hold(struct shared *s)
{
	s->holders++;
	return s;
}

static void shared_drop(struct shared *s)
{
	if (s == NULL || --s->holders > 0)
		return;
	s->free_object(s->object);
	free(s);
}

static void free_config(void *config)
{
	config_free(config);
}

static void free_rules(void *rules)
{
	struct rules_part *part = rules;
	ruledb_close(part->db);
	free(part);
}

static void free_policy(void *policy)
{
	policy_free(policy);
}

static void snapshot_free(struct snapshot *s)
{
	if (s == NULL)
		return;
	/* The policy borrows from rules and configuration: it goes first. */
	for (int i = SNAPSHOT_PARTS; i > 0; i--)
		shared_drop(s->parts[i - 1]);
	free(s);
}

/* ---- building ---- */

static struct shared *build_policy(const struct config *config,
    const struct rules_part *rules, const struct interfaces *ours, struct diags *all)
{
	struct prefix local[LOCAL_PREFIXES_MAX];
	const struct policy_sources from = {
	    .config = config,
	    .rules = rules->db,
	    .local = local,
	    .local_count = interfaces_local_prefixes(ours, local, LOCAL_PREFIXES_MAX),
	};
	struct policy *policy;

	if (policy_build(&policy, &from, all) != OK)
		return NULL;
	struct shared *part = shared_new(policy, free_policy);
	if (part == NULL)
		policy_free(policy);
	return part;
}

/* Tiers may have other indices after a reload: a pause follows its tier's name. */
static void carry_pauses(struct snapshot *to, const struct snapshot *from)
{
	for (size_t i = 0; from != NULL && i < policy_tier_count(from->policy); i++) {
		uint8_t tier;
		if (from->state.tiers[i].paused_until_ms != 0 &&
		    policy_find_tier(
		        to->policy, policy_tier_at(from->policy, i)->name, &tier))
			to->state.tiers[tier].paused_until_ms =
			    from->state.tiers[i].paused_until_ms;
	}
}

/* What holds now by the configuration and the calendar. */
static void make_state(struct snapshot *s, const struct filter *filter)
{
	const struct moment now = {
	    .mono_ms = clock_mono_ms(),
	    .wall_s = (int64_t)time(NULL),
	    .wall_trusted =
	        atomic_load_explicit(&filter->wall_trusted, memory_order_relaxed),
	};
	struct calendar calendar;

	calendar_make(&calendar, local_offset_s, NULL, now.wall_s);
	policy_state_make(&s->state, s->policy, &calendar, now, NULL);
}

static void look_at_network(struct snapshot *s, const struct interfaces *ours)
{
	unsigned skipped = 0;

	upstream_set_make(&s->upstreams, s->config, RESOLV_CONF, ours, &skipped);
	if (skipped > 0) {
		log_warn("upstream",
		    "%u upstream addresses are this gateway itself: left out", skipped);
	}
	if (s->upstreams.count == 0) {
		log_error("upstream",
		    "no upstream server is known: set upstream.servers; allowed names fail");
	}
	if (!interfaces_lan_address(ours, AF_INET, &s->lan4))
		s->lan4 = ADDR_NONE;
	if (!interfaces_lan_address(ours, AF_INET6, &s->lan6))
		s->lan6 = ADDR_NONE;
}

static uint64_t network_id(const struct config *config)
{
	struct interfaces ours = INTERFACES_NONE;
	struct upstream_set set;
	uint64_t id = 1;

	if (interfaces_read(&ours) != OK)
		return 0;
	for (size_t i = 0; i < ours.count; i++) {
		const struct interface_address *a = &ours.items[i];
		id = checksum64(id + a->on_link.length, addr_slice(&a->address));
	}
	upstream_set_make(&set, config, RESOLV_CONF, &ours, NULL);
	interfaces_deinit(&ours);
	return hash_mix64(id ^ set.id);
}

/* A snapshot of these parts (each held once more), or NULL: then `all` may say why. */
static struct snapshot *build(
    struct publisher *p, struct shared *config, struct shared *rules, struct diags *all)
{
	struct snapshot *s = calloc(1, sizeof *s);
	struct interfaces ours = INTERFACES_NONE;

	if (s == NULL)
		return NULL;
	if (interfaces_read(&ours) != OK) {
		log_warn("network", "this machine's addresses cannot be read: %s",
		    strerror(errno));
	}
	s->config = config->object;
	s->rules = rules->object;
	s->parts[PART_CONFIG] = shared_hold(config);
	s->parts[PART_RULES] = shared_hold(rules);
	s->parts[PART_POLICY] = build_policy(s->config, s->rules, &ours, all);
	if (s->parts[PART_POLICY] == NULL) {
		snapshot_free(s);
		interfaces_deinit(&ours);
		return NULL;
	}
	s->policy = s->parts[PART_POLICY]->object;
	s->generation = p->now == NULL ? 1 : p->now->generation + 1;
	s->judging_serial = ++p->judging_serial;
	s->refuse_all =
	    s->rules->db == NULL && s->config->filter.without_rules == WITHOUT_RULES_REFUSE;
	make_state(s, p->filter);
	carry_pauses(s, p->now);
	look_at_network(s, &ours);
	interfaces_deinit(&ours);
	p->network_id = network_id(s->config);
	return s;
}

/* ---- publishing ---- */

static void retire(struct publisher *p, struct snapshot *old, uint64_t until)
{
	struct retired *r = calloc(1, sizeof *r);
	if (r == NULL)
		return; /* leaked rather than freed under a reader */
	*r = (struct retired){p->retired, old, until};
	p->retired = r;
}

static void publish(struct publisher *p, struct snapshot *s)
{
	struct snapshot *old = p->now;

	p->now = s;
	/* Release: a worker that sees the pointer sees what it points to; one that sees the
	 * generation has the pointer before it. */
	atomic_store_explicit(&p->filter->snapshot, s, memory_order_release);
	atomic_store_explicit(&p->filter->published, s->generation, memory_order_release);
	if (old != NULL)
		retire(p, old, s->generation);
	for (unsigned i = 0; i < p->filter->worker_count; i++)
		worker_poke(p->filter->workers[i]);
}

static bool everybody_left(const struct filter *filter, uint64_t generation)
{
	for (unsigned i = 0; i < filter->worker_count; i++) {
		if (atomic_load_explicit(
		        &filter->workers[i]->rested, memory_order_acquire) < generation)
			return false;
	}
	return true;
}

void publisher_reap(struct publisher *p)
{
	for (struct retired **at = &p->retired; *at != NULL;) {
		struct retired *r = *at;
		if (!everybody_left(p->filter, r->until)) {
			at = &r->next;
			continue;
		}
		*at = r->next;
		snapshot_free(r->snapshot);
		free(r);
	}
}

/* ---- what may change ---- */

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

static void say_rules(const struct snapshot *s)
{
	struct ruledb_stat stat;

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

static struct shared *load_rules(const struct config *config)
{
	struct rules_part *part = calloc(1, sizeof *part);
	if (part == NULL)
		return NULL;
	rules_file_load(part, config, (int64_t)time(NULL));
	struct shared *s = shared_new(part, free_rules);
	if (s == NULL)
		free_rules(part);
	return s;
}

/* Rules in force are given up for usable ones only: a file that was cut short under a
 * running filter must not cost the protection that is there. NULL: no memory. */
static struct shared *fresh_rules(struct publisher *p, bool *kept)
{
	const struct config *config = p->now->config;
	struct rules_part *part;

	*kept = false;
	if (p->now->rules->db == NULL)
		return load_rules(config);
	part = calloc(1, sizeof *part);
	if (part == NULL)
		return NULL;
	if (!rules_file_load_fresh(part, config, (int64_t)time(NULL))) {
		free(part);
		*kept = true;
		p->unusable_id = rules_file_id(config);
		return shared_hold(p->now->parts[PART_RULES]);
	}
	struct shared *s = shared_new(part, free_rules);
	if (s == NULL)
		free_rules(part);
	return s;
}

enum err publisher_reload_rules(struct publisher *p)
{
	struct diags none = DIAGS_NONE;
	bool kept;
	struct shared *rules = fresh_rules(p, &kept);
	if (rules == NULL)
		return ERR_MEMORY;
	struct snapshot *s = build(p, p->now->parts[PART_CONFIG], rules, &none);
	shared_drop(rules);
	diags_deinit(&none);
	if (s == NULL)
		return ERR_MEMORY;
	publish(p, s);
	if (kept)
		return ERR_FORMAT;
	say_rules(s);
	return OK;
}

enum err publisher_set_config(struct publisher *p, struct config *config, struct diags *all)
{
	struct shared *part = shared_new(config, free_config);
	if (part == NULL)
		return ERR_MEMORY;
	struct shared *rules =
	    p->now != NULL ? shared_hold(p->now->parts[PART_RULES]) : load_rules(config);
	struct snapshot *s = rules == NULL ? NULL : build(p, part, rules, all);
	shared_drop(rules);
	if (s == NULL) {
		free(part); /* not its object: that stays the caller's */
		return all->errors > 0 ? ERR_CONFIG : ERR_MEMORY;
	}
	shared_drop(part); /* the snapshot holds it now */
	publish(p, s);
	say_rules(s);
	return OK;
}

enum err publisher_pause(struct publisher *p, uint64_t tiers, uint64_t until_ms)
{
	struct snapshot *s = calloc(1, sizeof *s);
	if (s == NULL)
		return ERR_MEMORY;
	*s = *p->now;
	s->generation++;
	for (int i = 0; i < SNAPSHOT_PARTS; i++)
		shared_hold(s->parts[i]);
	for (size_t i = 0; i < POLICY_TIERS_MAX; i++) {
		if ((tiers >> i & 1) != 0)
			s->state.tiers[i].paused_until_ms = until_ms;
	}
	publish(p, s);
	return OK;
}

bool publisher_poll(struct publisher *p)
{
	uint64_t now_ms = clock_mono_ms();
	const struct rules_part *rules = p->now->rules;
	uint64_t file_id = rules_file_id(p->now->config);
	bool changed = file_id != rules->file_id && file_id != p->unusable_id;

	if (!changed && now_ms - p->network_polled_ms >= NETWORK_POLL_MS) {
		p->network_polled_ms = now_ms;
		changed = network_id(p->now->config) != p->network_id;
		if (changed) {
			log_info("network",
			    "this machine's addresses or upstreams have changed");
		}
	}
	return changed && publisher_reload_rules(p) == OK;
}

/* ---- life ---- */

const struct snapshot *publisher_now(const struct publisher *p)
{
	return p->now;
}

enum err publisher_new(
    struct publisher **out, struct filter *filter, struct config *config, struct diags *all)
{
	struct publisher *p = calloc(1, sizeof *p);
	if (p == NULL)
		return ERR_MEMORY;
	p->filter = filter;
	p->network_polled_ms = clock_mono_ms();
	enum err rc = publisher_set_config(p, config, all);
	if (rc != OK) {
		free(p);
		return rc;
	}
	*out = p;
	return OK;
}

void publisher_free(struct publisher *p)
{
	if (p == NULL)
		return;
	while (p->retired != NULL) {
		struct retired *r = p->retired;
		p->retired = r->next;
		snapshot_free(r->snapshot);
		free(r);
	}
	snapshot_free(p->now);
	free(p);
}
