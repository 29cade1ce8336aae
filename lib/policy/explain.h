/* explain -- a verdict with every rule that took part in it, winners and losers.
 *
 * For people who ask why; the caller makes the sentences and finds a feed's line and text
 * (feed/find.h) by the feed and name given here. Threads: as policy.h. */
#ifndef POLICY_EXPLAIN_H
#define POLICY_EXPLAIN_H

#include "policy/grants.h"
#include "policy/policy.h"

enum {
	EXPLANATION_RULES_MAX = 160
};

enum rule_source {
	RULE_OF_PORTAL,
	RULE_OF_FEED,        /* `feed` and `category` are set */
	RULE_OF_TIER_ALLOW,  /* tiers[].allow */
	RULE_OF_TIER_DENY,   /* tiers[].deny */
	RULE_OF_NEVER_BLOCK, /* rules/never-block.txt or filter.never_block */
	RULE_OF_PAUSE,
	RULE_OF_GRANT,       /* `grant` is set */
	RULE_OF_WINDOW,      /* `window` is set: a schedule of the tier, in force */
	RULE_OF_SERVICE,     /* `service` and `category`: the tier blocks it, or a window */
	RULE_OF_ALLOW_ONLY,  /* of the tier; of a window: RULE_OF_WINDOW */
	RULE_OF_YOUTUBE,     /* tiers[].youtube and the category streaming */
	RULE_OF_SAFE_SEARCH, /* rules/safe_search.yaml: blocks or leads elsewhere */
	RULE_OF_BYPASS,      /* rules/bypass.yaml */
	RULE_OF_TRIAL,       /* filter.enforce: off */
	/* The department's bundle makes `category` mandatory; mark.file is its feed. */
	RULE_OF_DEPARTMENT
};

enum rule_reach {
	RULE_REACHES_SUBTREE, /* the rule's name and all below it */
	RULE_REACHES_NAME,    /* that name alone */
	RULE_REACHES_BELOW    /* what is below it */
};

struct explained_rule {
	enum rule_source source;
	enum rule_reach reach;
	bool opens;                /* an exception: it says pass, not block */
	bool important;            /* $important, of a feed */
	bool wins;                 /* it is among those that decided */
	bool in_force;             /* of a feed or service: what this tier blocks now */
	uint8_t labels;            /* of the rule's name, from the right */
	uint8_t category;          /* or POLICY_NO_CATEGORY */
	uint16_t feed_number;      /* in the rule database; of RULE_OF_FEED */
	uint16_t window;           /* or POLICY_NO_WINDOW */
	uint16_t service;          /* or POLICY_NO_SERVICE */
	const struct grant *grant; /* borrowed from the state's grants; or NULL */
	uint32_t rule;             /* for ruledb_rule_terms(), or RULEDB_NO_RULE */
	/* The feed's name, borrowed from the rule database; "" for the school's own. */
	const char *feed;
	/* Where the school's own rules are written; line 0 for feeds. Lives as the policy. */
	struct mark mark;
};

/* The smallest change that would alter the verdict; parameters beside it. */
enum advice {
	ADVICE_NONE,           /* nothing at the school: a locked category, or the portal */
	ADVICE_ALLOW,          /* add the name to the tier's `allow` */
	ADVICE_DENY,           /* it is open: add the name to the tier's `deny` */
	ADVICE_DROP_DENY,      /* take `labels` of the name out of the tier's `deny` */
	ADVICE_DROP_ALLOW,     /* take `labels` of the name out of the tier's `allow` */
	ADVICE_RESUME,         /* end the pause */
	ADVICE_BLOCK_CATEGORY, /* listed, but the tier does not block `category` */
	ADVICE_RULES,          /* there are no usable rules */
	ADVICE_REVOKE,         /* end the grant verdict.grant */
	ADVICE_DROP_SERVICE,   /* take verdict.service out of the tier's block_services */
	ADVICE_WINDOW,         /* change or wait for the schedule verdict.window */
	ADVICE_ENFORCE,        /* a trial: set filter.enforce to on */
	ADVICE_DEPARTMENT      /* nothing at the school: ask the department */
};

struct explanation {
	struct verdict verdict;
	uint8_t tier;
	struct explained_rule rules[EXPLANATION_RULES_MAX];
	size_t rule_count;
	size_t rules_dropped; /* beyond EXPLANATION_RULES_MAX */
	enum advice advice;
	uint8_t advice_labels;   /* of the question's name, from the right */
	uint8_t advice_category; /* or POLICY_NO_CATEGORY */
	/* Where a passing question leads instead (policy_rewrite); name.wire NULL: nowhere. */
	struct policy_alias alias;
	/* Blocked by the timetable: when it opens; opened by it: when it closes. */
	bool moves;
	struct policy_opening move;
};

/* Fills *out. Agrees with policy_decide() for the same arguments, always. */
void policy_explain(const struct policy *policy, const struct policy_who *who,
    const struct policy_question *question, const struct policy_state *state,
    struct moment now, struct explanation *out);

#endif
