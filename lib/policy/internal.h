/* policy/internal -- what a snapshot is made of. */
#ifndef POLICY_INTERNAL_H
#define POLICY_INTERNAL_H

#include "base/arena.h"
#include "net/trie.h"
#include "policy/explain.h"
#include "policy/grants.h"
#include "policy/policy.h"
#include "ruledb/ruledb.h"

static inline uint64_t bit(uint64_t i)
{
	return UINT64_C(1) << i;
}

/* ---- names.c: all names that the school itself speaks of ---------------------------------- */

enum role_kind {
	ROLE_ALLOW,        /* of one tier */
	ROLE_DENY,         /* likewise */
	ROLE_NEVER_BLOCK,  /* `number`: enum keeper */
	ROLE_SERVICE,      /* `number` */
	ROLE_YOUTUBE,      /* what YouTube consists of */
	ROLE_YOUTUBE_PAGE, /* that name alone: led to restricted mode */
	ROLE_ENGINE,       /* that name alone: safe search; `number` */
	ROLE_BYPASS,       /* `number` */
	ROLE_BYPASS_EXACT  /* that name alone; `number` */
};

/* Who keeps a never-block name open: a school's word is none against what the department
 * requires. */
enum keeper {
	KEPT_FOR_ALL, /* rules/never-block.txt, or the department */
	KEPT_BY_SCHOOL
};

/* One thing that one of those names is. A name has few, but for lists that tiers share. */
struct role {
	const struct role *next; /* of the same name */
	enum role_kind kind;
	uint8_t tier;
	uint8_t labels; /* of the name */
	uint16_t number;
	struct mark mark;
};

struct named {
	struct dname name;
	const struct role *roles;
};

/* Open addressing, at most half full; a hash that matches is believed only when the octets
 * do too. In front stands a set of bits, some thirty for each name: nearly every name that
 * nobody speaks of ends there, in a few cache lines and without a branch gone wrong. */
struct name_map {
	uint64_t *bits;
	size_t bits_mask; /* words - 1 */
	uint64_t *hashes; /* 0: a free slot */
	struct named *names;
	size_t mask; /* slots - 1 */
	size_t labels_min;
	size_t labels_max; /* 0: empty */
};

/* Room for `max` names. ERR_MEMORY. */
MUST_CHECK enum err name_map_init(struct name_map *map, struct arena *arena, size_t max);
/* The place of `name`, with its octets copied when it is new; NULL without memory. */
struct named *name_map_add(
    struct name_map *map, struct arena *arena, struct dname name, uint64_t hash);
/* False: nobody speaks of a name with this hash. */
static inline bool name_map_maybe(const struct name_map *map, uint64_t hash)
{
	return (map->bits[hash >> 6 & map->bits_mask] >> (hash & 63) & 1) != 0;
}

/* What the suffix with `n` labels (1 and more) is, or NULL: nobody speaks of it. */
const struct role *name_map_roles(
    const struct name_map *map, const struct policy_question *question, size_t n);

/* ---- devices.c: MAC addresses, alone and together with an address ---------------------------- */

struct device_claim {
	struct mac mac; /* none: a free slot */
	uint32_t value;
	bool with_address;
	struct addr address; /* where with_address */
};

/* Open addressing, at most half full. Only the configuration fills it. */
struct mac_map {
	struct device_claim *slots;
	size_t mask;
	size_t count; /* 0: `slots` is NULL */
	bool any_addresses;
};

/* Room for `max` claims; of 0, none. ERR_MEMORY. */
MUST_CHECK enum err mac_map_init(struct mac_map *map, size_t max);
void mac_map_deinit(struct mac_map *map);
/* The claim that is there already (and stays), or NULL. */
const struct device_claim *mac_map_add(
    struct mac_map *map, const struct device_claim *claim);
/* The value for the MAC together with this address, else for the MAC alone. `address` may be
 * NULL: not known. */
bool mac_map_find(
    const struct mac_map *map, struct mac mac, const struct addr *address, uint32_t *value);

/* ---- clients.c: who asks ---------------------------------------------------------------- */

struct client_map {
	struct trie *asks;  /* server.allow */
	struct trie *tiers; /* prefix -> group << 8 | tier */
	struct trie *rooms; /* prefix -> group that no tier names; NULL: there are none */
	struct mac_map device_tiers;
	struct mac_map device_rooms;
	struct trie *forwarders; /* NULL: there are none */
};

