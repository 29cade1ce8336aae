#include "lachanctl/report_show.h"

#include <stdio.h>
#include <string.h>

#include "base/words.h"
#include "lachanctl/quoted.h"
#include "lachanctl/report_words.h"
#include "lachanctl/table.h"

enum {
	NAMES_BYTES = 256
};

static long long number(const json_t *object, const char *key)
{
	return (long long)json_integer_value(json_object_get(object, key));
}

void report_show_few(long long counsellors)
{
	if (counsellors == 1)
		puts(_(
		    "Only one counsellor can read reports. Two are wanted: when one is away or "
		    "loses the password, a child still finds somebody (lachanctl user add)."));
	else if (counsellors == 0)
		puts(_("No counsellor has an account, so the form for reports is not shown "
		       "(lachanctl user add NAME counsellor)."));
}

/* ---- the list ---- */

static json_t *case_to_json(const struct team_case *one)
{
	json_t *object =
	    json_pack("{s:I,s:s,s:s,s:s,s:s,s:b,s:b}", "id", (json_int_t)one->id, "day",
	        one->day, "state", one->state, "changed", one->changed, "owner", one->owner,
	        "readable", (int)one->readable, "replied", (int)(one->reply_day[0] != 0));

	if (object != NULL && one->readable)
		(void)json_object_update_new(
		    object, json_pack("{s:s,s:s}", "kind", one->kind, "tier", one->tier));
	return object;
}

static void add_row(const struct ctl *c, struct table *t, const struct team_case *one)
{
	char day[REPORT_DAY_BYTES];

	report_day_words(day, one->day);
	table_cell(t, "%u", (unsigned)one->id);
	table_cell(t, "%s", day);
	table_cell(t, "%s",
	    one->readable ? report_kind_words(one->kind, c->english)
	                  : _("(not sealed to you: ask a counsellor to share it)"));
	table_cell(t, "%s", one->readable ? ctl_tier_words(c, one->tier) : "");
	table_cell(t, "%s", report_state_words(one->state));
	table_cell(t, "%s", one->owner);
	table_cell(t, "%s", one->reply_day[0] != 0 ? _("answered") : "");
}

/* Adds a page of cases; *from becomes where the next begins, 0 at the end. */
static enum ctl_status list_page(
    struct team *team, struct table *t, json_t *list, long long *from)
{
	const json_t *one;
	json_t *reply;
	size_t i;
	enum ctl_status status = team_ask(team, "reports",
	    json_pack("{s:I,s:b}", "from", (json_int_t)*from, "all", (int)team->ctl->all),
	    &reply);

	if (status != CTL_DONE)
		return status;
	json_array_foreach(json_object_get(reply, "cases"), i, one)
	{
		struct team_case opened;
		team_open(team, one, &opened);
		add_row(team->ctl, t, &opened);
		(void)json_array_append_new(list, case_to_json(&opened));
		team_case_deinit(&opened);
	}
	*from = number(reply, "more");
	json_decref(reply);
	return CTL_DONE;
}

enum ctl_status report_show_list(struct team *team)
{
	const char *const heads[] = {_("number"), _("day"), _("about"), _("level"),
	    _("state"), _("looked after by"), ""};
	struct table *t = table_new(COUNT_OF(heads));
	json_t *cases = json_array();
	enum ctl_status status = CTL_DONE;
	long long from = 0;

	for (size_t i = 0; i < COUNT_OF(heads); i++)
		table_cell(t, "%s", heads[i]);
	table_right(t, 0);
	do
		status = list_page(team, t, cases, &from);
	while (status == CTL_DONE && from > 0);
	if (status == CTL_DONE && team->ctl->json) {
		status = ctl_print_json(json_pack("{s:O}", "cases", cases));
	} else if (status == CTL_DONE) {
		if (json_array_size(cases) == 0)
			puts(team->ctl->all
			        ? _("There are no cases.")
			        : _("No case is open. Closed ones: reports --all"));
		else
			table_print(t, 0, stdout);
		report_show_few((long long)json_array_size(team->members));
	}
	table_free(t);
	json_decref(cases);
	return status;
}

/* ---- one case ---- */

static void join_names(char out[NAMES_BYTES], const json_t *names)
{
	const json_t *one;
	size_t used = 0, i;

	out[0] = 0;
	json_array_foreach(names, i, one)
	{
		const char *name = json_string_value(one);
		int n = snprintf(out + used, NAMES_BYTES - used, "%s%s", i > 0 ? ", " : "",
		    strcmp(name, "?") == 0 ? _("a key that is nobody's here") : name);
		if (n < 0 || (size_t)n >= NAMES_BYTES - used)
			return;
		used += (size_t)n;
	}
}

static void say_words(const char *heading, const char *words)
{
	if (*words == 0)
		return;
	printf("%s\n", heading);
	quoted_print_text(stdout, "  | ", words);
}

static void say_case(
    const struct ctl *c, const struct team_case *one, const json_t *readers)
{
	char day[REPORT_DAY_BYTES], names[NAMES_BYTES];

	report_day_words(day, one->day);
	join_names(names, readers);
	printf(_("Case %u, %s. State: %s%s%s\n"), (unsigned)one->id, day,
	    report_state_words(one->state), one->owner[0] != 0 ? ", " : "", one->owner);
	printf(_("Level of the device: %s. About: "), ctl_tier_words(c, one->tier));
	quoted_print_text(stdout, "", report_kind_words(one->kind, c->english));
	say_words(_("Where:"), one->where);
	say_words(_("The pupil's words:"), one->what);
	say_words(_("Wants to meet:"), one->contact);
	if (one->reply_day[0] != 0)
		say_words(_("Reply:"),
		    one->reply_readable ? one->reply : _("(sent; not sealed to you)"));
	printf(_("Can be read by: %s\n"), names);
	puts(_("In danger now: 113 or 115 first, then 111 (lachanctl reports sheet)."));
}

enum ctl_status report_show_locked(const struct ctl *c, uint32_t id)
{
	return ctl_fail(c, CTL_FAILED,
	    _("case %u does not open with your key: it came before your account, or was altered "
	      "(another counsellor: lachanctl reports share %u)"),
	    (unsigned)id, (unsigned)id);
}

enum ctl_status report_show_case(
    struct team *team, const json_t *object, const struct team_case *one)
{
	json_t *readers = team_readers(team, object);
	enum ctl_status status = CTL_DONE;

	if (!one->readable) {
		status = report_show_locked(team->ctl, one->id);
	} else if (team->ctl->json) {
		json_t *all = case_to_json(one);
		(void)json_object_update_new(all,
		    json_pack("{s:s,s:s,s:s,s:s,s:O}", "where", one->where, "what",
		        one->what, "contact", one->contact, "reply", one->reply, "readers",
		        readers));
		status = ctl_print_json(all);
	} else {
		say_case(team->ctl, one, readers);
	}
	json_decref(readers);
	return status;
}
