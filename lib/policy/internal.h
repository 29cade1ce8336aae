/* policy/internal -- what a snapshot is made of. */
#ifndef POLICY_INTERNAL_H
#define POLICY_INTERNAL_H

#include "base/arena.h"
#include "net/trie.h"
#include "policy/explain.h"
#include "policy/policy.h"
#include "ruledb/ruledb.h"

/* ---- names.c: small sets of names, asked for the longest suffix ------------------------- */

enum named_as {
	NAMED_ALLOW,
	NAMED_DENY,
	NAMED_NEVER_BLOCK
};

struct named {
	uint64_t hash;
	struct dname name; /* wire NULL: a free slot */
	struct mark mark;
	uint8_t labels;
	enum named_as as;
};

/* Open addressing, at most half full; a hash that matches is believed only when the octets
 * do too. */
struct name_set {
	struct named *slots;
	size_t mask; /* slots - 1 */
	size_t count;
	size_t labels_min;
	size_t labels_max; /* 0: empty */
};

/* Room for `max` names. ERR_MEMORY. */
MUST_CHECK enum err name_set_init(struct name_set *set, struct arena *arena, size_t max);
/* Adds *entry, whose octets outlive the set; or gives what stands there under that name. */
const struct named *name_set_add(struct name_set *set, const struct named *entry);
/* The entry of the longest suffix with at most `labels` labels, or NULL. */
const struct named *name_set_longest(
    const struct name_set *set, const struct policy_question *question, size_t labels);

/* ---- clients.c: who asks ---------------------------------------------------------------- */

struct client_map {
	struct trie *asks;  /* server.allow */
	struct trie *tiers; /* prefix -> group << 8 | tier */
};

MUST_CHECK enum err client_map_build(
    struct client_map *map, const struct policy_sources *from, struct diags *all);
void client_map_deinit(struct client_map *map);

/* ---- the snapshot ----------------------------------------------------------------------- */

/* A schedule of a tier. */
struct window {
	const char *name;
	struct mark mark;
	uint8_t days;
	struct rules_date_range *dates;
	size_t date_count;
	uint16_t from_min;
	uint16_t to_min;
	uint64_t unblock;
	uint64_t block;
	struct rules_services_set unblock_services;
	struct rules_services_set block_services;
	bool allow_only;
};

struct tier {
	struct policy_tier shown;
	struct name_set lists; /* allow and deny */
	bool allow_only;
	bool safe_search;
	enum rules_youtube youtube;
	struct rules_services_set services;
	struct window *windows;
	size_t window_count;
};

struct service {
	const char *name;
	const char *title;
	uint8_t category;
};

struct policy {
	struct arena arena;
	const struct ruledb *rules; /* or NULL */
	struct hash_key key;
	struct client_map clients;
	uint8_t default_tier;
	struct tier *tiers;
	size_t tier_count;
	const char **groups;
	size_t group_count;
	struct name_set never_block;
	struct named portal;

	struct service *services;
	size_t service_count;

	struct policy_category *categories;
	size_t category_count;
	/* Sets of categories, bit i for category i. */
	uint64_t locked;
	uint64_t sensitive;
	uint64_t security;
	uint64_t
	    nearest_wins; /* ads_tracking against never-block: the more specific name */
	uint64_t blocked_somewhere;
	/* The category whose block takes `ech` out of answers; 0: filter.strip_ech is off. */
	uint64_t hides_ech;
	uint8_t own_category; /* what a tier's `deny` counts as, or POLICY_NO_CATEGORY */
	/* The rule database numbers categories by itself. POLICY_NO_CATEGORY: unknown here. */
	uint8_t from_rules[RULEDB_CATEGORIES_MAX];
	uint8_t to_rules[RULES_CATEGORIES_MAX];
};

/* ---- decide.c --------------------------------------------------------------------------- */

/* Everything that speaks of one name, for one tier. */
struct facts {
	const struct policy *policy;
	const struct tier *tier;
	size_t labels;           /* of the question's name */
	struct listing listing;  /* in the rule database's own numbers */
	bool unlisted;           /* no feed has a rule for it; then `listing` is not set */
	uint64_t listed;         /* categories that list the name */
	uint64_t in_force;       /* of them: what the tier blocks, row 5 considered */
	const struct named *own; /* the longest of the tier's allow and deny, or NULL */
	const struct named *protector; /* the longest never-block name, or NULL */
};

void facts_gather(struct facts *out, const struct policy *policy,
    const struct policy_who *who, const struct policy_question *question);
/* The verdict by the rows of DESIGN's precedence list, pauses apart. */
struct verdict facts_judge(const struct facts *f);
bool is_portal(const struct policy *policy, const struct policy_question *question);

#endif
