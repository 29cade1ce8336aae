#include "district/notify_state.h"

#include <inttypes.h>

#define HEAD "lachan-district-notice 1\n"

enum {
	RETRY_FIRST_S = 15 * 60,
	RETRY_MOST_S = 12 * 60 * 60,
	FAILURES_MAX = 1000
};

struct notify_state notify_state_new(int64_t now_s, uint64_t refused)
{
	return (struct notify_state){
	    .silent_day = DAY_NONE, .told_s = now_s, .refused = refused};
}

void notify_state_write(struct buf *out, const struct notify_state *state)
{
	char day[DAY_TEXT_BYTES] = "-";

	if (state->silent_day != DAY_NONE)
		day_write(day, state->silent_day);
	buf_printf(out,
	    HEAD "silent=%s told=%" PRId64 " mail=%" PRId64 " refused=%" PRIu64
	         " failures=%" PRIu32 " next=%" PRId64 "\n",
	    day, state->told_s, state->mail_s, state->refused, state->failures,
	    state->next_s);
}

/* "key=NUMBER" and what parts it from the next. */
static bool take_number(struct slice *rest, const char *key, uint64_t max, uint64_t *out)
{
	struct slice field = slice_cut(rest, ' ');
	struct slice start = slice_of(key);

	if (!slice_starts(field, start))
		return false;
	field = (struct slice){field.ptr + start.len, field.len - start.len};
	/* "007" is nothing that was written here. */
	if (field.len > 1 && field.ptr[0] == '0')
		return false;
	return slice_to_u64(field, max, out);
}

static bool take_day(struct slice *rest, int32_t *out)
{
	struct slice field = slice_cut(rest, ' ');
	struct slice start = SLICE_LIT("silent=");

	if (!slice_starts(field, start))
		return false;
	field = (struct slice){field.ptr + start.len, field.len - start.len};
	*out = DAY_NONE;
	return slice_equal(field, SLICE_LIT("-")) ||
	    (field.len == DAY_TEXT_BYTES - 1 && day_read(field, out));
}

bool notify_state_read(struct slice text, struct notify_state *out)
{
	struct slice head = SLICE_LIT(HEAD);
	struct notify_state s;
	uint64_t told, mail, failures, next;

	if (!slice_starts(text, head) || text.ptr[text.len - 1] != '\n')
		return false;
	struct slice rest = {text.ptr + head.len, text.len - head.len - 1};
	if (text.len <= head.len || !take_day(&rest, &s.silent_day) ||
	    !take_number(&rest, "told=", INT64_MAX, &told) ||
	    !take_number(&rest, "mail=", INT64_MAX, &mail) ||
	    !take_number(&rest, "refused=", UINT64_MAX / 2, &s.refused) ||
	    !take_number(&rest, "failures=", FAILURES_MAX, &failures) ||
	    !take_number(&rest, "next=", INT64_MAX, &next) || rest.ptr != NULL)
		return false;
	s.told_s = (int64_t)told;
	s.mail_s = (int64_t)mail;
	s.failures = (uint32_t)failures;
	s.next_s = (int64_t)next;
	*out = s;
	return true;
}

bool notify_is_due(struct notify_due *out, const struct notify_state *state,
    const struct notify_news *news)
{
	*out = (struct notify_due){.silent = false};
	if (news->now_s < state->next_s)
		return false;
	out->silent = news->wants_silent && news->silent > 0 && news->school_day &&
	    (state->silent_day == DAY_NONE ||
	        news->today - state->silent_day >= NOTIFY_WEEK_DAYS);
	/* A clock that was put back must not silence us for years. */
	bool events = state->mail_s == 0 || state->mail_s > news->now_s ||
	    news->now_s - state->mail_s >= NOTIFY_EVENTS_S;
	if (events) {
		out->enrolled = news->wants_enrolled ? news->enrolled : 0;
		out->nominations = news->wants_nominations ? news->nominations : 0;
		out->refused = news->wants_refused && news->refused > state->refused
		    ? news->refused - state->refused
		    : 0;
	}
	return out->silent || out->enrolled > 0 || out->nominations > 0 || out->refused > 0;
}

void notify_claim(struct notify_state *state, const struct notify_due *due,
    const struct notify_news *news)
{
	if (due->silent)
		state->silent_day = news->today;
	if (due->enrolled > 0 || due->nominations > 0 || due->refused > 0) {
		state->mail_s = news->now_s;
		state->told_s = news->now_s + 1; /* this second is told */
		state->refused = news->refused;
	}
	state->failures = 0;
	state->next_s = 0;
}

void notify_take_back(
    struct notify_state *state, const struct notify_state *before, int64_t now_s)
{
	uint32_t failures =
	    before->failures < FAILURES_MAX ? before->failures + 1 : FAILURES_MAX;
	int64_t wait_s = RETRY_FIRST_S;

	for (uint32_t i = 1; i < failures && wait_s < RETRY_MOST_S; i++)
		wait_s *= 2;
	*state = *before;
	state->failures = failures;
	state->next_s = now_s + (wait_s < RETRY_MOST_S ? wait_s : RETRY_MOST_S);
}
