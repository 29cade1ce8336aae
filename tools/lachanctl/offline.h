/* offline -- what the filter knows, made here from the configuration and the disk, for when
 * it is stopped. Threads: one. */
#ifndef LACHANCTL_OFFLINE_H
#define LACHANCTL_OFFLINE_H

#include "lachanctl/ctl.h"
#include "policy/grants.h"
#include "policy/policy.h"
#include "ruledb/ruledb.h"

/* The filter's order: the rules in force, those before them, those that ship. NULL: there
 * are none. The caller's (ruledb_close). */
struct ruledb *offline_rules(const struct config *config);

/* Needs c->config; `rules` may be NULL. On success *out is the caller's (policy_free); else
 * says every mistake. */
enum ctl_status offline_policy(
    const struct ctl *c, const struct ruledb *rules, struct policy **out);

/* The grants of state_dir/grants for this policy; lines that cannot be read are left out. On
 * success *out is the caller's (grants_free); else says why. */
enum ctl_status offline_grants(
    const struct ctl *c, const struct policy *policy, struct grants **out);

/* What holds at a moment by the configuration: windows, grants, trial; nothing is paused. */
void offline_state(struct policy_state *out, const struct ctl *c,
    const struct policy *policy, const struct grants *grants, int64_t at_s);

#endif
