#include "filter/snapshot_make.h"

#include <stdlib.h>
#include <string.h>

#include "filter/structured_error.h"
#include "kit/department.h"
#include "kit/local_time.h"

enum {
	LOCAL_PREFIXES_MAX = 256
};

/* ---- shared parts ---- */

struct shared *shared_new(void *object, void (*free_object)(void *object))
{
	struct shared *s = calloc(1, sizeof *s);
	if (s != NULL) {
		*s = (struct shared){
		    .holders = 1, .object = object, .free_object = free_object};
	}
	return s;
}

struct shared *shared_hold(struct shared *s)
{
	if (s != NULL)
		s->holders++;
	return s;
}

void shared_drop(struct shared *s)
{
	if (s == NULL || --s->holders > 0)
		return;
	s->free_object(s->object);
	free(s);
}

void rules_part_free(void *rules)
{
	struct rules_part *part = rules;
	ruledb_close(part->db);
	free(part);
}

static void free_policy(void *policy)
{
	policy_free(policy);
}

static void free_local(void *local)
{
	local_free(local);
}

static void free_grants(void *grants)
{
	grants_free(grants);
}

void snapshot_free(struct snapshot *s)
{
	if (s == NULL)
		return;
	/* What borrows from a part stands behind it, and goes first. */
	for (int i = SNAPSHOT_PARTS; i > 0; i--)
		shared_drop(s->parts[i - 1]);
	free(s);
}

/* ---- links ---- */

static void free_links(void *links)
{
	links_free(links);
}

static bool set_links(struct snapshot *s, const struct interfaces *ours)
{
	struct links *links;

	if (links_new(&links, ours) != OK)
		return false;
	s->parts[PART_LINKS] = shared_new(links, free_links);
	if (s->parts[PART_LINKS] == NULL)
		links_free(links);
	s->links = links;
	return s->parts[PART_LINKS] != NULL;
}

/* ---- the department ---- */

static void free_department(void *department)
{
	department_deinit(department);
	free(department);
}

static bool read_department(struct snapshot *s, struct moment now)
{
	struct department *d = calloc(1, sizeof *d);

	if (d == NULL || department_read(d, s->config) != OK) {
		free(d);
		return false;
	}
	s->parts[PART_DEPARTMENT] = shared_new(d, free_department);
	if (s->parts[PART_DEPARTMENT] == NULL) {
		free_department(d);
		return false;
	}
	s->department = d;
	department_log(d, s->config, now.wall_trusted ? now.wall_s : 0);
	return true;
}

/* ---- policy ---- */

static struct shared *make_policy(
    const struct snapshot *s, const struct interfaces *ours, struct diags *all)
{
	struct prefix local[LOCAL_PREFIXES_MAX];
	const struct policy_sources from = {
	    .config = s->config,
	    .department = &s->department->policy,
	    .rules = s->rules->db,
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
		uint64_t until_ms = from->state.tiers[i].paused_until_ms;
		uint8_t tier;
		if (until_ms != 0 &&
		    policy_find_tier(
		        to->policy, policy_tier_at(from->policy, i)->name, &tier))
			to->state.tiers[tier].paused_until_ms = until_ms;
	}
}

/* ---- state ---- */

static void make_state(
    struct snapshot *s, struct moment now, const struct policy_state *before)
{
	struct calendar calendar;

	calendar_make(&calendar, local_offset_s, NULL, now.wall_s);
	policy_state_make(&s->state, s->policy, &calendar, now, before);
	s->state.enforce = s->config->filter.enforce;
}

void snapshot_make_state(struct snapshot *s, struct moment now)
{
	const struct policy_state before = s->state;

	make_state(s, now, &before);
}

/* ---- grants ---- */

static struct grants *build_grants(
    const struct policy *policy, const struct grants_file *file)
{
	size_t count = 0;
	const struct grant_record *records =
	    file == NULL ? NULL : grants_file_items(file, &count);
	struct grant *items = calloc(count + 1, sizeof *items);
	struct grants *made = NULL;
	size_t used = 0;

	if (items == NULL)
		return NULL;
	for (size_t i = 0; i < count; i++)
		used += grant_of_record(&items[used], &records[i]) ? 1 : 0;
	if (grants_build(&made, policy, items, used) != OK)
		made = NULL;
	free(items);
	return made;
}

