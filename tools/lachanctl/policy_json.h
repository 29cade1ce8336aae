/* policy_json -- the policy of the configuration, and what the running filter adds to it, as
 * the object that `policy --json` prints:
 *
 *	{"school","version","running","not_in_force","trial","default_tier","locked":[CATEGORY],
 *	 "tiers":[{"tier","name","pupils","default","used","members":[TEXT],
 *	           "devices":n,
 *	           "block":[CATEGORY],"empty":[CATEGORY],"services":[SERVICE],
 *	           "safe_search","youtube":"off|moderate|strict","allow_only",
 *	           "allow":n,"deny":n,"windows":[window.h, and "in_force"],
 *	           "paused_until":TIME or null,"grants":n}],
 *	 "grants":n,"never_block":n}
 *
 * `version`: eight digits that change with the configuration; a staff page shows them too.
 * `devices`: of the tier by MAC address; which, stands in the configuration alone.
 * `not_in_force`: the configuration's file is newer than what the filter runs by.
 * `empty`: of `block` and of what windows block, what no feed fills. `grants` of a tier are
 * those given to it by name; the other counts all of the school. Without a running filter
 * nothing is paused, and windows and grants are as the clock and the disk say. */
#ifndef LACHANCTL_POLICY_JSON_H
#define LACHANCTL_POLICY_JSON_H

#include "lachanctl/ctl.h"

/* Needs c->config. On success *out is the caller's (json_decref); else says why. */
enum ctl_status policy_to_json(struct ctl *c, json_t **out);

#endif
