/* reports: what pupils told the counselling team. Opened in this process, for a counsellor who
 * has signed in; everybody else gets numbers. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/words.h"
#include "lachanctl/quoted.h"
#include "lachanctl/report_file.h"
#include "lachanctl/report_show.h"
#include "lachanctl/report_words.h"
#include "lachanctl/table.h"
#include "lachanctl/team.h"

#define USAGE                                                                                   \
	"reports [list [--all] | count | read ID | take ID | state ID STATE | close ID | "      \
	"reply ID [TEXT] | share ID | sheet ID FILE | export ID FILE | erase ID | quick [ID]] " \
	"[--reason TEXT] [--user NAME]"

enum {
	REPLY_MAX_BYTES = 4000
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
	report_show_few(number(reply, "counsellors"));
	json_decref(reply);
	return CTL_DONE;
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

static enum ctl_status read_case(struct team *team)
{
	struct team_case one;
	json_t *object;
	enum ctl_status status = get(team, "read", &object);

	if (status != CTL_DONE)
		return status;
	team_open(team, object, &one);
	status = report_show_case(team, object, &one);
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
		status = report_show_locked(c, one.id);
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
	static const struct verb verbs[] = {{"list", 1, report_show_list},
	    {"read", 2, read_case}, {"take", 2, take}, {"state", 3, state},
	    {"close", 2, close_case}, {"reply", 2, reply_to}, {"share", 2, share},
	    {"sheet", 3, sheet}, {"export", 3, export}, {"erase", 2, erase}};

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
