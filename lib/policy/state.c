/* What holds now for each tier: windows of time as the school's clock shows it.
 *
 * A window is in force whenever that clock shows a time within it. So where clocks are put
 * forward a window in the lost hour does not happen, and where they are put back one in the
 * repeated hour happens twice. */
#include "policy/internal.h"

enum {
	LOOK_AHEAD_S = 8 * CALENDAR_DAY_S, /* a week of windows, and the day's turn */
	BORDERS_MAX = 4096,                /* looked at; a bound, not a limit of use */
	UNTRUSTED_MS = 5 * 60 * 1000,      /* how soon a clock may be set */
	JUMP_S = 2,
	WEAR_S = 30 * CALENDAR_DAY_S
};

bool services_any(const struct rules_services_set *set)
{
	uint64_t any = 0;

	for (size_t i = 0; i < RULES_SERVICES_WORDS; i++)
		any |= set->bits[i];
	return any != 0;
}

bool services_meet(const struct rules_services_set *a, const struct rules_services_set *b)
{
	uint64_t any = 0;

	for (size_t i = 0; i < RULES_SERVICES_WORDS; i++)
		any |= a->bits[i] & b->bits[i];
	return any != 0;
}

static void services_join(
    struct rules_services_set *to, const struct rules_services_set *from)
{
	for (size_t i = 0; i < RULES_SERVICES_WORDS; i++)
		to->bits[i] |= from->bits[i];
}

static void services_remove(
    struct rules_services_set *from, const struct rules_services_set *what)
{
	for (size_t i = 0; i < RULES_SERVICES_WORDS; i++)
		from->bits[i] &= ~what->bits[i];
}

/* ---- which windows are in force ------------------------------------------------------------ */

static bool window_has_day(const struct window *w, int32_t day, unsigned weekday)
{
	bool dated = w->date_count == 0;

	for (size_t i = 0; i < w->date_count && !dated; i++)
		dated = w->dates[i].first <= day && day <= w->dates[i].last;
	/* Days and dates together: such a weekday within such dates. */
	return dated && (w->days == 0 || (w->days >> weekday & 1) != 0);
}

static bool window_is_open(const struct window *w, struct local_time at)
{
	bool over_midnight = w->to_min <= w->from_min;
	bool today = at.minute >= w->from_min && (over_midnight || at.minute < w->to_min);
	bool since_yesterday = over_midnight && at.minute < w->to_min;

	return (today && window_has_day(w, at.day, at.weekday)) ||
	    (since_yesterday && window_has_day(w, at.day - 1, (at.weekday + 6u) % 7));
}

uint64_t tier_windows_at(
    const struct tier *tier, const struct calendar *calendar, int64_t wall_s)
{
	struct local_time at = calendar_local(calendar, wall_s);
	uint64_t open = 0;

	for (unsigned i = 0; i < tier->window_count; i++) {
		if (window_is_open(&tier->windows[i], at))
			open |= bit(i);
	}
	return open;
}

bool window_does(
    const struct window *w, enum deed deed, unsigned category, unsigned service)
{
	const struct rules_services_set *services =
	    deed == DEED_OPENS ? &w->unblock_services : &w->block_services;
	uint64_t categories = deed == DEED_OPENS ? w->unblock : w->block;

	if (deed == DEED_ALLOWS_ONLY)
		return w->allow_only;
	return (category != POLICY_NO_CATEGORY && (categories & bit(category)) != 0) ||
	    (service != POLICY_NO_SERVICE && rules_services_has(services, service));
}

/* Under a clock that is not trusted: what tightens, all day; of dates nothing is known. */
static uint64_t tier_windows_untrusted(const struct tier *tier)
{
	uint64_t open = 0;

	for (unsigned i = 0; i < tier->window_count; i++) {
		const struct window *w = &tier->windows[i];
		if (w->date_count == 0 &&
		    (w->allow_only || w->block != 0 || services_any(&w->block_services)))
			open |= bit(i);
	}
	return open;
}

/* Seconds from `second` of the day to the next time its clock shows `minute`. */
static int64_t seconds_until(uint32_t minute, int64_t second)
{
	int64_t wait = (int64_t)minute * 60 - second;
	return wait > 0 ? wait : wait + CALENDAR_DAY_S;
}

int64_t tier_border_after(
    const struct tier *tier, const struct calendar *calendar, int64_t wall_s)
{
	struct local_time at = calendar_local(calendar, wall_s);
	int64_t second = (int64_t)at.minute * 60 + at.second;
	int64_t wait = seconds_until(0, second); /* the day's turn: days and dates */
	int64_t change = calendar_next_change(calendar, wall_s);

	for (size_t i = 0; i < tier->window_count; i++) {
		int64_t from = seconds_until(tier->windows[i].from_min, second);
		int64_t to = seconds_until(tier->windows[i].to_min, second);
		wait = from < wait ? from : wait;
		wait = to < wait ? to : wait;
	}
	return change - wall_s < wait ? change : wall_s + wait;
}

/* The first moment with other windows in force, as far as it is looked for. */
static int64_t next_change(
    const struct tier *tier, const struct calendar *calendar, int64_t wall_s)
{
	uint64_t now = tier_windows_at(tier, calendar, wall_s);
	int64_t at = wall_s;

	for (int i = 0; i < BORDERS_MAX && at - wall_s < LOOK_AHEAD_S; i++) {
		at = tier_border_after(tier, calendar, at);
		if (tier_windows_at(tier, calendar, at) != now)
			break;
	}
	return at;
}