MUST_CHECK enum err client_map_build(
    struct client_map *map, const struct policy_sources *from, struct diags *all);
void client_map_deinit(struct client_map *map);

/* ---- the snapshot ----------------------------------------------------------------------- */

/* A schedule of a tier. */
struct window {
	const char *name;
	struct mark mark;
	uint8_t days; /* bit 0: Monday; 0: whatever day a date names */
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
	bool allow_only;
	bool safe_search;
	enum rules_youtube youtube;
	struct rules_services_set services; /* blocked outside all windows */
	struct window *windows;
	size_t window_count;
	/* What its windows can move, all together. */
	uint64_t moves;
	struct rules_services_set moves_services;
	bool moves_allow_only;
	/* By category: whose bundle requires it; NULL where none does. */
	const char **required_by;
	/* What $ctag calls its devices; ended by NULL. */
	const char *const *tags;
};

struct service {
	const char *name;
	const char *title;
	uint8_t category;
};

struct engine {
	const char *name;
	struct dname safe; /* wire NULL: it has none and is blocked */
};

struct policy {
	struct arena arena;
	const struct ruledb *rules; /* or NULL */
	struct hash_key key;
	struct client_map clients;
	uint8_t default_tier;
	bool enforce;
	struct tier *tiers;
	size_t tier_count;
	const char **groups;
	size_t group_count;
	struct name_map names;
	struct {
		struct dname name;
		uint64_t hash;
		size_t labels;
		struct mark mark;
	} portal;

	struct service *services;
	size_t service_count;
	struct engine *engines;
	struct dname youtube_moderate; /* wire NULL: none */
	struct dname youtube_strict;
	enum rules_answer *bypass; /* by number */

	struct policy_category *categories;
	size_t category_count;
	/* Sets of categories, bit i for category i. */
	uint64_t locked;
	uint64_t sensitive;
	uint64_t security;
	/* What a grant of content alone does not reach. */
	uint64_t guarded;
	uint64_t
	    nearest_wins;   /* ads_tracking against never-block: the more specific name */
	uint64_t streaming; /* what YouTube belongs to, or 0 */
	uint64_t bypassing; /* proxy_vpn_doh, or 0 */
	uint64_t blocked_somewhere;
	/* The category whose block takes `ech` out of answers; 0: filter.strip_ech is off. */
	uint64_t hides_ech;
	uint8_t own_category; /* what a tier's `deny` counts as, or POLICY_NO_CATEGORY */
	/* The rule database numbers categories by itself. POLICY_NO_CATEGORY: unknown here. */
	uint8_t from_rules[RULEDB_CATEGORIES_MAX];
	uint8_t to_rules[RULES_CATEGORIES_MAX];
	/* For those who ask without a state: outside all windows. */
	struct policy_tier_state plain[POLICY_TIERS_MAX];
};

/* ---- build.c, build_school.c, build_tiers.c: from a configuration --------------------------- */

struct build {
	struct policy *policy;
	const struct config *config;
	const struct policy_department *department; /* never NULL */
	struct diags *all;
	/* Marks of one file share one copy of its name. */
	const char *file_from;
	const char *file_copy;
};

const char *build_copy_text(struct build *b, const char *text);
bool build_copy_mark(struct build *b, struct mark *out, const struct mark *from);
/* wire NULL stays so. */
MUST_CHECK enum err build_copy_name(
    struct build *b, struct dname *out, const struct config_name *from);
/* Gives every name one more role, which it has once. */
MUST_CHECK enum err build_add_roles(
    struct build *b, const struct config_names *names, const struct role *as);
/* As many names as there can be. */
size_t build_count_names(const struct build *b);
MUST_CHECK enum err build_school(struct build *b); /* categories first */
MUST_CHECK enum err build_tiers(struct build *b);  /* services first */
MUST_CHECK enum err build_protected(struct build *b);

/* ---- state.c ---------------------------------------------------------------------------- */

/* What the windows of `open` (bit i: schedule i) make of a tier. Leaves the pause alone. */
void tier_state_make(struct policy_tier_state *out, const struct policy *policy,
    uint8_t tier, uint64_t open);
/* The schedules of a tier that are in force at a moment of a trusted clock. */
uint64_t tier_windows_at(
    const struct tier *tier, const struct calendar *calendar, int64_t wall_s);
