/* A small school for the tests of lib/policy: six categories, three tiers, rules as given. */
#ifndef TEST_POLICY_FIXTURE_H
#define TEST_POLICY_FIXTURE_H

#include "policy/explain.h"
#include "policy/policy.h"
#include "ruledb/ruledb.h"

/* In the order of fixture_categories(). */
enum {
	ADULT,     /* sensitive */
	GAMES,     /* content */
	MALWARE,   /* security */
	CHILD,     /* locked and sensitive */
	ADS,       /* ads_tracking: the nearer name wins, answered null */
	SELF_HARM, /* sensitive, behind all others but custom */
	CUSTOM,
	FIXTURE_CATEGORIES
};

enum {
	PRIMARY, /* blocks all of them */
	UPPER,   /* not games, not ads */
	STAFF,   /* malware alone (and what is locked) */
	FIXTURE_TIERS
};

/* One rule of a feed: "feed category kind name"; kinds as in enum rule_kind. */
struct fixture_rule {
	const char *feed;
	const char *category;
	unsigned kind;
	const char *name;
};

enum {
	FIXTURE_NAMES_MAX = 64
};

struct fixture_names {
	struct name_buf bufs[FIXTURE_NAMES_MAX];
	struct config_name items[FIXTURE_NAMES_MAX];
};

struct fixture {
	struct config config;
	struct rules_category categories[FIXTURE_CATEGORIES];
	struct rules_tier tiers[FIXTURE_TIERS];
	struct fixture_names allow[FIXTURE_TIERS];
	struct fixture_names deny[FIXTURE_TIERS];
	struct fixture_names never;
	struct fixture_names portal;
	struct config_client clients[FIXTURE_TIERS][8];
	struct config_client asks[8];
	struct config_group groups[2];
	struct ruledb *rules;
	struct policy *policy;
	struct diags mistakes;
};

/* The school without lists; then add to it, then build. */
void fixture_init(struct fixture *f);
void fixture_deinit(struct fixture *f);

void fixture_allow(struct fixture *f, unsigned tier, const char *name);
void fixture_deny(struct fixture *f, unsigned tier, const char *name);
void fixture_never_block(struct fixture *f, const char *name);
/* "10.1.0.0/16", "10.1.0.5-10.1.0.9", a MAC or "10.1.0.5+MAC"; `group` is "" or the name of config.groups. */
void fixture_claim(
    struct fixture *f, unsigned tier, const char *text, const char *group, unsigned line);

/* A rule database of these rules (consecutive ones of one feed are one feed). */
struct ruledb *fixture_rules(const struct fixture_rule *rules, size_t count);

/* Compiles the rules (may be NULL) and builds the policy, which must succeed. */
void fixture_build(struct fixture *f, const struct fixture_rule *rules, size_t count);
/* What policy_build says; the mistakes are in f->mistakes. */
enum err fixture_try(struct fixture *f);

/* The state of a quiet moment: no windows, no pause, no grants, UTC. */
void fixture_state(const struct fixture *f, struct policy_state *out);

/* A question with storage of its own. */
struct asked {
	struct name_buf name;
	struct name_hashes hashes;
	struct policy_question question;
};
void asked_init(struct asked *a, const struct policy *policy, const char *name);

struct verdict fixture_decide(const struct fixture *f, unsigned tier, const char *name);

#endif
