/* reports: what pupils told the counselling team. Opened in this process, for a counsellor who
 * has signed in; everybody else gets numbers. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/words.h"
#include "lachanctl/ctl.h"
#include "lachanctl/quoted.h"
#include "lachanctl/report_file.h"
#include "lachanctl/report_words.h"
#include "lachanctl/table.h"
#include "lachanctl/team.h"

#define USAGE                                                                                   \
	"reports [list [--all] | count | read ID | take ID | state ID STATE | close ID | "      \
	"reply ID [TEXT] | share ID | sheet ID FILE | export ID FILE | erase ID | quick [ID]] " \
	"[--reason TEXT] [--user NAME]"

enum {
	REPLY_MAX_BYTES = 4000,
	NAMES_BYTES = 256
};

static const char *text(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value != NULL ? value : "";
}

static long long number(const json_t *object, const char *key)
{
	return (long long)json_integer_value(json_object_get(object, key));
}

/* ---- numbers, for everybody ---- */

static void warn_few(long long counsellors)
{
	if (counsellors == 1)
		puts(_(
		    "Only one counsellor can read reports. Two are wanted: when one is away or "
		    "loses the password, a child still finds somebody (lachanctl user add)."));
	else if (counsellors == 0)
		puts(_("No counsellor has an account, so the form for reports is not shown "
		       "(lachanctl user add NAME counsellor)."));
}

static enum ctl_status count(struct ctl *c)
{
	json_t *reply;
	enum ctl_status status = ctl_ask(c, c->desk_path, "reports-count", NULL, &reply);

	if (status != CTL_DONE)
		return status;
	if (c->json)
		return ctl_print_json(reply);
	printf(_("new: %lld, in good hands: %lld, handed on: %lld, closed: %lld\n"),
	    number(reply, "new"), number(reply, "taken"), number(reply, "referred"),
	    number(reply, "closed"));
	if (number(reply, "damaged") > 0)
		printf(_("%lld files of cases cannot be read; they were left alone.\n"),
		    number(reply, "damaged"));
	warn_few(number(reply, "counsellors"));
	json_decref(reply);
	return CTL_DONE;
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

static enum ctl_status list(struct team *team)
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
		warn_few((long long)json_array_size(team->members));
	}
	table_free(t);
	json_decref(cases);
	return status;
}

/* ---- one case ---- */

static enum ctl_status read_id(const struct ctl *c, json_t **arguments)
{
	uint64_t id;

	if (c->argc < 2 || !slice_to_u64(slice_of(c->argv[1]), UINT32_MAX, &id) || id == 0)
		return ctl_usage(c, USAGE);
	*arguments = json_pack("{s:I}", "id", (json_int_t)id);
	if (c->reason != NULL)
		(void)json_object_set_new(*arguments, "reason", json_string(c->reason));
	return CTL_DONE;
}

/* The case of argv[1] for some use; *reply is the caller's. */
static enum ctl_status get(struct team *team, const char *use, json_t **reply)
{
	json_t *arguments = NULL;
	enum ctl_status status = read_id(team->ctl, &arguments);

	if (status != CTL_DONE)
		return status;
	(void)json_object_set_new(arguments, "for", json_string(use));
	return team_ask(team, "report-get", arguments, reply);
}

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

static enum ctl_status not_for_you(const struct ctl *c, uint32_t id)
{
	return ctl_fail(c, CTL_FAILED,
	    _("case %u does not open with your key: it came before your account, or was altered "
	      "(another counsellor: lachanctl reports share %u)"),
	    (unsigned)id, (unsigned)id);
}

static enum ctl_status say_opened(
    struct team *team, const json_t *object, const struct team_case *one)
{
	json_t *readers = team_readers(team, object);
	enum ctl_status status = CTL_DONE;

