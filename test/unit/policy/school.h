/* school -- a whole school for the tests of lib/policy: its file as an IT teacher writes it,
 * the tree's rules/ data, feeds of a few rules, grants, pauses and a clock of its own.
 *
 * Feeds are written as lines "FEED CATEGORY RULE", where RULE is
 *	name         the name and all below it          =name    the name alone
 *	*.name       what is below it                   @@RULE   an exception
 *	!RULE        important                          /re/     a pattern
 *	net:A/B      addresses in answers               RULE>A   with an address as data */
#ifndef TEST_POLICY_SCHOOL_H
#define TEST_POLICY_SCHOOL_H

#include "base/buf.h"
#include "policy/explain.h"
#include "policy/grants.h"
#include "policy/policy.h"
#include "ruledb/ruledb.h"

enum {
	SCHOOL_GRANTS_MAX = 64,
	SCHOOL_MONO_MS = 1000000 /* the machine has been up for a while */
};

struct school_grant {
	struct grant grant;
	struct name_buf name;
	char subject[64];
};

/* What a department asks, in storage of its own. */
struct school_department {
	char words[32][2][64];
	struct policy_demand demands[32];
	struct name_buf names[16];
	struct policy_kept_name kept[16];
	struct policy_department all;
};

struct school {
	struct config *config;
	struct school_department department;
	struct ruledb *rules;
	struct ruledb_scratch *scratch;
	struct policy *policy;
	struct grants *grants;
	struct school_grant granted[SCHOOL_GRANTS_MAX];
	size_t grant_count;
	struct calendar calendar;
	struct moment now;
	struct policy_state state;
};

/* `yaml` is lachan.yaml; `feeds` lines as above, or "". Both must be free of mistakes. The
 * zone stands still at `offset_s`; the clock shows 1970 until school_set_clock(). */
void school_open(struct school *s, const char *yaml, const char *feeds, int32_t offset_s);
/* The same under a department: lines "mandatory TIER CATEGORY", "block TIER CATEGORY" and
 * "never-block NAME". */
void school_open_under(struct school *s, const char *yaml, const char *feeds,
    int32_t offset_s, const char *department);
void school_close(struct school *s);

/* `ID allow|deny NAME SCOPE until UNTIL`: SCOPE is all, tier:T, group:G or an address prefix. */
void school_grant(struct school *s, uint32_t id, bool deny, const char *name,
    const char *scope, int64_t until_wall_s);
/* Makes the latest one a grant of content alone. */
void school_grant_is_content_only(struct school *s);
/* Puts the index of the grants into the state. */
void school_publish_grants(struct school *s);

/* The clock shows wall_s; the machine's own clock has run `ran_ms` since the school opened. */
void school_set_clock(struct school *s, int64_t wall_s, uint64_t ran_ms, bool trusted);

/* "2026-12-22" as days since 1970. */
int32_t school_day(struct slice text);

/* A question with its storage. */
struct school_question {
	struct policy_who who;
	struct addr client;
	struct name_buf name;
	struct name_hashes hashes;
	struct policy_question asked;
};
/* `who`: TIER, TIER/GROUP or TIER/GROUP/ADDRESS. */
void school_ask(
    const struct school *s, struct school_question *q, struct slice who, struct slice name);
struct verdict school_decide(const struct school *s, const struct school_question *q);
/* In every member (padding is nobody's). */
bool school_same_verdict(const struct verdict *a, const struct verdict *b);

#endif
