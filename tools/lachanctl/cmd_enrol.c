/* enrol: the school joins a department's collector by the one file it was given. */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/words.h"
#include "kit/json_memory.h"
#include "kit/wall.h"
#include "lachanctl/enrol_files.h"
#include "lachanctl/helper.h"
#include "lachanctl/say.h"

enum {
	ANSWER_MAX_BYTES = 256 * 1024,
	DAY_BYTES = 16
};

struct joining {
	struct enrolment file;
	struct enrolment_answer answer;
	struct enrol_files files;
	struct sign_key key;
	char public[SIGN_PUBLIC_TEXT];
	bool again; /* the school was enrolled before: another key */
};

static void find_today(const struct ctl *c, char out[DAY_BYTES])
{
	time_t now = time(NULL);
	struct tm local;

	out[0] = 0;
	if (wall_is_trusted(c->config) && localtime_r(&now, &local) != NULL)
		(void)strftime(out, DAY_BYTES, "%Y-%m-%d", &local);
}

/* ---- asking ---- */

static char *question(const struct joining *j)
{
	json_t *root = json_pack("{s:s,s:s,s:s,s:s}", "url", j->file.url, "ca", j->file.ca,
	    "token", j->file.token, "public-key", j->public);
	char *text = root == NULL ? NULL : json_dumps(root, JSON_COMPACT);

	json_decref(root);
	return text;
}

static enum ctl_status ask(const struct ctl *c, struct joining *j)
{
	const char *const words[] = {"-c", c->config_path, "--enrol", NULL};
	struct buf printed = BUF_INIT(ANSWER_MAX_BYTES);
	struct diag why = {.text = ""};
	char *text = question(j);
	int how = 0;

	if (text == NULL)
		return ctl_fail(c, CTL_FAILED, "%s", _(err_text(ERR_MEMORY)));
	const struct helper_question what = {"lachan-share", words, slice_of(text)};
	enum ctl_status status = helper_ask(c, &what, &printed, &how);
	if (status == CTL_DONE &&
	    enrolment_take_answer(&j->answer, &j->file, buf_slice(&printed), &why) != OK)
		status = ctl_fail(c, CTL_FAILED, "%s", why.text);
	json_memory_free(text);
	if (printed.ptr != NULL)
		explicit_bzero(printed.ptr, printed.cap);
	buf_deinit(&printed);
	return status;
}

/* ---- results ---- */

/* Who did it, for the record that the filter keeps; a gateway that does not run has none. */
static void record(struct ctl *c, const struct joining *j)
{
	char detail[300], actor[32];

	(void)snprintf(actor, sizeof actor, "uid:%u", (unsigned)geteuid());
	(void)snprintf(detail, sizeof detail, "%s %s key %s", j->answer.unit,
	    j->answer.recipient, j->public);
	json_decref(ctl_peek_with(c->control_path, "audit",
	    json_pack(
	        "{s:s,s:s,s:s}", "action", "enrol", "actor", actor, "detail", detail)));
}

static void say(const struct joining *j)
{
	if (j->again)
		printf(_("The school %s has a new key.\n"), j->answer.unit);
	else
		printf(_("The school is enrolled as %s (%s).\n"), j->answer.unit,
		    j->answer.name);
	printf(_("Summaries go to %s: %s\n"), j->answer.recipient, j->answer.url);
	printf(_("Its public key, to compare with the department's:\n  %s\n"), j->public);
	printf("%s\n",
	    _("Take it into use: lachanctl reload (where the gateway does not run: at its next "
	      "start). Nothing leaves before an approver's first yes: lachanctl summary "
	      "preview, then lachanctl summary approve all."));
	if (j->answer.bundle_url[0] != 0)
		printf(_("The department publishes rules, too, at %s, signed by %s\n"),
		    j->answer.bundle_url, j->answer.bundle_key);
}

static enum ctl_status print(const struct joining *j)
{
	return ctl_print_json(json_pack("{s:s,s:s,s:s,s:s,s:b,s:s,s:s}", "unit",
	    j->answer.unit, "name", j->answer.name, "recipient", j->answer.recipient, "url",
	    j->answer.url, "again", j->again, "public_key", j->public, "overrides",
	    j->files.overrides));
}

/* ---- the order of things ---- */

/* Another unit's file in the wrong school is the one mistake that would mix two schools' counts. */
static enum ctl_status judge_unit(const struct ctl *c, struct joining *j)
{
	const char *unit = c->config->school.unit.text;

	j->again = unit[0] != 0;
	if (!j->again || strcmp(unit, j->file.unit) == 0)
		return CTL_DONE;
	return ctl_fail(c, CTL_FAILED,
	    _("this school is enrolled as %s already, and this file is for %s; nothing was "
	      "changed (is it the right file? If the school has a new id, remove school.unit "
	      "and share.recipients from the configuration first)"),
	    unit, j->file.unit);
}

static enum ctl_status join(struct ctl *c, struct joining *j)
{
	struct diag why = {.text = ""};

	enum err rc = enrol_files_open(&j->files, c, &j->file, &why);
	if (rc == OK)
		rc = enrol_files_key(&j->files, &j->key, &why);
	if (rc != OK)
		return ctl_fail(c, CTL_FAILED, "%s", why.text);
	j->again = j->again && !j->files.by_same_file;
	const struct sign_public public = sign_public_of(&j->key);
	sign_public_text(j->public, &public);
	enum ctl_status status = ask(c, j);
	if (status != CTL_DONE)
		return status;
	if (enrol_files_finish(&j->files, &j->file, &j->answer, &why) != OK)
		return ctl_fail(c, CTL_FAILED,
		    _("%s (mend that and run the same command again, nothing is lost)"),
		    why.text);
	return CTL_DONE;
}

enum ctl_status command_enrol(struct ctl *c)
{
	struct joining j = {.again = false};
	struct diag why = {.text = ""};
	char today[DAY_BYTES];

	if (c->argc != 1)
		return ctl_usage(c, "enrol FILE [--json]");
	if (c->config == NULL)
		return ctl_fail(c, CTL_USAGE, "%s", _("say which configuration: -c FILE"));
	find_today(c, today);
	if (enrolment_read(&j.file, c->argv[0], today, &why) != OK)
		return ctl_fail(c, CTL_FAILED, "%s", why.text);
	enum ctl_status status = judge_unit(c, &j);
	if (status == CTL_DONE)
		status = join(c, &j);
	if (status == CTL_DONE) {
		record(c, &j);
		if (c->json)
			(void)print(&j);
		else
			say(&j);
	}
	sign_key_wipe(&j.key);
	enrolment_answer_free(&j.answer);
	enrolment_free(&j.file);
	return status;
}