/* The next moment after `wall_s` in which that may be another set; at most a day later. */
int64_t tier_border_after(
    const struct tier *tier, const struct calendar *calendar, int64_t wall_s);

/* What a window in force does. */
enum deed {
	DEED_BLOCKS,
	DEED_OPENS,
	DEED_ALLOWS_ONLY
};

/* To this category, or this service, if it is one. */
bool window_does(
    const struct window *w, enum deed deed, unsigned category, unsigned service);

bool services_any(const struct rules_services_set *set);
bool services_meet(const struct rules_services_set *a, const struct rules_services_set *b);

/* ---- facts.c: everything that speaks of one name, for one asker ----------------------------- */

struct facts {
	const struct policy *policy;
	const struct tier *tier;
	const struct policy_tier_state *now; /* of the tier */
	const struct policy_question *question;
	size_t labels;  /* of the question's name */
	bool in_answer; /* nobody asked for it: an answer leads there */

	const struct grant *grant; /* that decides among the live ones, or NULL */
	bool held; /* one of content alone would, but the name is of a guarded category */
	const struct role *own; /* the longest of the tier's allow and deny, or NULL */
	const struct role *protector; /* the longest never-block name, or NULL */
	const struct role *firm;      /* the longest that is kept for all, or NULL */
	const struct role *youtube;   /* YouTube's domain above it, or NULL */
	const struct role *engine;    /* a search engine's own name, or NULL */
	const struct role *bypass;    /* a name that asks for a way round, or NULL */
	bool in_services;
	struct rules_services_set services; /* it belongs to; where in_services */

	bool unlisted;          /* no feed has a rule for it; then `listing` is not set */
	struct listing listing; /* in the rule database's own numbers */
	uint64_t listed;        /* categories that list the name, YouTube's included */
	uint64_t in_force;      /* of them: what the tier blocks now, row 5 considered */
	uint64_t
	    by_service; /* categories that the tier's blocked services count as, likewise */
};

/* Who wants to know, and what holds now. */
struct asker {
	const struct policy *policy;
	const struct policy_who *who;
	const struct policy_state *state; /* or NULL */
	struct moment now;
};

void facts_gather(
    struct facts *out, const struct asker *asker, const struct policy_question *question);
/* Categories of feeds, and of services, that block the name in another state of its tier. */
uint64_t facts_in_force(const struct facts *f, const struct policy_tier_state *state);
uint64_t facts_by_service(const struct facts *f, const struct policy_tier_state *state);
/* Categories by which the department requires that the name be blocked. */
uint64_t facts_required(const struct facts *f);
/* Labels of the deepest rule by which a category lists the name. */
size_t facts_depth(const struct facts *f, unsigned category);
/* The first service of `set` that the name belongs to and that counts as `category`, or
 * POLICY_NO_SERVICE; *labels (may be NULL) are those of the deepest name it has here. */
uint16_t facts_service(const struct facts *f, const struct rules_services_set *set,
    unsigned category, size_t *labels);
/* What the rule database is asked for this question. `names` is storage. */
struct ruledb_question facts_rules_question(const struct asker *asker,
    const struct policy_question *question, const char *names[3]);
uint64_t facts_our_numbers(const struct policy *policy, uint64_t theirs);

/* ---- grants.c --------------------------------------------------------------------------- */

/* Whether any grant, live or not, for whomever, stands at or above this name. */
bool grants_name(const struct grants *grants, const struct policy_question *question);
/* Whether grant i is live and for this asker. */
bool grants_apply(const struct grants *grants, size_t i, const struct asker *asker,
    const struct policy_question *question);

/* ---- decide.c --------------------------------------------------------------------------- */

/* The rows, as far as they judge a name in an answer: without allow-only, safe search and
 * bypass. Where the question's verdict covers its answers: by locked categories alone, and by
 * guarded ones where it is of content only. */
void facts_judge_target(
    struct verdict *v, const struct facts *f, const struct verdict *of_qname);
/* How long it holds, and what a pause or a trial makes of it. */
void facts_finish(struct verdict *v, const struct facts *f, const struct asker *asker);
bool is_portal(const struct policy *policy, const struct policy_question *question);
/* Whether `allow` or an allow grant stands for exactly this name. */
bool facts_is_lifted(const struct policy *policy, const struct policy_who *who,
    const struct policy_question *question, const struct verdict *v);

#endif
