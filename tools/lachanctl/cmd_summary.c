/* summary: what leaves the school, and who says yes to it. The stick is in summary_stick.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/words.h"
#include "lachanctl/ctl.h"
#include "lachanctl/say.h"
#include "lachanctl/sign_in.h"
#include "lachanctl/summary_stick.h"
#include "lachanctl/table.h"

enum {
	ID_LENGTH = 36,
	PREFIX_MIN = 4, /* letters of a report's id that a person has to type */
	STATE_BYTES = 400
};

static const char *text(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value != NULL ? value : "";
}

/* ---- preview ---- */

static enum ctl_status preview(struct ctl *c)
{
	json_t *reply;
	enum ctl_status status =
	    ctl_ask(c, c->control_path, "summary-preview", NULL, &reply);

	if (status != CTL_DONE)
		return status;
	if (c->json)
		return ctl_print_json(reply);
	(void)fputs(_("These are the bytes that would leave for today so far:\n"), stderr);
	puts(text(reply, "document"));
	json_decref(reply);
	return CTL_DONE;
}

/* ---- list ---- */

/* "so-gddt, cong-an" */
static void say_recipients(const json_t *file, char out[SAY_BYTES * 4])
{
	const json_t *one;
	size_t used = 0;
	size_t i;

	out[0] = '\0';
	json_array_foreach(json_object_get(file, "sent"), i, one)
	{
		int n = snprintf(out + used, SAY_BYTES * 4 - used, "%s%s",
		    i > 0 ? ", " : "", json_string_value(one));
		if (n < 0 || (size_t)n >= SAY_BYTES * 4 - used)
			return;
		used += (size_t)n;
	}
}

static void say_state(const json_t *file, char out[STATE_BYTES])
{
	const char *state = text(file, "state");
	const json_t *no = json_array_get(json_object_get(file, "refused"), 0);
	char sent[SAY_BYTES * 4];

	say_recipients(file, sent);
	if (strcmp(state, "refused") == 0)
		(void)snprintf(out, STATE_BYTES, _("refused by %s (%lld): %s"),
		    text(no, "recipient"),
		    (long long)json_integer_value(json_object_get(no, "status")),
		    text(no, "error"));
	else if (strcmp(state, "sent") == 0)
		(void)snprintf(out, STATE_BYTES, _("sent to %s"), sent);
	else if (strcmp(state, "held") == 0)
		(void)snprintf(out, STATE_BYTES, "%s", _("held"));
	else if (strcmp(state, "approval") == 0)
		(void)snprintf(out, STATE_BYTES, "%s", _("waits for an approver's yes"));
	else if (strcmp(state, "unsigned") == 0)
		(void)snprintf(out, STATE_BYTES, "%s", _("not signed yet"));
	else if (sent[0] != 0)
		(void)snprintf(out, STATE_BYTES, _("waiting; sent to %s"), sent);
	else
		(void)snprintf(out, STATE_BYTES, "%s", _("waiting"));
}

static const char *kind_words(const json_t *file)
{
	const char *kind = text(file, "kind");

	return strcmp(kind, "week") == 0 ? _("week")
	    : strcmp(kind, "quick") == 0 ? _("quick report")
	                                 : _("day");
}

static void say_files(const json_t *reply)
{
	const char *const heads[] = {
	    _("number"), _("what"), _("from"), _("size"), _("state")};
	struct table *t = table_new(COUNT_OF(heads));
	const json_t *one;
	size_t i;

	for (i = 0; i < COUNT_OF(heads); i++)
		table_cell(t, "%s", heads[i]);
	table_right(t, 3);
	json_array_foreach(json_object_get(reply, "files"), i, one)
	{
		char size[SAY_BYTES], day[SAY_BYTES], state[STATE_BYTES];
		say_size(size, (int64_t)json_integer_value(json_object_get(one, "bytes")));
		say_day(day, text(one, "begin"));
		say_state(one, state);
		table_cell(t, "%s", text(one, "id"));
		table_cell(t, "%s", kind_words(one));
		table_cell(t, "%s", day);
		table_cell(t, "%s", size);
		table_cell(t, "%s", state);
	}
	table_print(t, 0, stdout);
	table_free(t);
}

/* What somebody who never did this has to know. */
static void say_next(const json_t *reply)
{
	if (json_is_true(json_object_get(reply, "damaged")))
		puts(_("The record of approvals is damaged: nothing leaves."));
	else if (!json_is_true(json_object_get(reply, "first")) &&
	    strcmp(text(reply, "approve"), "never") != 0)
		puts(_(
		    "Nothing leaves before an approver has said yes: lachanctl summary show "
		    "NUMBER, then lachanctl summary approve NUMBER."));
}

/* Without a desk the filter knows the names of what waits, and no more. */
static enum ctl_status list_names(struct ctl *c)
{
	json_t *reply;
	const json_t *one;
	size_t i;
	enum ctl_status status = ctl_ask(c, c->control_path, "summary-list", NULL, &reply);

	if (status != CTL_DONE)
		return status;
	if (c->json)
		return ctl_print_json(reply);
	json_array_foreach(json_object_get(reply, "files"), i, one)
	    printf("%s  %s\n", text(one, "name"), _("waiting"));
	if (i == 0)
		puts(_("No summary is waiting."));
	json_decref(reply);
	return CTL_DONE;
}

