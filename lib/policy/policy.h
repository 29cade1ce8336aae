/* policy -- what the filter says about a name: verdict = f(who, question, state, now).
 *
 * A policy is an immutable snapshot made of the configuration in force and of one rule
 * database; it copies what it needs of the first and borrows the second. What people or
 * the calendar change for a while (pauses, grants, windows) is its state, as immutable.
 * Deciding reads them and the arguments, nothing else: no clock, no lock, no allocation.
 *
 *	policy_client          who asks: may he, and of which tier is he
 *	policy_state_make      what holds now for each tier
 *	policy_decide          what becomes of the name, for that tier, now
 *	policy_rewrite         where a name that passes leads under safe search
 *	policy_review          what becomes of a name in its answer (CNAME, SVCB target)
 *	policy_review_address  and of an address in it
 *	policy_explain         a verdict with every rule that took part (explain.h)
 *
 * Precedence, highest first (docs/architecture.md):
 *
 *	portal      the portal's own name is answered with our address
 *	1 locked    a locked category lists the name: nobody here opens it
 *	  required  so does one that the department makes mandatory for the tier, but for
 *	            never-block names of rules/ and of the department
 *	2 grant     live grants, the narrower scope first (grants.h)
 *	3 tier      its `allow` and `deny` together: the longest name wins
 *	4 only      `allow_only` blocks what neither `allow` nor never-block covers
 *	5 never     never-block names, against content categories and services
 *	6 category  the tier's categories as windows change them, and its services
 *
 * Threads: any number may read one policy or state, without locks. */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include "base/diag.h"
#include "base/hash.h"
#include "base/moment.h"
#include "conf/config.h"
#include "dns/name.h"
#include "net/mac.h"
#include "net/prefix.h"
#include "policy/calendar.h"

struct policy;
struct grants;
struct ruledb;
struct ruledb_scratch;

enum {
	POLICY_TIERS_MAX = 32,
	POLICY_DATA_MAX = 16,
	POLICY_NO_CATEGORY = 255,
	POLICY_NO_SERVICE = UINT16_MAX,
	POLICY_NO_WINDOW = UINT16_MAX,
	POLICY_NO_GROUP = UINT16_MAX
};

/* What a department's bundles add to a school's own configuration. They make a school
 * stricter, never laxer: only their never-block names let something pass, and those no
 * locked category. Tiers and categories that are not known here are left out. */
struct policy_demand {
	const char *from; /* whose word it is: the feed that brought the bundle */
	const char *tier; /* of rules/tiers.yaml, and every tier that began as it */
	const char *category;
	bool
	    mandatory; /* false: where the school's file does not say what the tier blocks */
};

struct policy_kept_name {
	const char *from;
	struct dname name; /* not the root */
};

struct policy_department {
	const struct policy_demand *demands;
	size_t demand_count;
	const struct policy_kept_name *never_block;
	size_t never_block_count;
};

struct policy_sources {
	const struct config *config;
	const struct policy_department
	    *department; /* NULL: none; read during the build only */
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
	bool may_ask;   /* false: outside server.allow */
	bool claimed;   /* the configuration gives this device its tier; else the default */
	uint8_t tier;   /* below policy_tier_count(); always valid */
	uint16_t group; /* the room that claimed the device, else one that no tier names
	                 * and that holds it, or POLICY_NO_GROUP */
	/* mono_ms until which a lease makes it the staff's (leases.h); 0: none does. */
	uint64_t staff_until_ms;
};

/* What claims the address and the MAC together, else the MAC, else the longest prefix or the
 * narrowest range that holds the address; else the default tier. `mac`: MAC_NONE where it is
 * not known. IPv4-mapped addresses have become IPv4 when they were parsed. */
struct policy_who policy_client(
    const struct policy *policy, const struct addr *client, struct mac mac);
/* The same where a forwarder tells only the network that the client is in: a claim counts if it
 * holds all of it. */
struct policy_who policy_network(
    const struct policy *policy, const struct prefix *clients, struct mac mac);
/* A client as people name one: an address, a MAC, or both ("192.168.1.5+3c:22:fb:01:02:03").
 * What is not given becomes ADDR_NONE, MAC_NONE. ERR_FORMAT leaves both untouched; `why` may be
 * NULL. */
MUST_CHECK enum err policy_read_client(
    struct addr *client, struct mac *mac, struct slice text, struct diag *why);
