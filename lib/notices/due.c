/* What is to be told now: the difference between what has happened and what was told. */
#include "notices/sent.h"

/* A time further ahead than we ever set one is a clock that went back. */
static bool is_past(uint64_t time_s, uint64_t now_s, uint64_t furthest_s)
{
	return time_s <= now_s || time_s - now_s > furthest_s;
}

/* Whether this kind has news at all that its listeners hear of. */
static bool has_news(const struct notices *n, enum notice_kind kind, uint64_t told)
{
	if (n->kinds[kind].steps <= told)
		return false;
	return notice_is_message(kind) || kind == NOTICE_UNFILTERED ||
	    notice_holds(n, kind);
}

static enum due_state state_of(const struct notices *n, uint64_t told)
{
	if (notice_holds(n, NOTICE_UNFILTERED))
		return DUE_BEGAN;
	return told % 2 == 1 ? DUE_ENDED : DUE_WAS;
}

static void add(
    struct due *out, const struct notices *n, enum notice_kind kind, uint64_t told)
{
	const struct notice *notice = &n->kinds[kind];

	out->any = true;
	out->told[kind] = notice->steps;
	switch (kind) {
	case NOTICE_REVIEW:
	case NOTICE_REPORT:
		out->messages += notice->steps - told;
		break;
	case NOTICE_FEED_STALE:
		out->feeds = notice->amount > 0 ? notice->amount : 1;
		break;
	case NOTICE_DISK_FULL:
		out->disk_full = true;
		break;
	case NOTICE_UNFILTERED:
		out->unfiltered = state_of(n, told);
		break;
	case NOTICE_NOT_SHARED:
		out->not_shared = true;
		break;
	case NOTICE_KINDS:
		break;
	}
}

void sent_due(struct due *out, const struct notices *n, const struct sent_target *target,
    unsigned wanted, uint64_t now_s)
{
	*out = (struct due){.any = false};
	memcpy(out->told, target->told, sizeof out->told);
	if (!is_past(target->next_try_s, now_s, SENT_RETRY_MAX_S))
		return;
	for (unsigned k = 0; k < NOTICE_KINDS; k++)
		if ((wanted >> k & 1) != 0 && has_news(n, k, target->told[k]) &&
		    is_past(target->not_before_s[k], now_s, 2 * SENT_PAUSE_S))
			add(out, n, k, target->told[k]);
}
