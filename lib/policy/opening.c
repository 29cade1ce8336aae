/* When the timetable opens or closes something. */
#include "policy/internal.h"

enum {
	LOOK_AHEAD_S = 8 * CALENDAR_DAY_S,
	BORDERS_MAX = 4096,
	TURNS_MAX = 64 /* a week of busy windows */
};

struct turn {
	const struct policy *policy;
	uint8_t tier;
	const struct verdict *v;
	bool closes; /* what is looked for: it closes, or it opens */
};

/* Whether what the verdict speaks of is closed in such a state of its tier. */
static bool is_closed(const struct verdict *v, const struct policy_tier_state *state)
{
	bool let_off = v->service != POLICY_NO_SERVICE &&
	    rules_services_has(&state->open_services, v->service);

	switch (v->reason) {
	case REASON_CATEGORY:
		return (state->block & bit(v->category)) != 0 && !let_off;
	case REASON_SERVICE:
		return rules_services_has(&state->services, v->service);
	case REASON_ALLOW_ONLY:
		return state->allow_only;
	default:
		return false;
	}
}

static bool is_timetable_matter(const struct verdict *v)
{
	return v->reason == REASON_CATEGORY || v->reason == REASON_SERVICE ||
	    v->reason == REASON_ALLOW_ONLY;
}

static bool opens_it(const struct window *w, const struct verdict *v)
{
	return v->reason != REASON_ALLOW_ONLY &&
	    window_does(w, DEED_OPENS,
	        v->reason == REASON_CATEGORY ? v->category : POLICY_NO_CATEGORY,
	        v->service);
}

static bool closes_it(const struct window *w, const struct verdict *v)
{
	if (v->reason == REASON_ALLOW_ONLY) {
		return window_does(
		    w, DEED_ALLOWS_ONLY, POLICY_NO_CATEGORY, POLICY_NO_SERVICE);
	}
	/* A window that blocks a service's category keeps the service closed too. */
	return window_does(w, DEED_BLOCKS, v->category,
	    v->reason == REASON_SERVICE ? v->service : POLICY_NO_SERVICE);
}

/* Which of the windows that begin (`now` without `before`) or end there made the turn. */
static uint16_t find_cause(const struct turn *turn, uint64_t before, uint64_t now)
{
	const struct tier *tier = &turn->policy->tiers[turn->tier];

	for (uint64_t changed = before ^ now; changed != 0; changed &= changed - 1) {
		unsigned i = (unsigned)__builtin_ctzll(changed);
		const struct window *w = &tier->windows[i];
		bool begins = (now >> i & 1) != 0;
		if (begins == turn->closes ? closes_it(w, turn->v) : opens_it(w, turn->v))
			return (uint16_t)i; /* < RULES_SCHEDULES_MAX */
	}
	return POLICY_NO_WINDOW;
}

static bool find_turn(const struct turn *turn, const struct calendar *calendar,
    int64_t now_s, struct policy_opening *out)
{
	const struct tier *tier = &turn->policy->tiers[turn->tier];
	uint64_t before = tier_windows_at(tier, calendar, now_s);
	int64_t at = now_s;

	for (int i = 0; i < BORDERS_MAX && at - now_s < LOOK_AHEAD_S; i++) {
		struct policy_tier_state state;
		at = tier_border_after(tier, calendar, at);
		uint64_t open = tier_windows_at(tier, calendar, at);
		if (open == before)
			continue;
		tier_state_make(&state, turn->policy, turn->tier, open);
		if (is_closed(turn->v, &state) == turn->closes) {
			struct local_time then = calendar_local(calendar, at);
			*out = (struct policy_opening){
			    .wall_s = at,
			    .hour = (uint8_t)(then.minute / 60),
			    .minute = (uint8_t)(then.minute % 60),
			    .today = then.day == calendar_local(calendar, now_s).day,
			    .window = find_cause(turn, before, open),
			};
			return true;
		}
		before = open;
	}
	return false;
}

static bool may_turn(const struct turn *turn, struct moment now)
{
	return now.wall_trusted && turn->tier < turn->policy->tier_count &&
	    turn->policy->tiers[turn->tier].window_count > 0 &&
	    is_timetable_matter(turn->v);
}

bool policy_opens_at(const struct policy *policy, uint8_t tier, const struct verdict *v,
    const struct policy_state *state, struct moment now, struct policy_opening *out)
{
	const struct turn turn = {policy, tier, v, false};
	return v->action == POLICY_BLOCK && may_turn(&turn, now) &&
	    find_turn(&turn, &state->calendar, now.wall_s, out);
}

/* What closes a name may hand it on to something else: each opening is judged anew. */
bool policy_name_opens_at(const struct policy *policy, const struct policy_who *who,
    const struct policy_question *question, const struct verdict *v,
    const struct policy_state *state, struct moment now, struct policy_opening *out)
{
	struct policy_opening opening;
	struct verdict then = *v;
	struct policy_state later = *state;
	struct moment at = now;

	for (int i = 0; i < TURNS_MAX; i++) {
		if (!policy_opens_at(policy, who->tier, &then, &later, at, &opening) ||
		    opening.wall_s - now.wall_s > LOOK_AHEAD_S)
			return false;
		at.mono_ms += (uint64_t)(opening.wall_s - at.wall_s) * 1000;
		at.wall_s = opening.wall_s;
		policy_state_make(&later, policy, &state->calendar, at, state);
		later.enforce = state->enforce;
		then = policy_decide(policy, who, question, &later, at);
		if (then.action == POLICY_BLOCK)
			continue;
		opening.today = calendar_local(&state->calendar, at.wall_s).day ==
		    calendar_local(&state->calendar, now.wall_s).day;
		*out = opening;
		return true;
	}
	return false;
}

bool policy_closes_at(const struct policy *policy, uint8_t tier, const struct verdict *v,
    const struct policy_state *state, struct moment now, struct policy_opening *out)
{
	const struct turn turn = {policy, tier, v, true};
	return v->action == POLICY_PASS && v->window != POLICY_NO_WINDOW &&
	    may_turn(&turn, now) && find_turn(&turn, &state->calendar, now.wall_s, out);
}
