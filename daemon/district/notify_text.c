#include "district/notify_text.h"

#include "base/text.h"
#include "base/words.h"
#include "district/calendar.h"

static void say_number(struct buf *out, uint64_t number, const char *one, const char *more)
{
	if (number == 1)
		buf_printf(out, "%s\n", one);
	else if (number > 1)
		buf_printf(out, "%llu %s\n", (unsigned long long)number, more);
}

static void say_schools(struct buf *out, const struct notify_words *words)
{
	char name[120], day[DAY_TEXT_BYTES];
	size_t shown =
	    words->school_count < NOTIFY_SCHOOLS ? words->school_count : NOTIFY_SCHOOLS;

	for (size_t i = 0; i < shown; i++) {
		const struct notify_school *s = &words->schools[i];
		text_printable(name, sizeof name, slice_of(s->name));
		day_write(day, s->last_day);
		buf_printf(out, _("  %s (%s), last day %s\n"), name, s->unit, day);
	}
	if (shown < words->school_count)
		buf_printf(out, _("  ... and %zu more\n"), words->school_count - shown);
	say_number(out, words->never, _("1 school has never sent anything"),
	    _("schools have never sent anything"));
}

static void say_counts(struct buf *out, const struct notify_due *due)
{
	say_number(
	    out, due->enrolled, _("1 school has enrolled"), _("schools have enrolled"));
	say_number(out, due->refused,
	    _("1 document of a school was refused (the log and /metrics say why)"),
	    _("documents of schools were refused (the log and /metrics say why)"));
	say_number(out, due->nominations, _("1 nomination waits for a decision"),
	    _("nominations wait for a decision"));
}

static void say_place(struct buf *out, const struct notify_words *words)
{
	if (words->url[0] != 0)
		buf_printf(out, "%s/\n", words->url);
	if (words->department[0] != 0)
		buf_printf(out, "%s\n", words->department);
}

void notify_text_write(
    struct buf *out, const struct notify_due *due, const struct notify_words *words)
{
	if (due->silent) {
		say_number(out, words->school_count,
		    _("1 school has sent nothing for more than a week"),
		    _("schools have sent nothing for more than a week"));
		say_schools(out, words);
	}
	say_counts(out, due);
	say_place(out, words);
}

void notify_text_trial(struct buf *out, const struct notify_words *words)
{
	buf_printf(
	    out, "%s\n", _("a trial: notices of the department's collector arrive here"));
	say_place(out, words);
}