/* Whether a tier or room is claimed by MAC at all. */
bool policy_asks_for_macs(const struct policy *policy);
/* Whether `peer` is one of server.trusted_forwarders: he says for whom he asks. */
bool policy_trusts_forwarder(const struct policy *policy, const struct addr *peer);
/* The same as if the address belonged to `tier`: `explain --tier`. */
struct policy_who policy_member(const struct policy *policy, uint8_t tier);

/* ---- tiers and categories, by index ---------------------------------------------------- */

struct policy_tier {
	const char *name;
	bool pupils;
	uint64_t block;    /* bit i: category i; locked and required ones included */
	uint64_t required; /* of them: mandatory by the department, and not locked anyway */
};

/* In the order of rules/categories.yaml; the indices are those of config.categories. */
struct policy_category {
	const char *name;
	bool locked;
	bool sensitive;
	bool security;
	bool bypass; /* leads past the filter */
	enum rules_answer answer;
};

size_t policy_tier_count(const struct policy *policy);
const struct policy_tier *policy_tier_at(const struct policy *policy, size_t tier);
bool policy_find_tier(const struct policy *policy, const char *name, uint8_t *out);
size_t policy_category_count(const struct policy *policy);
const struct policy_category *policy_category_at(const struct policy *policy, size_t index);
/* Whose bundle makes the category mandatory for the tier; "" where none does. */
const char *policy_required_by(const struct policy *policy, size_t tier, size_t category);
/* "" for POLICY_NO_GROUP. */
const char *policy_group_name(const struct policy *policy, uint16_t group);
/* The name of a tier's schedule, by its place among that tier's; "" for POLICY_NO_WINDOW. */
const char *policy_window_name(const struct policy *policy, uint8_t tier, uint16_t window);
/* Of rules/services.yaml, by index of config.services; "" for POLICY_NO_SERVICE. */
const char *policy_service_name(const struct policy *policy, uint16_t service);
const char *policy_service_title(const struct policy *policy, uint16_t service);

/* Categories that some tier blocks, always or in a window, and no feed fills: bit i for
 * category i. Say it loudly: 0 names is not protection. */
uint64_t policy_empty_categories(const struct policy *policy);

/* ---- what holds now ---------------------------------------------------------------------- */

struct policy_tier_state {
	uint64_t paused_until_ms; /* mono_ms; 0 or past: filtering is not paused */
	uint64_t block;           /* categories, as the windows in force change them */
	struct rules_services_set services; /* blocked */
	/* Services that a window opens: their names are let off their own category. */
	struct rules_services_set open_services;
	bool allow_only;
	bool any_services;      /* `services` is not empty */
	bool any_open_services; /* `open_services` is not empty */
	/* Bit i: schedule i of the tier is in force. */
	uint64_t windows;
	/* Of those in force the one that matters most (allow-only, then one that blocks,
	 * then one that opens), or POLICY_NO_WINDOW. */
	uint16_t window;
	/* mono_ms of the next moment in which a window of this tier begins or ends, as far
	 * as is known; UINT64_MAX: the tier has no windows. */
	uint64_t changes_at_ms;
};

/* Made by main, published, read by workers. */
struct policy_state {
	struct policy_tier_state tiers[POLICY_TIERS_MAX];
	const struct grants *grants; /* live and ended ones; borrowed; may be NULL */
	bool enforce;                /* false: a trial (filter.enforce: off) */
	struct moment made;
	uint64_t changes_at_ms; /* the earliest of the tiers' */
	struct calendar calendar;
};

/* Fills *out for this moment. `calendar` is copied. `before` (of the same policy; may be
 * NULL) gives pauses and grants; without it there are none. A clock that is not trusted:
 * no window opens anything, weekday windows block (or set allow-only) all day, every day,
 * dated windows do nothing. */
void policy_state_make(struct policy_state *out, const struct policy *policy,
    const struct calendar *calendar, struct moment now, const struct policy_state *before);

/* Whether a state must be made anew: a window begins or ends, the clock has jumped by more
 * than two seconds, it has become trusted (or no longer is), or the calendar wears out.
 * Cheap; main asks a few times a second. */
bool policy_state_is_stale(const struct policy_state *state, struct moment now);

/* ---- the verdict ----------------------------------------------------------------------- */