static enum ctl_status list(struct ctl *c)
{
	json_t *reply;
	bool reached;
	enum ctl_status status = ctl_try(c, c->desk_path, "summary-files",
	    json_pack("{s:b}", "all", c->all ? 1 : 0), &reply, &reached);

	if (!reached)
		return list_names(c);
	if (status != CTL_DONE)
		return status;
	if (c->json)
		return ctl_print_json(reply);
	long long more = (long long)json_integer_value(json_object_get(reply, "more"));
	if (json_array_size(json_object_get(reply, "files")) == 0)
		puts(_("No summary is waiting."));
	else
		say_files(reply);
	if (more > 0)
		printf(_("%lld more do not fit here.\n"), more);
	say_next(reply);
	json_decref(reply);
	return CTL_DONE;
}

/* ---- one document ---- */

/* The id that begins with what was typed; "all" stays as it is. */
static enum ctl_status find_id(struct ctl *c, const char *typed, char out[ID_LENGTH + 1])
{
	size_t len = strlen(typed);
	json_t *reply;
	const json_t *one;
	size_t i, found = 0;

	if (len == ID_LENGTH || strcmp(typed, "all") == 0) {
		(void)snprintf(out, ID_LENGTH + 1, "%s", typed);
		return CTL_DONE;
	}
	enum ctl_status status =
	    ctl_ask(c, c->desk_path, "summary-files", json_pack("{s:b}", "all", 1), &reply);
	if (status != CTL_DONE)
		return status;
	json_array_foreach(json_object_get(reply, "files"), i, one)
	{
		if (len < PREFIX_MIN || strncmp(text(one, "id"), typed, len) != 0)
			continue;
		(void)snprintf(out, ID_LENGTH + 1, "%s", text(one, "id"));
		found++;
	}
	json_decref(reply);
	if (found == 1)
		return CTL_DONE;
	return ctl_fail(c, CTL_FAILED,
	    found == 0 ? _("%s: no summary of this number (see lachanctl summary list)")
	               : _("%s: more than one summary begins like this"),
	    typed);
}

static enum ctl_status show(struct ctl *c)
{
	char id[ID_LENGTH + 1];
	json_t *reply;

	enum ctl_status status = find_id(c, c->argv[1], id);
	if (status == CTL_DONE)
		status = ctl_ask(
		    c, c->desk_path, "summary-show", json_pack("{s:s}", "id", id), &reply);
	if (status != CTL_DONE)
		return status;
	if (c->json)
		return ctl_print_json(reply);
	puts(text(reply, "document"));
	json_decref(reply);
	return CTL_DONE;
}

static void say_approved(const json_t *reply)
{
	size_t count = json_array_size(json_object_get(reply, "approved"));

	printf(_("Approved: %zu.\n"), count);
	if (json_is_true(json_object_get(reply, "first")))
		puts(_(
		    "This was the first yes. Where share.approve is \"first\", summaries "
		    "leave from now on without being asked about; hold one with lachanctl "
		    "summary hold NUMBER."));
}

/* `command` is the desk's. */
static enum ctl_status say_word(struct ctl *c, const char *command)
{
	char id[ID_LENGTH + 1];
	json_t *reply;

	enum ctl_status status = find_id(c, c->argv[1], id);
	if (status != CTL_DONE)
		return status;
	json_t *arguments = json_pack("{s:s}", "id", id);
	status = sign_in(c, arguments);
	if (status != CTL_DONE) {
		json_decref(arguments);
		return status;
	}
	status = ctl_ask(c, c->desk_path, command, arguments, &reply);
	if (status != CTL_DONE)
		return status;
	if (c->json)
		return ctl_print_json(reply);
	if (json_object_get(reply, "approved") != NULL)
		say_approved(reply);
	else if (strcmp(command, "summary-hold") == 0)
		printf(_("%s is held: it leaves for nobody until it is released.\n"), id);
	else
		printf(_("%s is not held any more.\n"), id);
	json_decref(reply);
	return CTL_DONE;
}

/* ---- the command ---- */

static const struct {
	const char *word;
	int argc;
	enum ctl_status (*run)(struct ctl *c);
	const char *command; /* of the desk, for say_word() */
} words[] = {
    {"preview", 1, preview, NULL},
    {"list", 1, list, NULL},
    {"show", 2, show, NULL},
    {"approve", 2, NULL, "summary-approve"},
    {"hold", 2, NULL, "summary-hold"},
    {"release", 2, NULL, "summary-release"},
    {"export", 2, summary_export, NULL},
    {"import", 2, summary_import, NULL},
    {"import", 3, summary_import, NULL},
};

enum ctl_status command_summary(struct ctl *c)
{
	for (size_t i = 0; i < COUNT_OF(words); i++) {
		if (c->argc != words[i].argc || strcmp(c->argv[0], words[i].word) != 0)
			continue;
		return words[i].run != NULL ? words[i].run(c)
		                            : say_word(c, words[i].command);
	}
	return ctl_usage(c,
	    "summary preview | list [--all] | show ID | approve ID|all | hold ID | release ID | "
	    "export DIR | import DIR [RECIPIENT] [--user NAME] [--json]");
}