/* ---- what they make of a tier ---------------------------------------------------------------- */

/* The window that a person would be told of first. */
static uint16_t foremost(const struct tier *tier, uint64_t open)
{
	uint16_t blocks = POLICY_NO_WINDOW;
	uint16_t opens = POLICY_NO_WINDOW;

	for (unsigned i = 0; i < tier->window_count; i++) {
		const struct window *w = &tier->windows[i];
		if ((open >> i & 1) == 0)
			continue;
		if (w->allow_only)
			return (uint16_t)i; /* < RULES_SCHEDULES_MAX */
		if (w->block != 0 || services_any(&w->block_services)) {
			blocks = blocks == POLICY_NO_WINDOW ? (uint16_t)i : blocks;
		} else if (opens == POLICY_NO_WINDOW) {
			opens = (uint16_t)i;
		}
	}
	return blocks != POLICY_NO_WINDOW ? blocks : opens;
}

/* A service whose category some window blocks now stays closed with it. */
static void close_blocked(
    struct rules_services_set *open, const struct policy *policy, uint64_t blocked)
{
	for (size_t i = 0; i < policy->service_count; i++) {
		if ((bit(policy->services[i].category) & blocked) != 0)
			open->bits[i / 64] &= ~bit(i % 64);
	}
}

void tier_state_make(
    struct policy_tier_state *out, const struct policy *policy, uint8_t tier, uint64_t open)
{
	const struct tier *t = &policy->tiers[tier];
	struct rules_services_set blocked = {{0}};
	uint64_t unblock = 0;
	uint64_t block = 0;

	memset(&out->open_services, 0, sizeof out->open_services);
	out->allow_only = t->allow_only;
	for (unsigned i = 0; i < t->window_count; i++) {
		const struct window *w = &t->windows[i];
		if ((open >> i & 1) == 0)
			continue;
		unblock |= w->unblock;
		block |= w->block;
		services_join(&out->open_services, &w->unblock_services);
		services_join(&blocked, &w->block_services);
		out->allow_only |= w->allow_only;
	}
	/* Where windows disagree the one that blocks wins. */
	out->block =
	    (t->shown.block & ~unblock) | block | policy->locked | t->shown.required;
	services_remove(&out->open_services, &blocked);
	close_blocked(&out->open_services, policy, block);
	out->services = t->services;
	services_remove(&out->services, &out->open_services);
	services_join(&out->services, &blocked);
	out->any_services = services_any(&out->services);
	out->any_open_services = services_any(&out->open_services);
	out->windows = open;
	out->window = foremost(t, open);
	out->changes_at_ms = UINT64_MAX;
}

/* With an untrusted clock no window opens anything. */
static void make_untrusted(
    struct policy_tier_state *out, const struct policy *policy, uint8_t tier)
{
	const struct tier *t = &policy->tiers[tier];
	uint64_t open = tier_windows_untrusted(t);

	tier_state_make(out, policy, tier, open);
	out->block |= t->shown.block;
	services_join(&out->services, &t->services);
	memset(&out->open_services, 0, sizeof out->open_services);
	out->any_services = services_any(&out->services);
	out->any_open_services = false;
}

static void make_tier(struct policy_state *out, const struct policy *policy, uint8_t tier)
{
	const struct tier *t = &policy->tiers[tier];
	struct policy_tier_state *state = &out->tiers[tier];
	struct moment now = out->made;

	if (!now.wall_trusted) {
		make_untrusted(state, policy, tier);
		if (t->window_count > 0)
			state->changes_at_ms = now.mono_ms + UNTRUSTED_MS;
		return;
	}
	tier_state_make(
	    state, policy, tier, tier_windows_at(t, &out->calendar, now.wall_s));
	if (t->window_count == 0)
		return;
	int64_t wait_s = next_change(t, &out->calendar, now.wall_s) - now.wall_s;
	state->changes_at_ms = now.mono_ms + (uint64_t)wait_s * 1000; /* > 0 */
}

void policy_state_make(struct policy_state *out, const struct policy *policy,
    const struct calendar *calendar, struct moment now, const struct policy_state *before)
{
	memset(out->tiers, 0, sizeof out->tiers);
	out->grants = before == NULL ? NULL : before->grants;
	out->enforce = policy->enforce;
	out->made = now;
	out->changes_at_ms = UINT64_MAX;
	out->calendar = *calendar;
	for (size_t i = 0; i < policy->tier_count; i++) {
		struct policy_tier_state *t = &out->tiers[i];
		t->paused_until_ms = before == NULL ? 0 : before->tiers[i].paused_until_ms;
		make_tier(out, policy, (uint8_t)i); /* < POLICY_TIERS_MAX */
		if (t->changes_at_ms < out->changes_at_ms)
			out->changes_at_ms = t->changes_at_ms;
	}
}

bool policy_state_is_stale(const struct policy_state *state, struct moment now)
{
	int64_t ran_ms = (int64_t)(now.mono_ms - state->made.mono_ms);
	int64_t moved_s = now.wall_s - state->made.wall_s;
	int64_t jump_s = moved_s - ran_ms / 1000;

	return now.mono_ms >= state->changes_at_ms ||
	    now.wall_trusted != state->made.wall_trusted || jump_s > JUMP_S ||
	    jump_s < -JUMP_S || moved_s > WEAR_S;
}