struct policy_question {
	struct dname name;
	const struct name_hashes *hashes; /* of `name`, under policy_hash_key() */
	uint16_t qtype;
	/* The asker remembers a verdict of this name under the same rule database with
	 * `unlisted` set: the database is not asked again. */
	bool unlisted;
	const struct addr *client; /* for grants and rules of one client; NULL: not known */
	struct ruledb_scratch *scratch; /* of the calling thread; never NULL */
};

enum policy_action {
	POLICY_PASS,
	POLICY_BLOCK
};

#define POLICY_REASON_MAP(X)                                                              \
	X(REASON_NONE, "nothing")      /* no rule in force speaks of the name */          \
	X(REASON_LOCKED, "locked")     /* blocked, and nobody here opens it */            \
	X(REASON_REQUIRED, "required") /* likewise: the department asks for it */         \
	X(REASON_GRANT, "grant")       /* somebody opened or closed it; `grant` */        \
	X(REASON_ALLOW, "allow")       /* the tier's own list, or a feed's exception */   \
	X(REASON_DENY, "deny")         /* the tier's own list blocks it */                \
	X(REASON_ALLOW_ONLY, "allow-only")   /* not among what alone is open now */       \
	X(REASON_NEVER_BLOCK, "never-block") /* no content feed blocks such a name */     \
	/* By a category of the tier. Passing: a window opens it, see `window`. */        \
	X(REASON_CATEGORY, "category")                                                    \
	X(REASON_SERVICE, "service")         /* likewise, by block_services; `service` */ \
	X(REASON_SAFE_SEARCH, "safe-search") /* an engine that has no safe address */     \
	X(REASON_BYPASS, "bypass")           /* "may we go round?": no. Not counted */    \
	X(REASON_PAUSED, "pause")            /* would be blocked; the tier is paused */   \
	X(REASON_TRIAL, "trial")             /* would be blocked; enforce is off */       \
	X(REASON_PORTAL, "portal")           /* the portal's name: not counted */         \
	X(REASON_NO_RULES, "no-rules")       /* without_rules: refuse */

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
	enum rules_answer answer; /* how to answer; of POLICY_BLOCK without data */
	/* The deciding category: first in force of locked, sensitive, then the order of
	 * rules/categories.yaml. Set when blocked (the school's own `deny`, deny grants and
	 * allow-only count as the category that would have blocked the name, else as
	 * `custom`, else as POLICY_NO_CATEGORY), and for REASON_PAUSED, REASON_TRIAL and a
	 * category or service that a window opens: what would have decided. */
	uint8_t category;
	bool locked;
	bool sensitive;
	/* Blocked because the department asks for it: nothing of the school's opens it. */
	bool required;
	/* A name that rules/ or the department keeps open: what it leads to is not held
	 * against it by required categories either. */
	bool covers_required;
	/* The name's answers are not judged but by locked categories (rows 2, 3, 5). */
	bool covers_answers;
	/* Where it covers them: by guarded categories too (grants.h, content_only). */
	bool content_only;
	/* Of POLICY_BLOCK with data: no other category in force blocks the name. Where one
	 * does, data that would let the question pass do not. */
	bool data_alone;
	/* No feed of the rule database names this name, whoever asks, for whatever type. */
	bool unlisted;
	/* Labels of the rule's name that decided, counted from the right: the owner of the
	 * SOA in a negative answer is that suffix of the question (1: the TLD). 0: none. */
	uint8_t matched_labels;
	uint8_t data_count;
	uint16_t window;  /* of the asker's tier, that made this so; or POLICY_NO_WINDOW */
	uint16_t service; /* or POLICY_NO_SERVICE */
	uint32_t grant;   /* the id of the grant that decided, or 0 */
	/* mono_ms from which this verdict may be another one; UINT64_MAX: not by itself.
	 * The TTL of what is answered ends there. */
	uint64_t valid_until_ms;
	/* Of POLICY_BLOCK: numbers for ruledb_rule_terms(); where data_count is not 0 these
	 * rules' data is the answer (feeds with `rewrite: on`), not `answer`. */
	uint32_t data[POLICY_DATA_MAX];
};

/* `state` may be NULL: as configured, outside all windows, nothing paused or granted. */
struct verdict policy_decide(const struct policy *policy, const struct policy_who *who,
    const struct policy_question *question, const struct policy_state *state,
    struct moment now);