bool snapshot_set_grants(struct snapshot *s, const struct grants_file *file)
{
	struct grants *grants = build_grants(s->policy, file);
	struct shared *part = grants == NULL ? NULL : shared_new(grants, free_grants);

	if (part == NULL) {
		grants_free(grants);
		return false;
	}
	shared_drop(s->parts[PART_GRANTS]);
	s->parts[PART_GRANTS] = part;
	s->state.grants = grants;
	return true;
}

/* ---- leases ---- */

static void free_leases(void *leases)
{
	leases_free(leases);
}

bool snapshot_set_leases(struct snapshot *s, const struct leases_file *file)
{
	size_t count = 0;
	const struct lease *items = file == NULL ? NULL : leases_file_items(file, &count);
	struct leases *leases = NULL;
	struct shared *part = NULL;

	/* The usual case costs the workers nothing. */
	if (count > 0 && leases_build(&leases, s->policy, items, count) != OK)
		return false;
	if (leases != NULL && (part = shared_new(leases, free_leases)) == NULL) {
		leases_free(leases);
		return false;
	}
	shared_drop(s->parts[PART_LEASES]);
	s->parts[PART_LEASES] = part;
	s->leases = leases;
	return true;
}

/* ---- what blocked answers say ---- */

static void free_errors(void *errors)
{
	structured_errors_free(errors);
}

static bool make_errors(struct snapshot *s)
{
	struct structured_errors *errors;

	if (structured_errors_new(&errors, s->config, s->policy) != OK)
		return false;
	s->parts[PART_ERRORS] = shared_new(errors, free_errors);
	if (s->parts[PART_ERRORS] == NULL) {
		structured_errors_free(errors);
		return false;
	}
	s->errors = errors;
	return true;
}

/* ---- names of the school ---- */

static bool make_local(struct snapshot *s)
{
	struct local *local;

	if (local_new(&local, &s->config->upstream.zones, policy_hash_key(s->policy)) != OK)
		return false;
	s->parts[PART_LOCAL] = shared_new(local, free_local);
	if (s->parts[PART_LOCAL] == NULL) {
		local_free(local);
		return false;
	}
	s->local = local;
	return true;
}

bool snapshot_make_routes(
    struct snapshot *s, const struct interfaces *ours, unsigned *skipped)
{
	const struct config_zones *zones = &s->config->upstream.zones;
	struct upstream_set *sets = calloc(ROUTES_MAX, sizeof *sets);
	unsigned count = 0;

	s->parts[PART_ROUTES] = sets == NULL ? NULL : shared_new(sets, free);
	if (s->parts[PART_ROUTES] == NULL) {
		free(sets);
		return false;
	}
	/* As lib/local numbers them; conf lets no more pass. */
	for (size_t i = 0; i < zones->count && count < ROUTES_MAX - 1; i++) {
		if (zones->items[i].servers.count > 0)
			upstream_set_make_zone(
			    &sets[count++], s->config, &zones->items[i], ours, skipped);
	}
	s->zone_upstreams = sets;
	s->zone_routes = count;
	return true;
}

/* ---- whole ---- */

struct snapshot *snapshot_make(const struct snapshot_plan *plan, struct diags *all)
{
	struct snapshot *s = calloc(1, sizeof *s);

	if (s == NULL)
		return NULL;
	s->config = plan->config->object;
	s->rules = plan->rules->object;
	s->parts[PART_CONFIG] = shared_hold(plan->config);
	s->parts[PART_RULES] = shared_hold(plan->rules);
	if (read_department(s, plan->now))
		s->parts[PART_POLICY] = make_policy(s, plan->ours, all);
	if (s->parts[PART_POLICY] == NULL) {
		snapshot_free(s);
		return NULL;
	}
	s->policy = s->parts[PART_POLICY]->object;
	s->refuse_all =
	    s->rules->db == NULL && s->config->filter.without_rules == WITHOUT_RULES_REFUSE;
	make_state(s, plan->now, NULL);
	carry_pauses(s, plan->before);
	if (!make_errors(s) || !make_local(s) || !set_links(s, plan->ours) ||
	    !snapshot_set_grants(s, plan->grants) ||
	    !snapshot_set_leases(s, plan->leases)) {
		snapshot_free(s);
		return NULL;
	}
	return s;
}

struct snapshot *snapshot_copy(const struct snapshot *before)
{
	struct snapshot *s = calloc(1, sizeof *s);

	if (s == NULL)
		return NULL;
	*s = *before;
	for (int i = 0; i < SNAPSHOT_PARTS; i++)
		(void)shared_hold(s->parts[i]);
	return s;
}
