#include "filter/publisher.h"
#include "filter/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/file.h"
#include "filter/rules_file.h"
#include "filter/saying.h"
#include "filter/snapshot_make.h"
#include "filter/worker.h"
#include "kit/log.h"

#define RESOLV_CONF "/etc/resolv.conf"

enum {
	NETWORK_POLL_MS = 30000,    /* addresses and resolv.conf may change under us */
	COOKIE_SECRET_MS = 86400000 /* RFC 7873 section 7.1 recommends about a day */
};

struct retired {
	struct retired *next;
	struct snapshot *snapshot;
	uint64_t until; /* free once every worker has rested at this generation */
};

struct publisher {
	struct filter *filter;
	struct snapshot *now;
	struct grants_file *grants; /* NULL: their file cannot be read */
	bool grants_behind;         /* the list has changed and is not in force yet */
	struct leases_file *leases; /* NULL: no memory */
	bool leases_behind;         /* likewise */
	struct retired *retired;
	uint64_t network_id;
	uint64_t network_polled_ms;
	bool network_moved; /* the kernel has said so */
	uint64_t judging_serial;
	struct cookie_secrets cookies;
	uint64_t cookies_made_ms;
	uint64_t unusable_id;   /* of a rules.db that was looked at and passed over */
	uint64_t load_failures; /* such files */
};

/* ---- building ---- */

static struct moment now_of(const struct publisher *p)
{
	return clock_moment(
	    atomic_load_explicit(&p->filter->wall_trusted, memory_order_relaxed));
}

static void free_config(void *config)
{
	config_free(config);
}

/* False without memory. */
static bool look_at_network(struct snapshot *s, const struct interfaces *ours)
{
	unsigned skipped = 0;
	unsigned skipped_of_zones = 0;

	upstream_set_make(&s->upstreams, s->config, RESOLV_CONF, ours, &skipped);
	if (!snapshot_make_routes(s, ours, &skipped_of_zones))
		return false;
	skipped += skipped_of_zones;
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
	saying_zones_without_servers(s);
	if (!interfaces_lan_address(ours, AF_INET6, &s->lan6))
		s->lan6 = ADDR_NONE;
	return true;
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
	struct interfaces ours = INTERFACES_NONE;
	const struct snapshot_plan plan = {
	    .config = config,
	    .rules = rules,
	    .grants = p->grants,
	    .leases = p->leases,
	    .ours = &ours,
	    .before = p->now,
	    .now = now_of(p),
	};

	if (interfaces_read(&ours) != OK) {
		log_warn("network", "this machine's addresses cannot be read: %s",
		    strerror(errno));
	}
	struct snapshot *s = snapshot_make(&plan, all);
	if (s != NULL && !look_at_network(s, &ours)) {
		snapshot_free(s);
		s = NULL;
	}
	if (s != NULL) {
		s->judging_serial = ++p->judging_serial;
		s->cookies = p->cookies;
		p->network_id = network_id(s->config);
	}
	interfaces_deinit(&ours);
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

	s->generation = old == NULL ? 1 : old->generation + 1;
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

static struct shared *load_rules(const struct config *config)
{
	struct rules_part *part = calloc(1, sizeof *part);
	if (part == NULL)
		return NULL;
	rules_file_load(part, config, (int64_t)time(NULL));
	struct shared *s = shared_new(part, rules_part_free);
	if (s == NULL)
		rules_part_free(part);
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
		p->load_failures++;
		return shared_hold(p->now->parts[PART_RULES]);
	}
	struct shared *s = shared_new(part, rules_part_free);
	if (s == NULL)
		rules_part_free(part);
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
	saying_rules(s);
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
	saying_rules(s);
	return OK;
}

enum err publisher_pause(struct publisher *p, uint64_t tiers, uint64_t until_ms)
{
	struct snapshot *s = snapshot_copy(p->now);
	if (s == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < POLICY_TIERS_MAX; i++) {
		if ((tiers >> i & 1) != 0)
			s->state.tiers[i].paused_until_ms = until_ms;
	}
	publish(p, s);
	return OK;
}

/* ---- timetables ---- */