	if (!one->readable) {
		status = not_for_you(team->ctl, one->id);
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

static enum ctl_status read_case(struct team *team)
{
	struct team_case one;
	json_t *object;
	enum ctl_status status = get(team, "read", &object);

	if (status != CTL_DONE)
		return status;
	team_open(team, object, &one);
	status = say_opened(team, object, &one);
	team_case_deinit(&one);
	json_decref(object);
	return status;
}

/* The sheet, or the whole case, as a file of the person's own. */
static enum ctl_status to_file(struct team *team, const char *use)
{
	struct ctl *c = team->ctl;
	struct team_case one;
	json_t *object;

	enum ctl_status status = report_file_may_be(c, c->argv[2]);
	if (status == CTL_DONE)
		status = get(team, use, &object);
	if (status != CTL_DONE)
		return status;
	team_open(team, object, &one);
	if (!one.readable)
		status = not_for_you(c, one.id);
	else if (strcmp(use, "sheet") == 0)
		status = report_file_sheet(team, &one, c->argv[2]);
	else
		status = report_file_export(team, &one, c->argv[2]);
	team_case_deinit(&one);
	json_decref(object);
	return status;
}

/* ---- changing ---- */

static enum ctl_status said(const struct ctl *c, json_t *reply, const char *sentence)
{
	if (c->json)
		return ctl_print_json(reply);
	json_decref(reply);
	puts(sentence);
	return CTL_DONE;
}

static enum ctl_status set_state(struct team *team, const char *state)
{
	json_t *arguments = NULL, *reply;
	enum ctl_status status = read_id(team->ctl, &arguments);

	if (status != CTL_DONE)
		return status;
	(void)json_object_set_new(arguments, "state", json_string(state));
	status = team_ask(team, "report-state", arguments, &reply);
	return status == CTL_DONE ? said(team->ctl, reply, _("Noted.")) : status;
}

/* Words that are no argument stay out of the shell's history and of `ps`. */
static enum ctl_status read_reply(const struct ctl *c, struct buf *out)
{
	char bytes[512];
	size_t n;

	if (c->argc == 3) {
		buf_text(out, c->argv[2]);
	} else {
		if (isatty(STDIN_FILENO) == 1)
			fprintf(stderr, "%s\n",
			    _("Your reply; end it with Ctrl-D on a line of its own:"));
		while ((n = fread(bytes, 1, sizeof bytes, stdin)) > 0)
			buf_append(out, (struct slice){(const uint8_t *)bytes, n});
	}
	while (out->len > 0 && out->ptr[out->len - 1] == '\n')
		out->len--;
	if (buf_status(out) != OK)
		return ctl_fail(c, CTL_FAILED, "%s", _("the reply is too long"));
	if (out->len == 0)
		return ctl_fail(
		    c, CTL_FAILED, "%s", _("the reply is empty; nothing was sent"));
	return CTL_DONE;
}

/* Sends what `sealed` holds (taken; NULL: said already) by `command`. */
static enum ctl_status send_sealed(
    struct team *team, const char *command, json_t *sealed, const char *sentence)
{
	json_t *reply;

	if (sealed == NULL)
		return CTL_FAILED;
	enum ctl_status status = team_ask(team, command, sealed, &reply);
	return status == CTL_DONE ? said(team->ctl, reply, sentence) : status;
}

static enum ctl_status reply_to(struct team *team)
{
	struct buf words = BUF_INIT(REPLY_MAX_BYTES);
	json_t *object;
	enum ctl_status status = read_reply(team->ctl, &words);

	if (status == CTL_DONE)
		status = get(team, "reply", &object);
	if (status == CTL_DONE) {
		status = send_sealed(team, "report-reply",
		    team_seal_reply(team, object, buf_cstr(&words)),
		    _("Sent. The pupil reads it with the follow-up code, and sees the last reply "
		      "only."));
		json_decref(object);
	}
	buf_deinit(&words);
	return status;
}

static enum ctl_status share(struct team *team)
{
	size_t added = 0;
	json_t *object;
	enum ctl_status status = get(team, "share", &object);

	if (status != CTL_DONE)
		return status;
	json_t *sealed = team_share(team, object, &added);
	json_decref(object);
	if (sealed != NULL && added == 0) {
		json_decref(sealed);
		return said(team->ctl, json_object(),
		    _("Every counsellor can read this case already."));
	}
	return send_sealed(team, "report-share", sealed,
	    _("Every counsellor who has an account now can read this case."));
}

static enum ctl_status erase(struct team *team)
{
	json_t *arguments = NULL, *reply;
	enum ctl_status status = read_id(team->ctl, &arguments);

	if (status == CTL_DONE)
		status = team_ask(team, "report-erase", arguments, &reply);
	return status == CTL_DONE
	    ? said(team->ctl, reply, _("Erased. The record says that it was, and why."))
	    : status;
}

/* ---- quick reports ---- */

static enum ctl_status quick_show(struct ctl *c)
{
	json_t *reply;
	enum ctl_status status = ctl_ask(
	    c, c->desk_path, "quick-show", json_pack("{s:s}", "id", c->argv[1]), &reply);

	if (status != CTL_DONE)
		return status;
	if (c->json)
		return ctl_print_json(reply);
	quoted_print_text(stdout, "", text(reply, "document"));
	json_decref(reply);
	return CTL_DONE;
}

static enum ctl_status quick_list(struct ctl *c)
{
	struct table *t = table_new(2);
	const json_t *one;
	json_t *reply;
	size_t i;
	enum ctl_status status = ctl_ask(c, c->desk_path, "quick-list", NULL, &reply);

	if (status == CTL_DONE && c->json) {
		table_free(t);
		return ctl_print_json(reply);
	}
	if (status == CTL_DONE) {
		json_array_foreach(json_object_get(reply, "files"), i, one)
		{
			char day[REPORT_DAY_BYTES];
			report_day_words(day, text(one, "date"));
			table_cell(t, "%s", day);
			table_cell(t, "%s", text(one, "id"));
		}
		if (i == 0)
			puts(_("No quick report waits."));
		table_print(t, 0, stdout);
		json_decref(reply);
	}
	table_free(t);
	return status;
}

/* ---- the command ---- */

struct verb {
	const char *word;
	int words; /* of the line, at least; one more only for reply */
	enum ctl_status (*run)(struct team *team);
};

static enum ctl_status take(struct team *team)
{
	return set_state(team, "taken");
}

static enum ctl_status close_case(struct team *team)
{
	return set_state(team, "closed");
}

static enum ctl_status state(struct team *team)
{
	return set_state(team, team->ctl->argv[2]);
}

static enum ctl_status sheet(struct team *team)
{
	return to_file(team, "sheet");
}

static enum ctl_status export(struct team *team) {
	return to_file(team, "export");
}

static const struct verb *find_verb(const struct ctl *c, const char *word)
{
	static const struct verb verbs[] = {{"list", 1, list}, {"read", 2, read_case},
	    {"take", 2, take}, {"state", 3, state}, {"close", 2, close_case},
	    {"reply", 2, reply_to}, {"share", 2, share}, {"sheet", 3, sheet},
	    {"export", 3, export}, {"erase", 2, erase}};

	for (size_t i = 0; i < COUNT_OF(verbs); i++) {
		bool one_more = verbs[i].run == reply_to && c->argc == 3;
		if (strcmp(word, verbs[i].word) == 0 &&
		    (c->argc == verbs[i].words || one_more || c->argc == 0))
			return &verbs[i];
	}
	return NULL;
}

enum ctl_status command_reports(struct ctl *c)
{
	const char *word = c->argc > 0 ? c->argv[0] : "list";
	const struct verb *verb = find_verb(c, word);
	struct team team;
	json_t *arguments = NULL;

	if (strcmp(word, "count") == 0 && c->argc == 1)
		return count(c);
	if (strcmp(word, "quick") == 0 && c->argc <= 2)
		return c->argc == 2 ? quick_show(c) : quick_list(c);
	if (verb == NULL)
		return ctl_usage(c, USAGE);
	/* Wrong usage is told before anybody types a password. */
	if (verb->words > 1 && read_id(c, &arguments) != CTL_DONE)
		return CTL_USAGE;
	json_decref(arguments);
	enum ctl_status status = team_begin(&team, c);
	if (status == CTL_DONE)
		status = verb->run(&team);
	team_end(&team);
	return status;
}
