#include "notify/text.h"

#include "base/words.h"

static void say(struct buf *out, const char *sentence)
{
	buf_printf(out, "%s\n", sentence);
}

static void say_number(struct buf *out, uint64_t number, const char *one, const char *more)
{
	if (number == 1)
		say(out, one);
	else
		buf_printf(out, "%llu %s\n", (unsigned long long)number, more);
}

static const char *state_words(enum due_state state)
{
	switch (state) {
	case DUE_BEGAN:
		return _(
		    "the gateway does not filter, or not for everybody (lachanctl status)");
	case DUE_ENDED:
		return _("the gateway filters again, for everybody");
	case DUE_WAS:
		return _("for a while the gateway did not filter; now it does again");
	case DUE_NOTHING:
		break;
	}
	return "";
}

void text_write(struct buf *out, const struct due *due)
{
	if (due->trial)
		say(out, _("a trial: notices of the gateway arrive here"));
	if (due->messages > 0)
		say_number(out, due->messages, _("1 new message"), _("new messages"));
	if (due->unfiltered != DUE_NOTHING)
		say(out, state_words(due->unfiltered));
	if (due->disk_full)
		say(out, _("the gateway's disk is nearly full, or takes nothing more"));
	if (due->feeds > 0)
		say_number(out, due->feeds, _("1 list is out of date (lachanctl feeds)"),
		    _("lists are out of date (lachanctl feeds)"));
	if (due->not_shared)
		say(out, _("summaries wait that should have been shared a week ago"));
}