/* What holds now has changed by itself. False without memory: the next poll tries again. */
static bool follow_time(struct publisher *p, struct moment now)
{
	struct snapshot *s = snapshot_copy(p->now);
	if (s == NULL)
		return false;
	snapshot_make_state(s, now);
	saying_windows(p->now, s);
	publish(p, s);
	return true;
}

uint64_t publisher_wakes_at_ms(const struct publisher *p)
{
	uint64_t window_ms = p->now->state.changes_at_ms;
	uint64_t grant_ms =
	    p->grants == NULL ? UINT64_MAX : grants_file_next_end_ms(p->grants, now_of(p));

	uint64_t lease_ms =
	    p->leases == NULL ? UINT64_MAX : leases_file_next_end_ms(p->leases, now_of(p));
	uint64_t first_ms = window_ms < grant_ms ? window_ms : grant_ms;

	return first_ms < lease_ms ? first_ms : lease_ms;
}

/* ---- grants ---- */

const struct grants_file *publisher_grants(const struct publisher *p)
{
	return p->grants;
}

/* Puts the list as it is now in force; without memory the next poll tries again. */
static enum err follow_grants(struct publisher *p)
{
	p->grants_behind = true;
	struct snapshot *s = snapshot_copy(p->now);
	if (s == NULL)
		return ERR_MEMORY;
	if (!snapshot_set_grants(s, p->grants)) {
		snapshot_free(s);
		return ERR_MEMORY;
	}
	s->judging_serial = ++p->judging_serial;
	publish(p, s);
	p->grants_behind = false;
	return OK;
}

enum err publisher_grant(
    struct publisher *p, const struct grant_record *grant, uint32_t *id)
{
	if (p->grants == NULL)
		return ERR_DENIED;
	enum err rc = grants_file_add(p->grants, grant, now_of(p), id);
	return rc == OK ? follow_grants(p) : rc;
}

enum err publisher_revoke(struct publisher *p, uint32_t id, struct grant_record *removed)
{
	if (p->grants == NULL)
		return ERR_DENIED;
	enum err rc = grants_file_remove(p->grants, id, removed);
	return rc == OK ? follow_grants(p) : rc;
}

/* The workers have stopped counting with them already: each ends when it is used. */
static void end_grants(struct publisher *p, struct moment now)
{
	if (p->grants == NULL || !grants_file_expire(p->grants, now))
		return;
	log_info("grants", "a grant has ended");
	if (follow_grants(p) != OK)
		log_warn("grants", "no memory to forget a grant that has ended");
}

static void open_grants(struct publisher *p, const struct config *config)
{
	char path[FILE_PATH_BYTES];
	struct diag why = {.text = "the path is too long"};
	size_t count;

	if (path_join(path, sizeof path, config->server.state_dir.text, "grants") != OK ||
	    grants_file_open(&p->grants, path, now_of(p), &why) != OK) {
		p->grants = NULL;
		log_error("grants", "%s; none is in force and none can be made", why.text);
		return;
	}
	if (grants_file_damaged(p->grants) > 0) {
		log_error("grants", "%s: %zu damaged lines were left out", path,
		    grants_file_damaged(p->grants));
	}
	(void)grants_file_expire(p->grants, now_of(p));
	(void)grants_file_items(p->grants, &count);
	if (count > 0)
		log_info("grants", "%zu grants are in force again", count);
}

/* ---- leases ---- */

const struct leases_file *publisher_leases(const struct publisher *p)
{
	return p->leases;
}

/* As follow_grants(); whom a rule counts for changes, not whether there is one. */
static enum err follow_leases(struct publisher *p)
{
	p->leases_behind = true;
	struct snapshot *s = snapshot_copy(p->now);
	if (s == NULL)
		return ERR_MEMORY;
	if (!snapshot_set_leases(s, p->leases)) {
		snapshot_free(s);
		return ERR_MEMORY;
	}
	publish(p, s);
	p->leases_behind = false;
	return OK;
}

enum err publisher_lease(struct publisher *p, const struct lease *lease)
{
	if (p->leases == NULL)
		return ERR_MEMORY;
	enum err rc = leases_file_add(p->leases, lease, now_of(p));
	return rc == OK ? follow_leases(p) : rc;
}

