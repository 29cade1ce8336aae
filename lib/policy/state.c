/* What holds now for each tier. */
#include "policy/internal.h"

void policy_state_make(struct policy_state *out, const struct policy *policy,
    const struct calendar *calendar, struct moment now, const struct policy_state *before)
{
	memset(out->tiers, 0, sizeof out->tiers);
	for (size_t i = 0; i < policy->tier_count; i++) {
		struct policy_tier_state *t = &out->tiers[i];
		t->block = policy->tiers[i].shown.block;
		t->services = policy->tiers[i].services;
		t->allow_only = policy->tiers[i].allow_only;
		t->window = POLICY_NO_WINDOW;
		t->changes_at_ms = UINT64_MAX;
		t->paused_until_ms = before == NULL ? 0 : before->tiers[i].paused_until_ms;
	}
	out->grants = before == NULL ? NULL : before->grants;
	out->enforce = true;
	out->made = now;
	out->changes_at_ms = UINT64_MAX;
	out->calendar = *calendar;
}

bool policy_state_is_stale(const struct policy_state *state, struct moment now)
{
	int64_t ran_s = (int64_t)((now.mono_ms - state->made.mono_ms) / 1000);
	int64_t jump_s = now.wall_s - state->made.wall_s - ran_s;

	return now.mono_ms >= state->changes_at_ms ||
	    now.wall_trusted != state->made.wall_trusted || jump_s > 2 || jump_s < -2;
}