/* What every question gets when there are no usable rules and `without_rules: refuse`. */
struct verdict policy_refuse(void);

/* ---- safe search ------------------------------------------------------------------------- */

struct policy_alias {
	struct dname name; /* borrowed from the policy; all its types lead there */
	bool youtube;      /* restricted mode, not safe search */
};

/* Whether a question that passes (`v`) is to be answered by another name, with a CNAME in
 * front. No verdict: a pause, a window or a trial does not lift it; `allow` or an allow
 * grant of exactly this name does. False when blocked. O(1). */
bool policy_rewrite(const struct policy *policy, const struct policy_who *who,
    const struct policy_question *question, const struct verdict *v,
    struct policy_alias *out);

/* Whether HTTPS and SVCB answers lose their `ech` for this asker: filter.strip_ech is on, and
 * his tier blocks proxy_vpn_doh now. */
bool policy_hides_ech(const struct policy *policy, const struct policy_who *who,
    const struct policy_state *state);

/* ---- answers ----------------------------------------------------------------------------- */

/* What is under review, and for whom. */
struct policy_review {
	const struct policy *policy;
	const struct policy_who *who;
	const struct policy_state *state; /* may be NULL, as above */
	const struct verdict *of_qname;
	struct moment now;
};

/* What becomes of the question because its answer leads through `target`: *of_qname, or a
 * stricter verdict (never a milder one), whose matched_labels are those of the target.
 * The target is judged as if it had been asked, allow-only, safe search and bypass apart;
 * where the question's own verdict covers its answers, by locked categories alone. */
struct verdict policy_review(
    const struct policy_review *review, const struct policy_question *target);
/* The same for an address (4 or 16 octets) in the answer to `asked`: A, AAAA, hints. */
struct verdict policy_review_address(const struct policy_review *review,
    struct slice address, const struct policy_question *asked);

/* Whether somebody's `deny`, a service, a grant, YouTube or a feed speaks of this target, for
 * whatever asker and time. False: its review changes nothing until policy, rules or grants
 * are others, which may be remembered. target->client and qtype are not looked at. */
bool policy_targets_matter(const struct policy *policy, const struct policy_state *state,
    const struct policy_question *target);
/* Whether any feed lists addresses at all. */
bool policy_addresses_matter(const struct policy *policy);

/* ---- what lists a name at all ------------------------------------------------------------- */

/* Categories (bit i: category i) by which feeds, services or bypass names speak of the name,
 * for whatever tier, client or type, in force or not: what somebody who opens it should know
 * of. question->client and qtype are not looked at. Slow (main, not workers). */
uint64_t policy_listed(const struct policy *policy, const struct policy_question *question);
/* Whether it is a search engine's own name that has no safe address: tiers with safe search
 * keep it closed, whatever opens content. */
bool policy_is_unsafe_engine(
    const struct policy *policy, const struct policy_question *question);
/* policy_listed() of an address (4 or 16 octets) in the answer to `asked`. */
uint64_t policy_listed_address(
    const struct policy *policy, struct slice address, const struct policy_question *asked);

/* ---- "opens again at 11:30" ---------------------------------------------------------------- */

struct policy_opening {
	int64_t wall_s;
	uint8_t hour; /* of the school's clock */
	uint8_t minute;
	bool today;
	uint16_t window; /* the one that begins or ends then, of the tier */
};

/* When what blocked (a category, service or allow-only in `v`, of `tier`) stops being blocked
 * by the timetable alone. False: not within 8 days, the clock is not trusted, or it is no
 * matter of the timetable. Slow (main, not workers). */
bool policy_opens_at(const struct policy *policy, uint8_t tier, const struct verdict *v,
    const struct policy_state *state, struct moment now, struct policy_opening *out);
/* The same for one name, whose verdict is *v: the first such moment at which nothing else
 * blocks it either (another category, a service, the end of allow-only). */
bool policy_name_opens_at(const struct policy *policy, const struct policy_who *who,
    const struct policy_question *question, const struct verdict *v,
    const struct policy_state *state, struct moment now, struct policy_opening *out);
/* When what a window opens (v->window, passing) is closed again; the same otherwise. */
bool policy_closes_at(const struct policy *policy, uint8_t tier, const struct verdict *v,
    const struct policy_state *state, struct moment now, struct policy_opening *out);

#endif
