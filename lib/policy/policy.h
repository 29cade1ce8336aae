/* policy -- what the filter says about a name: verdict = f(who, question, now).
 *
 * A policy is an immutable snapshot made of the configuration in force and of one rule
 * database; it copies what it needs of the first and borrows the second. Deciding reads it
 * and the arguments, nothing else: no clock, no lock, no allocation.
 *
 *	policy_client   who asks: may he, and of which tier is he
 *	policy_decide   what becomes of the name, for that tier, now
 *	policy_explain  the same, with every rule that took part (explain.h)
 *
 * Precedence, highest first (docs/architecture.md has all rows; those here are built):
 *
 *	portal      the portal's own name is answered with our address
 *	1 locked    a locked category lists the name: nobody here opens it
 *	3 tier      its `allow` and `deny` together: the longest name wins
 *	5 never     never-block names, against content categories
 *	6 category  the tier's categories
 *
 * Threads: any number may read one policy, without locks. */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include "base/diag.h"
#include "base/hash.h"
#include "base/moment.h"
#include "conf/config.h"
#include "dns/name.h"
#include "net/prefix.h"

struct policy;
struct ruledb;

enum {
	POLICY_TIERS_MAX = 32,
	POLICY_NO_CATEGORY = 255,
	POLICY_NO_GROUP = UINT16_MAX
};

struct policy_sources {
	const struct config *config;
	const struct ruledb
	    *rules; /* NULL: no feed lists anything; else outlives the policy */
	/* What `local` in server.allow stands for (interfaces_local_prefixes); read during
	 * the build only. */
	const struct prefix *local;
	size_t local_count;
};

/* On success *out is owned by the caller; end it with policy_free(). ERR_CONFIG: every
 * mistake is in `all`, at its place (the same address range claimed by two tiers, one name in
 * `allow` and `deny` of one tier). ERR_MEMORY. */
MUST_CHECK enum err policy_build(
    struct policy **out, const struct policy_sources *from, struct diags *all);
void policy_free(struct policy *policy);

/* The key under which names must be hashed (name_hash_all) for this policy: the rule
 * database's own. It changes with the snapshot. */
struct hash_key policy_hash_key(const struct policy *policy);

/* ---- who asks ------------------------------------------------------------------------ */

struct policy_who {
	bool may_ask; /* false: outside server.allow */
	bool claimed; /* the configuration gives this address its tier; else the default */
	uint8_t tier; /* below policy_tier_count(); always valid */
	uint16_t group; /* the room that claimed the address, or POLICY_NO_GROUP */
};

/* The longest claimed prefix or the narrowest claimed range that holds `client`, else the
 * default tier. IPv4-mapped addresses have become IPv4 when they were parsed. */
struct policy_who policy_client(const struct policy *policy, const struct addr *client);
/* The same as if the address belonged to `tier`: `explain --tier`. */
struct policy_who policy_member(const struct policy *policy, uint8_t tier);

/* ---- tiers and categories, by index ---------------------------------------------------- */

struct policy_tier {
	const char *name;
	bool pupils;
	uint64_t block; /* bit i: category i; locked ones included */
};

/* In the order of rules/categories.yaml; the indices are those of config.categories. */
struct policy_category {
	const char *name;
	bool locked;
	bool sensitive;
	bool security;
	enum rules_answer answer;
};

size_t policy_tier_count(const struct policy *policy);
const struct policy_tier *policy_tier_at(const struct policy *policy, size_t tier);
bool policy_find_tier(const struct policy *policy, const char *name, uint8_t *out);
size_t policy_category_count(const struct policy *policy);
const struct policy_category *policy_category_at(const struct policy *policy, size_t index);
/* "" for POLICY_NO_GROUP. */
const char *policy_group_name(const struct policy *policy, uint16_t group);

/* Categories that some tier blocks and no feed fills: bit i for category i. Say it loudly:
 * 0 names is not protection. */
uint64_t policy_empty_categories(const struct policy *policy);

/* ---- the verdict ----------------------------------------------------------------------- */

struct policy_question {
	struct dname name;
	const struct name_hashes *hashes; /* of `name`, under policy_hash_key() */
	uint16_t qtype;
	/* The asker remembers a verdict of this name under the same rule database with
	 * `unlisted` set: the database is not asked again. */
	bool unlisted;
};

/* What people have changed for a while; the program keeps it and passes it in. */
struct policy_state {
	/* By tier: filtering is paused until this mono_ms; 0: it is not. */
	uint64_t paused_until_ms[POLICY_TIERS_MAX];
};

enum policy_action {
	POLICY_PASS,
	POLICY_BLOCK
};

#define POLICY_REASON_MAP(X)                                                            \
	X(REASON_NONE, "nothing")            /* no rule in force speaks of the name */  \
	X(REASON_LOCKED, "locked")           /* blocked, and nobody here opens it */    \
	X(REASON_ALLOW, "allow")             /* the tier's own list opens it */         \
	X(REASON_DENY, "deny")               /* the tier's own list blocks it */        \
	X(REASON_NEVER_BLOCK, "never-block") /* no content feed blocks such a name */   \
	X(REASON_CATEGORY, "category")       /* blocked by a category of the tier */    \
	X(REASON_PAUSED, "pause")            /* would be blocked; the tier is paused */ \
	X(REASON_PORTAL, "portal")     /* the portal's name: answered, not counted */   \
	X(REASON_NO_RULES, "no-rules") /* without_rules: refuse */

enum policy_reason {
#define X(code, text) code,
	POLICY_REASON_MAP(X)
#undef X
};

/* The word of a reason for JSON and logs; static storage. */
const char *policy_reason_text(enum policy_reason reason);

struct verdict {
	enum policy_action action;
	enum policy_reason reason;
	enum rules_answer answer; /* how to answer; of POLICY_BLOCK */
	/* The deciding category: first in force of locked, sensitive, then the order of
	 * rules/categories.yaml. Set when blocked (a tier's own `deny` without a category
	 * leaves POLICY_NO_CATEGORY unless a category `custom` exists), and for
	 * REASON_PAUSED: what would have decided. */
	uint8_t category;
	bool locked;
	bool sensitive;
	/* Labels of the rule's name that decided, counted from the right: the owner of the
	 * SOA in a negative answer is that suffix of the question (1: the TLD). 0: none. */
	uint8_t matched_labels;
	/* mono_ms from which this verdict may be another one; UINT64_MAX: not by itself.
	 * The TTL of what is answered ends there. */
	uint64_t valid_until_ms;
	/* No feed of the rule database names this name, whoever asks. */
	bool unlisted;
};

/* `state` may be NULL: nothing is paused. */
struct verdict policy_decide(const struct policy *policy, const struct policy_who *who,
    const struct policy_question *question, const struct policy_state *state,
    struct moment now);

/* What every question gets when there are no usable rules and `without_rules: refuse`. */
struct verdict policy_refuse(void);

#endif