enum err publisher_end_lease(struct publisher *p, const struct addr *client, struct mac mac)
{
	if (p->leases == NULL || !leases_file_end(p->leases, client, mac))
		return ERR_NOT_FOUND;
	return follow_leases(p);
}

/* The workers have stopped counting with them already. */
static void end_leases(struct publisher *p, struct moment now)
{
	if (p->leases != NULL && leases_file_expire(p->leases, now)) {
		log_info("staff", "a device is no longer staff's: its time is over");
		p->leases_behind = true;
	}
	if (p->leases_behind && follow_leases(p) != OK)
		log_warn("staff", "no memory to forget a device that was staff's");
}

static void open_leases(struct publisher *p, const struct config *config)
{
	const char *run_dir = config->server.run_dir.text;
	char path[FILE_PATH_BYTES];
	size_t count;

	/* Nothing of a device may reach a disk. */
	bool kept = file_is_in_memory(run_dir) &&
	    path_join(path, sizeof path, run_dir, "leases") == OK;
	if (leases_file_open(&p->leases, kept ? path : NULL, now_of(p)) != OK) {
		p->leases = NULL;
		log_error("staff", "no memory: no device can become staff's by a sign-in");
		return;
	}
	if (leases_file_damaged(p->leases))
		log_warn("staff", "%s is damaged: no device is staff's by it", path);
	(void)leases_file_expire(p->leases, now_of(p));
	(void)leases_file_items(p->leases, &count);
	if (count > 0)
		log_info("staff", "%zu devices are staff's again, until their time", count);
}

/* ---- secrets of cookies ---- */

static void fresh_secret(struct cookie_secrets *secrets)
{
	uint8_t octets[COOKIE_SECRET_BYTES];

	if (getrandom(octets, sizeof octets, 0) != (ssize_t)sizeof octets)
		abort(); /* a secret that can be guessed proves nothing */
	cookie_secrets_renew(secrets, octets);
}

/* Another secret each day; the one before still proves what was made with it. */
static void renew_cookies(struct publisher *p, uint64_t now_ms)
{
	if (now_ms - p->cookies_made_ms < COOKIE_SECRET_MS)
		return;
	struct snapshot *s = snapshot_copy(p->now);
	if (s == NULL)
		return; /* the next poll tries again */
	fresh_secret(&p->cookies);
	p->cookies_made_ms = now_ms;
	s->cookies = p->cookies;
	publish(p, s);
}

/* ---- what changes by itself ---- */

static bool rules_have_changed(const struct publisher *p)
{
	uint64_t file_id = rules_file_id(p->now->config);

	return file_id != p->now->rules->file_id && file_id != p->unusable_id;
}

void publisher_look_at_network_soon(struct publisher *p)
{
	p->network_moved = true;
}

static bool network_has_changed(struct publisher *p, uint64_t now_ms)
{
	if (!p->network_moved && now_ms - p->network_polled_ms < NETWORK_POLL_MS)
		return false;
	p->network_moved = false;
	p->network_polled_ms = now_ms;
	if (network_id(p->now->config) == p->network_id)
		return false;
	log_info("network", "this machine's addresses or upstreams have changed");
	return true;
}

bool publisher_poll(struct publisher *p)
{
	struct moment now = now_of(p);

	end_grants(p, now);
	end_leases(p, now);
	renew_cookies(p, clock_mono_ms());
	if (p->grants_behind)
		(void)follow_grants(p);
	if (policy_state_is_stale(&p->now->state, now))
		(void)follow_time(p, now);
	if (!rules_have_changed(p) && !network_has_changed(p, clock_mono_ms()))
		return false;
	return publisher_reload_rules(p) == OK;
}

/* ---- life ---- */

uint64_t publisher_load_failures(const struct publisher *p)
{
	return p->load_failures;
}

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
	open_grants(p, config);
	open_leases(p, config);
	p->network_polled_ms = clock_mono_ms();
	fresh_secret(&p->cookies);
	p->cookies.before = p->cookies.now; /* not the one that is all zeros */
	p->cookies_made_ms = p->network_polled_ms;
	enum err rc = publisher_set_config(p, config, all);
	if (rc != OK) {
		grants_file_close(p->grants);
		leases_file_close(p->leases);
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
	grants_file_close(p->grants);
	leases_file_close(p->leases);
	free(p);
}
